"""The OpenAPI document (3.1) of the API, whole."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from fastapi import FastAPI

from archive.web.api.problems import Problem
from archive.web.guard.paths import needed, path_of

TITLE = "Pressmark"

_ABOUT = """\
Snapshots of news, their text, and where each byte of them is kept.

Times are given as 4 to 14 digits (`2026`, `20261122093000`) or as ISO 8601 dates, in UTC; an end
that is not complete includes the whole year, month or day. Lists come in pages: `next` is the
address of the page that follows, or null; the header `Link` has it too, as `rel="next"`.
Every error is a problem (RFC 9457).
"""

_BEARER = {
    "type": "http",
    "scheme": "bearer",
    "description": "A token of `pressmark token create` with the scope that an operation names: "
    "`read`, `save`, or `admin`, each of which has the ones before it. Reading and saving need "
    "none where the server says so, as it does on loopback.",
}


class DescribedAPI(FastAPI):
    """Adds to FastAPI's description what stands in no signature."""

    def __init__(self, prefix: str, **settings: Any) -> None:
        super().__init__(
            title=TITLE,
            version=version("pressmark"),
            description=_ABOUT,
            servers=[{"url": prefix}],
            generate_unique_id_function=lambda route: route.name,
            **settings,
        )
        self._prefix = prefix

    def openapi(self) -> dict[str, Any]:
        """The document; the same object each time."""
        if not self.openapi_schema:
            document = super().openapi()
            components = document.setdefault("components", {})
            problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
            schemas = components.setdefault("schemas", {})
            schemas.update(problem.pop("$defs"))
            schemas[Problem.__name__] = problem
            components.setdefault("securitySchemes", {})["bearer"] = _BEARER
            self._secure(document)
        return super().openapi()

    def _secure(self, document: dict[str, Any]) -> None:
        """Say of each operation which scope it needs, and whether it can be open."""
        for path, operations in document["paths"].items():
            for method, operation in operations.items():
                scope = needed(path_of(f"{self._prefix}{path}"), method.upper())
                tokens = [{"bearer": [scope]}] if scope else []
                operation["security"] = tokens if scope == "admin" else [*tokens, {}]
