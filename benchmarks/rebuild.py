"""rebuild-index at size: generated side files in a local store, read into a new index."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

from archive.cdxj import to_line
from archive.digests import sha256_hex
from archive.model import Capture
from archive.names import key_of, sibling
from archive.rebuild import rebuild as rebuild_index
from archive.store.local import LocalStore
from archive.warc.gzip import member
from benchmarks import rows
from benchmarks.ratio import Ratio

_SECONDS_A_ROW = 4 * 60 / 5_000_000


def rebuild(captures: int) -> list[Ratio]:
    """A new index of so many captures, on SQLite."""
    with tempfile.TemporaryDirectory(prefix="press-bench-") as name:
        folder = Path(name)
        for filename, group in groupby(rows.captures(captures), key=lambda one: one.filename):
            _write(folder / "collection", filename, list(group))
        store, url = LocalStore(folder / "collection"), f"sqlite:///{folder}/index.db"
        began, busy = time.perf_counter(), time.process_time()
        unread = rebuild_index(store, url, home=folder)
        seconds, busy = time.perf_counter() - began, time.process_time() - busy
        assert not unread, unread[0]
        size = (folder / "index.db").stat().st_size
    rate = f"{captures / seconds:.0f} a second, {busy:.0f} s CPU"
    detail = f"{captures} captures, {rate}, {size >> 20} MiB"
    most = captures * _SECONDS_A_ROW
    return [Ratio("rebuild from side files, seconds", seconds, most, most=True, detail=detail)]


def _write(folder: Path, filename: str, captures: Sequence[Capture]) -> None:
    """A segment's objects; nobody reads the WARC, whose CDXJ is what the manifest names."""
    cdxj = b"".join(member(sorted(f"{to_line(one)}\n".encode() for one in captures)))
    objects = {filename: b"", sibling(filename, "cdxj.gz"): cdxj}
    lines = [
        {"object": name, "size": len(data), "sha256": sha256_hex([data])}
        for name, data in objects.items()
    ]
    records = [
        {"record": one.record_id, "type": "response", "offset": one.offset, "length": one.length}
        for one in captures
    ]
    manifest = "".join(f"{json.dumps(line)}\n" for line in [*lines, *records]).encode()
    for name, data in {**objects, sibling(filename, "jsonl"): manifest}.items():
        path = folder / key_of(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
