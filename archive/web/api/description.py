"""The OpenAPI document (3.1) of the API, whole."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from fastapi import FastAPI

from archive.web.api.problems import Problem

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
    "description": "A token of `pressmark token create`. Whether reading needs one is a setting.",
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
            document["security"] = [{}, {"bearer": []}]
        return super().openapi()
