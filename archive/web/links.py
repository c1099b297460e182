"""URLs of ours for a URL of theirs, and the Link header (RFC 8288) that relates them (RFC 7089)."""

from __future__ import annotations

from email.utils import format_datetime
from functools import lru_cache
from urllib.parse import quote

from archive.index import Neighbours
from archive.timestamps import datetime_or_none, to_datetime
from archive.web.targets import PRINTABLE

LINK_FORMAT = "application/link-format"

_STRIPPED = str.maketrans("", "", "\t\r\n")


@lru_cache(4096)
def http_date(timestamp: str) -> str:
    """`Sun, 22 Nov 2026 09:30:00 GMT`; of a day that there is not, as other tools wrote some, the
    first of its year."""
    moment = datetime_or_none(timestamp)
    if moment is None:
        moment = to_datetime(f"{max('0001', timestamp[:4])}0101000000")
    return format_datetime(moment, usegmt=True)


def sent(url: str) -> str:
    """A URL as headers can hold it, of the same key: files of others have URLs of any characters.

    As in browsers (URL Standard, 4.4) tabs and line ends are dropped, the rest is escaped.
    """
    if url.isascii() and url.isprintable() and " " not in url:
        return url
    return quote(url.translate(_STRIPPED), safe=PRINTABLE, errors="replace")


def timegate(base: str, url: str) -> str:
    """Where one asks for a time by Accept-Datetime."""
    return f"{base}/web/{sent(url)}"


def timemap(base: str, url: str, form: str = "link") -> str:
    """Where all captures are listed."""
    return f"{base}/web/timemap/{form}/{sent(url)}"


def memento(base: str, url: str, timestamp: str, modifier: str = "") -> str:
    """Where one capture is shown."""
    return f"{base}/web/{timestamp}{modifier}/{sent(url)}"


def view(url: str, timestamp: str) -> str:
    """Path of a capture at the replay's origin."""
    return f"/view/{timestamp}/{sent(url)}"


def captures_page(url: str) -> str:
    """Path of the page of all captures."""
    return f"/captures?url={quote(url, safe='')}"


def document_page(url: str, timestamp: str) -> str:
    """Path of the page of a capture's clean text."""
    return f"/document?url={quote(url, safe='')}&at={timestamp}"


def link(target: str, relation: str, **parameters: str) -> str:
    """One link-value. A target comes from strangers: what could end it is escaped."""
    safe = sent(target).replace(">", "%3E").replace("<", "%3C").replace('"', "%22")
    more = "".join(f'; {name}="{value}"' for name, value in parameters.items())
    return f'<{safe}>; rel="{relation}"{more}'


def link_header(
    base: str, url: str, neighbours: Neighbours, current: str | None = None, modifier: str = ""
) -> str:
    """Original, timegate, timemap, and the mementos at the ends and on both sides.

    `current`: time of the memento that is answered with; None: of none.
    """
    relations: dict[str, list[str]] = {}
    for name, timestamp in (
        ("first", neighbours.first),
        ("prev", neighbours.previous),
        ("memento" if current else "", current),
        ("next", neighbours.next),
        ("last", neighbours.last),
    ):
        if timestamp and name:
            relations.setdefault(timestamp, []).append(name)
    links = [
        link(url, "original"),
        link(timegate(base, url), "timegate"),
        link(timemap(base, url), "timemap", type=LINK_FORMAT),
    ]
    for timestamp in sorted(relations):
        names = " ".join([*(n for n in relations[timestamp] if n != "memento"), "memento"])
        target = memento(base, url, timestamp, modifier)
        links.append(link(target, names, datetime=http_date(timestamp)))
    return ", ".join(links)
