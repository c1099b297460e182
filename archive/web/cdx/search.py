"""From a request to the lines that answer it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from operator import attrgetter

from archive.errors import ParameterError
from archive.index import CapturePlace, CaptureQuery
from archive.index.lookup import seconds
from archive.model import Capture
from archive.view import View
from archive.web.cdx.lines import Found
from archive.web.cdx.parameters import CdxRequest
from archive.web.cdx.stages import (
    Histories,
    behind,
    collapsed,
    collapsed_back,
    counted,
    filtered,
    first_of_reversed,
    last_of,
)

_LAST_SECOND = 10**14 - 1
_AT_ONCE = 50
"""Blocks that are cut before others have the thread."""


def search(view: View, request: CdxRequest) -> Iterator[Found]:
    """Lines in the order that is asked for; a positive limit is left to the reader.

    Raises ParameterError for a page that there is not.
    """
    about = _part(view, request)
    counts = request.count_skipped or request.last_skipped
    # From the end, unless it has to be known what lies behind each line.
    from_end = request.limit is not None and request.limit < 0 and request.order == "regular"
    backwards = from_end and not counts
    whole = request.dialect.fields
    found = filtered(_ordered(view, request, about, backwards), request.filters, whole)
    for collapse in request.collapse:
        found = collapsed_back(found, collapse) if backwards else collapsed(found, collapse)
    if counts:
        found = counted(found)
    # Who resumes has had the offset already.
    offset = 0 if request.resume else request.offset
    if request.limit is not None and request.limit < 0:
        most = -request.limit
        found = (first_of_reversed if backwards else last_of)(found, offset, most)
    elif offset:
        found = behind(found, offset)
    if request.count_duplicates or request.resolve_revisits:
        found = Histories(view).told(
            found, duplicates=request.count_duplicates, originals=request.resolve_revisits
        )
    return found


def cut(view: View, request: CdxRequest) -> Iterator[int]:
    """See to it that it is known where the blocks begin that the request needs. How many are known
    so far, again and again: in between others can have the thread."""
    most = None
    if request.page is not None and not request.number_of_pages:
        most = (request.page + 1) * request.page_size + 1
    known = 0
    while most is None or known < most:
        wanted = known + _AT_ONCE if most is None else min(most, known + _AT_ONCE)
        known = view.count_blocks(request.about, wanted)
        yield known
        if known < wanted:
            return


def blocks_of(view: View, request: CdxRequest, known: int) -> Iterator[tuple[int, CapturePlace]]:
    """Numbers and places of the blocks of the page, or of all that are known."""
    if request.page is None:
        return enumerate(view.blocks(request.about, 0, known))
    first, begins = _page(view, request)
    return enumerate(begins[: request.page_size], first)


def _page(view: View, request: CdxRequest) -> tuple[int, Sequence[CapturePlace]]:
    """Number of its first block, and where its blocks begin and the one behind them."""
    page = request.page or 0
    first = page * request.page_size
    begins = view.blocks(request.about, first, request.page_size + 1)
    if not begins:
        raise ParameterError(
            f"page={page} is behind the last one: pages are numbered from 0, and showNumPages=true "
            "tells how many there are"
        )
    return first, begins


def _part(view: View, request: CdxRequest) -> CaptureQuery:
    """What of the captures is asked for: a page, or what follows a resume key."""
    after: CapturePlace | None = None
    before: CapturePlace | None = None
    if request.page is not None:
        first, begins = _page(view, request)
        # The first page has also what came in before the first block since.
        after = begins[0] if first else None
        before = begins[request.page_size] if len(begins) > request.page_size else None
    if request.resume is not None and request.order != "closest":
        key, timestamp, filename, offset = request.resume
        if request.order == "reverse":
            resumed = key, timestamp, filename, offset + 1
            before = resumed if before is None else min(before, resumed)
        else:
            resumed = key, timestamp, filename, offset - 1
            after = resumed if after is None else max(after, resumed)
    if after is None and before is None:
        return request.about
    return replace(request.about, after=after, before=before)


def _ordered(
    view: View, request: CdxRequest, about: CaptureQuery, backwards: bool
) -> Iterator[Capture]:
    if request.order == "closest" and request.closest is not None:
        return _by_distance(view, about, int(request.closest))
    if backwards or request.order == "reverse":
        return view.captures(replace(about, reverse=True))
    return view.captures(about)


def _by_distance(view: View, about: CaptureQuery, at: int) -> Iterator[Capture]:
    """Captures by their distance from a time, of two as near the earlier one first; both ways from
    there, so that no more is read than is wanted."""
    start = max(int(about.start or 0), at)
    end = min(int(about.end or _LAST_SECOND), at - 1)
    later = view.captures(replace(about, start=f"{start:014d}"))
    earlier = _forward_within_seconds(
        view.captures(replace(about, end=f"{max(0, end):014d}", reverse=True))
    )
    wanted = seconds(at)
    one, other = next(earlier, None), next(later, None)
    while one is not None or other is not None:
        if other is None or (
            one is not None
            and wanted - seconds(int(one.timestamp)) <= seconds(int(other.timestamp)) - wanted
        ):
            assert one is not None
            yield one
            one = next(earlier, None)
        else:
            yield other
            other = next(later, None)


def _forward_within_seconds(backwards: Iterator[Capture]) -> Iterator[Capture]:
    """Captures of the same time in the order that they always have."""
    for _, same in groupby(backwards, key=attrgetter("timestamp")):
        yield from reversed(list(same))
