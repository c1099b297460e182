"""`status`: how things stand, at a glance."""

from __future__ import annotations

from collections.abc import Iterator

import click

from config.load import load
from config.quantities import show_size
from crawler.cli.options import as_json
from crawler.cli.output import print_json, show_moment, table
from crawler.status import MirrorStatus, SourceStatus, Status, status_of

_PAUSE = "; no room: crawls pause"


@click.command("status")
@as_json
def status(as_json: bool) -> None:
    """Show sources, spool, store and index: what was crawled last, and what waits for the store."""
    found = status_of(load())
    if as_json:
        print_json(found.to_json())
    else:
        table(list(_rows(found)))


def _rows(found: Status) -> Iterator[tuple[str, str]]:
    for source in found.sources:
        yield f"source {source.name}", _of_source(source)
    sealed = sum(spool.sealed for spool in found.spools)
    open_files = sum(spool.open for spool in found.spools)
    abandoned = sum(not spool.alive for spool in found.spools)
    held = f"{show_size(found.size)} of {show_size(found.max_bytes)}"
    full = _PAUSE if found.spool_is_full else ""
    yield "spool", f"{held}: {sealed} files wait for the store, {open_files} are open{full}"
    if abandoned:
        yield (
            "ended processes",
            f"{abandoned} left something; the next `archive` or `crawl` takes it up",
        )
    full = _PAUSE if found.disk_is_full else ""
    yield "disk", f"{show_size(found.free)} free in {found.home}{full}"
    yield "store", f"{found.uri} answers" if found.store_error is None else found.store_error
    if found.mirror is not None:
        yield "mirror", _of_mirror(found.mirror)
    yield "lag", "none" if found.lag is None else f"{_duration(found.lag)}, the oldest that waits"
    counts = found.counts
    files = f"{counts.segments} files, of which {found.spooled} are not stored yet"
    if counts.unextracted:
        waits = f"{counts.unextracted} pages wait for it"
        yield "text", f"{waits}; `pressmark doctor --repair` makes it"
    if found.lost_index:
        yield "index", "no index yet, but files in the store: run `pressmark rebuild-index`"
    elif not found.has_index:
        yield "index", "no index yet; the first capture makes it"
    else:
        yield "index", f"{counts.captures} captures, {counts.documents} documents in {files}"
        if found.partial_index:
            yield "index", "it lacks files that the store has: run `pressmark rebuild-index`"


def _of_source(source: SourceStatus) -> str:
    last = source.last_crawl
    when = show_moment(last) if last else "never"
    words = [f"crawled {when}"]
    if source.unfinished:
        words.append("a crawl goes on or was interrupted")
    if not source.configured:
        words.append("not among `sources`")
    return "; ".join(words)


def _of_mirror(mirror: MirrorStatus) -> str:
    waits = f"{mirror.waiting} objects wait for it"
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
