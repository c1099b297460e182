"""`status`: how things stand, at a glance."""

from __future__ import annotations

from collections.abc import Iterator

import click

from archive.names import IMPORTED
from config.quantities import show_count, show_size
from crawler.cli.elsewhere import load_of_existing
from crawler.cli.exits import UNAVAILABLE
from crawler.cli.options import as_json
from crawler.cli.output import print_json, show_moment, table
from crawler.overview import IndexStatus, MirrorStatus, SourceStatus, Status
from crawler.status import status_of

_PAUSE = "; no room: crawls pause"


@click.command("status")
@as_json
def status(as_json: bool) -> int:
    """Show sources, spool, store and index: what was crawled last, and what waits for the store."""
    found = status_of(load_of_existing())
    if as_json:
        print_json(found.to_json())
    else:
        table(list(_rows(found)))
    return 0 if found.databases_answer else UNAVAILABLE


def _rows(found: Status) -> Iterator[tuple[str, str]]:
    for source in found.sources:
        yield f"source {source.name}", _of_source(source, found.index)
    held = f"{show_size(found.size)} of {show_size(found.max_bytes)}"
    files = show_count(found.waiting_files, "file waits", "files wait")
    files += f" for the store, {show_count(found.open_files, 'is', 'are')} open"
    yield "spool", f"{held}: {files}{_PAUSE if found.spool_is_full else ''}"
    if found.abandoned:
        what = (
            show_count(found.left_open_files, "open file") if found.left_open_files else "something"
        )
        yield (
            "ended processes",
            f"{found.abandoned} left {what}; the next `archive` or `crawl` takes that up",
        )
    full = _PAUSE if found.disk_is_full else ""
    yield "disk", f"{show_size(found.free)} free in {found.home}{full}"
    yield "store", f"{found.uri} answers" if found.store_error is None else found.store_error
    if found.state_error is not None:
        yield "state", found.state_error
    if found.mirror is not None:
        if found.state_error is not None and found.mirror.begun is None:
            yield "mirror", f"{found.mirror.uri}: only the state knows what waits for it"
        else:
            yield "mirror", _of_mirror(found.mirror)
    yield "lag", "none" if found.lag is None else f"{_duration(found.lag)}, the oldest that waits"
    yield from _of_index(found.index)


def _of_index(index: IndexStatus) -> Iterator[tuple[str, str]]:
    if index.unextracted:
        waits = f"{show_count(index.unextracted, 'page waits', 'pages wait')} for it"
        yield "text", f"{waits}; `pressmark doctor --repair` makes it"
    if index.error is not None:
        yield "index", index.error
    elif index.lost:
        yield "index", "no index yet, but files in the store: run `pressmark rebuild-index`"
    elif not index.exists:
        yield "index", "no index yet; the first capture makes it"
    else:
        files = show_count(index.segments or 0, "file")
        files += f", of which {show_count(index.spooled or 0, 'is', 'are')} not stored yet"
        captures = show_count(index.captures or 0, "capture")
        yield "index", f"{captures}, {show_count(index.documents or 0, 'document')} in {files}"
        if index.restrictions:
            number = show_count(index.restrictions, "restriction")
            yield "withheld", f"{number} in force: `pressmark restrict --list` names them"
        if index.missing:
            lacks = f"the store lacks {index.missing} of the files that it calls stored"
            yield "index", f"{lacks}: `pressmark doctor` says what to do"
        if index.partial:
            yield "index", "it lacks files that the store has: run `pressmark rebuild-index`"


def _of_source(source: SourceStatus, index: IndexStatus) -> str:
    if source.name == IMPORTED and not source.configured and source.last_crawl is not None:
        return f"the newest file that was imported is of {show_moment(source.last_crawl)}"
    if source.last_crawl is not None:
        words = [f"crawled {show_moment(source.last_crawl)}"]
        if source.last_begun is not None and source.last_begun > source.last_crawl:
            words.append(f"one begun {show_moment(source.last_begun)} has captured nothing")
    elif index.error is None and source.last_begun is not None:
        words = [f"begun {show_moment(source.last_begun)}, nothing was captured"]
    elif index.error is None:
        words = ["crawled never"]
    else:
        words = ["last crawl not known: the index does not answer"]
    if source.unfinished:
        words.append("a crawl goes on or was interrupted")
    if not source.configured:
        words.append("not among `sources`")
    return "; ".join(words)


def _of_mirror(mirror: MirrorStatus) -> str:
    waits = f"{show_count(mirror.waiting or 0, 'object waits', 'objects wait')} for it"
    if mirror.since is not None:
        waits += f" since {show_moment(mirror.since)}"
    if mirror.error is not None:
        return f"{mirror.error} ({waits})" if mirror.waiting else mirror.error
    if not mirror.begun:
        return f"{mirror.uri}: the next capture begins to fill it"
    return f"{mirror.uri}: {waits if mirror.waiting else 'has everything'}"


def _duration(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"
