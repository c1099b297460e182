"""A template and what it needs, as an answer."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from starlette.requests import Request
from starlette.responses import Response

from archive.web.authority import authority_of
from archive.web.pages import filters
from archive.web.pages.static import asset

POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; "
    "form-action 'self'; frame-ancestors 'self'; base-uri 'none'; connect-src 'self'"
)
"""Content-Security-Policy of a page: no script or style but those files of ours."""

HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    # Which captures somebody reads is nobody else's affair.
    "Referrer-Policy": "same-origin",
    "Cache-Control": "private, no-cache",
}


@lru_cache(1)
def environment() -> Environment:
    """The templates, with escaping of everything that they show; made once."""
    made = Environment(
        loader=PackageLoader("archive.web.pages"),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.globals["asset"] = asset
    made.filters.update(filters.FILTERS)
    return made


def render(
    request: Request,
    template: str,
    context: Mapping[str, Any] | None = None,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """A page of ours: `template` is a file in `templates/`, `context` what it shows.

    Every template has `path`, the path of the request, too; `signed_in`, the name of the token that
    is in use, and `may_sign_in`, where that would permit more. Escapes all values.
    """
    authority = authority_of(request.scope)
    frame = {
        "path": request.url.path,
        "signed_in": authority.token,
        # On a machine of one's own everybody may save.
        "may_sign_in": authority.token is None and not authority.may("save"),
    }
    text = environment().get_template(template).render({**frame, **(context or {})})
    all_headers = {**HEADERS, **(headers or {})}
    return Response(text, status, all_headers, media_type="text/html")
