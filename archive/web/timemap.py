"""TimeMap: all captures of a URL as a list (RFC 7089, 5); as link-format, JSON, or CDXJ."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from archive.cdxj import to_line
from archive.index import CaptureQuery
from archive.model import Capture
from archive.view import View
from archive.web.links import LINK_FORMAT, http_date, link, memento, timegate, timemap
from archive.web.refusals import Refusal, refuse
from archive.web.site import site_of
from archive.web.targets import repaired

_TYPES = {
    "link": LINK_FORMAT,
    "json": "application/json",
    "cdxj": "text/x-cdxj",
}
"""Forms and their media types; `json` as MemGator and OpenWayback have it, `cdxj` as pywb."""


async def timemap_response(request: Request, rest: str) -> Response:
    """Answer `<form>/<url>`, what stands behind `/web/timemap/`."""
    site = site_of(request.scope)
    form, slash, target = rest.partition("/")
    if form not in _TYPES:
        detail = f"TimeMaps come as {', '.join(_TYPES)}: /web/timemap/link/<url>"
        return refuse(request, Refusal(status=400 if slash else 404, detail=detail))
    listing = _Listing(site.view, site.base_url(request.scope), repaired(target))
    return await site.answer(lambda: listing.pieces(form), {"Content-Type": _TYPES[form]})


@dataclass(frozen=True, slots=True)
class _Listing:
    view: View
    base: str
    url: str

    def pieces(self, form: str) -> Iterator[bytes]:
        first, last = self.view.span(self.url)
        captures = self.view.captures(CaptureQuery(url=self.url))
        if form == "link":
            return self._links(first, last, captures)
        if form == "json":
            return self._json(first, last, captures)
        return (f"{to_line(capture)}\n".encode() for capture in captures)

    def _links(self, first: str, last: str, captures: Iterator[Capture]) -> Iterator[bytes]:
        yield link(self.url, "original").encode()
        own = timemap(self.base, self.url)
        dates = {"from": http_date(first), "until": http_date(last)}
        yield b",\n" + link(own, "self", type=LINK_FORMAT, **dates).encode()
        yield b",\n" + link(timegate(self.base, self.url), "timegate").encode()
        for capture in captures:
            at = capture.timestamp
            names = [name for name, end in (("first", first), ("last", last)) if at == end]
            target = memento(self.base, capture.url, at)
            line = link(target, " ".join([*names, "memento"]), datetime=http_date(at))
            yield b",\n" + line.encode()
        yield b"\n"

    def _json(self, first: str, last: str, captures: Iterator[Capture]) -> Iterator[bytes]:
        head = {
            "original_uri": self.url,
            "self": timemap(self.base, self.url, "json"),
            "timegate_uri": timegate(self.base, self.url),
            "timemap_uri": {
                f"{form}_format": timemap(self.base, self.url, form) for form in _TYPES
            },
        }
        yield json.dumps(head)[:-1].encode() + b', "mementos": {'
        for name, timestamp in (("first", first), ("last", last)):
            yield f'"{name}": {json.dumps(self._item(self.url, timestamp))}, '.encode()
        yield b'"list": ['
        before = b""
        for capture in captures:
            yield before + json.dumps(self._item(capture.url, capture.timestamp)).encode()
            before = b", "
        yield b"]}}\n"

    def _item(self, url: str, timestamp: str) -> dict[str, str]:
        return {"datetime": http_date(timestamp), "uri": memento(self.base, url, timestamp)}
