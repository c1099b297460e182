"""Where the exchange of a response is kept."""

from __future__ import annotations

from scrapy.http import Response

from archive.model import Capture


def capture_of(response: Response) -> Capture | None:
    """Where the exchange of this response is kept; None for an answer out of Scrapy's HTTP cache.

    `meta` is copied to the next request of a redirect, so only the handler's own word counts.
    """
    if "cached" in response.flags:
        return None
    capture = response.meta.get("capture")
    return capture if isinstance(capture, Capture) else None
