"""The form of answers: whether the client takes it (RFC 9110, 12.5.1)."""

from __future__ import annotations

from fastapi import Request
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from archive.web.api.problems import MEDIA_TYPE


def negotiate(request: Request) -> None:
    """Raises HTTPException 406 where `Accept` leaves no form."""
    accept = request.headers.get("accept")
    route = request.scope.get("route")
    if accept is None or not isinstance(route, APIRoute):
        return
    forms = _forms(route)
    ranges = [part.partition(";")[0].strip().lower() for part in accept.split(",")]
    if not any(_includes(wanted, form) for wanted in ranges for form in forms):
        raise HTTPException(406, f"this comes as {' or '.join(forms)}: name it in Accept")


def _forms(route: APIRoute) -> list[str]:
    documented = route.responses.get(200, {}).get("content", {})
    return sorted(documented) or ["application/json"]


def _includes(wanted: str, form: str) -> bool:
    kind = form.partition("/")[0]
    # Who asks for problems means this API.
    return wanted in ("", "*/*", f"{kind}/*", form, MEDIA_TYPE)
