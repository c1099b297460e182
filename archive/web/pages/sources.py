"""`/sources`: what is followed, and how each source has fared."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from archive.web.api.sources import Health, SourceModel, get_source, list_sources
from archive.web.pages.rendering import render

_MANY = 0.5
"""Share of failed captures from which a source is said to fail."""


def condition(source: SourceModel) -> tuple[str, str]:
    """What to say of the health of a source, and how grave it is: good, warn, bad, or ""."""
    health: Health = source.health
    if not health.captures:
        return "nothing captured yet", "warn" if source.following else ""
    share = health.errors / health.captures
    if health.newest_ok is None or share >= _MANY:
        return f"{health.errors} of the last {health.captures} failed", "bad"
    if health.errors:
        return f"{health.errors} of the last {health.captures} failed", "warn"
    return "sound", "good"


async def sources(request: Request) -> Response:
    """All of them."""
    found = (await list_sources(request)).sources
    rows = [(source, *condition(source)) for source in found]
    return render(request, "sources.html", {"rows": rows})


async def source(request: Request) -> Response:
    """One of them."""
    found = await get_source(request, request.path_params["name"])
    said, grave = condition(found)
    return render(request, "source.html", {"source": found, "said": said, "grave": grave})
