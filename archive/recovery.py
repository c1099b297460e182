"""What dead processes left in the spool: cut to what is whole, sealed, indexed, handed to upload.

The database is not asked. An open WARC ends where its first member is not whole, or before an
exchange whose mate is missing; everything before that is kept, acknowledged or not.
"""

from __future__ import annotations

import contextlib
import logging
import os
import socket
from collections.abc import Sequence
from pathlib import Path

from archive.appending import OPEN
from archive.cdxj import CdxjError
from archive.contents import read_cdxj, read_contents, read_documents
from archive.digests import sha256_file
from archive.errors import KeyInvalid, RecordError, SegmentUnknown
from archive.files import sync_folder
from archive.index import Index
from archive.model import Capture, Segment
from archive.names import sibling, source_of
from archive.segment import write_side_files
from archive.spool import Spool
from archive.text_run import write_run_manifest
from archive.upload import Uploader
from archive.warc.gzip import members

logger = logging.getLogger(__name__)


def adopt(home: Path, index: Index, uploader: Uploader) -> list[Spool]:
    """Recover every abandoned spool; close the returned ones when the uploads are over.

    A file that makes no sense stays where it is, with a warning. Raises OSError, IndexFailure.
    """
    spools = list(Spool.abandoned(home))
    try:
        for spool in spools:
            _adopt(spool, index, uploader)
    except BaseException:
        for spool in spools:
            spool.close()
        raise
    return spools


def _adopt(spool: Spool, index: Index, uploader: Uploader) -> None:
    for path in spool.files("*.part"):
        path.unlink()
    _sweep(spool)
    for pattern, seal, take_over in (
        ("*.warc.gz", _seal_segment, _take_over_segment),
        ("*.jsonl.gz", _seal_run, _take_over_run),
    ):
        for path in spool.files(f"{pattern}{OPEN}"):
            seal(path)
        for path in spool.files(pattern):
            try:
                take_over(path, index)
            except (RecordError, CdxjError, KeyInvalid) as error:
                logger.warning("%s stays in the spool: %s", path, error)
            else:
                uploader.submit(path, adopted=True)


def _sweep(spool: Spool) -> None:
    """Remove side files whose WARC or text is gone: of an upload, that is removed first."""
    for path in (*spool.files("*.cdxj.gz"), *spool.files("*.jsonl")):
        with contextlib.suppress(KeyInvalid):
            uploaded = (sibling(path.name, "warc.gz"), sibling(path.name, "jsonl.gz"))
            if not any(path.with_name(name).exists() for name in uploaded):
                path.unlink()


def _seal_segment(path: Path) -> None:
    contents = read_contents(path, path.name.removesuffix(OPEN))
    if contents.damage is not None:
        logger.info("%s is cut to %d bytes: %s", path, contents.end, contents.damage)
    if contents.captures:
        _cut_and_rename(path, contents.end)
    else:
        path.unlink()


def _take_over_segment(path: Path, index: Index) -> None:
    captures = _captures(path)
    index.add_segment(
        Segment(
            filename=path.name,
            source=source_of(path.name),
            state="spooled",
            node=socket.gethostname(),
            path=str(path.parent),
        )
    )
    index.commit(captures)


def _captures(path: Path) -> Sequence[Capture]:
    """Captures of a sealed WARC; its side files are written where they are not both there."""
    cdxj = path.with_name(sibling(path.name, "cdxj.gz"))
    if cdxj.exists() and path.with_name(sibling(path.name, "jsonl")).exists():
        return read_cdxj(cdxj)
    contents = read_contents(path, path.name)
    if contents.damage is not None:
        # It was whole when it got its name: not to be passed off as what was written.
        raise RecordError(contents.damage)
    write_side_files(path, sha256_file(path), contents.captures, contents.entries)
    return contents.captures


def _seal_run(path: Path) -> None:
    end = 0
    try:
        for offset, length, _ in members(path):
            end = offset + length
    except RecordError:
        pass  # the cut below is what this is about
    if end:
        _cut_and_rename(path, end)
    else:
        path.unlink()


def _take_over_run(path: Path, index: Index) -> None:
    documents = list(read_documents(path))
    if not path.with_name(sibling(path.name, "jsonl")).exists():
        write_run_manifest(path, sha256_file(path))
    # A segment that the index has lost: rebuild-index finds it and this run in the store.
    with contextlib.suppress(SegmentUnknown):
        index.commit([], documents)


def _cut_and_rename(path: Path, end: int) -> None:
    with path.open("r+b") as file:
        file.truncate(end)
        os.fsync(file.fileno())
    path.rename(path.with_name(path.name.removesuffix(OPEN)))
    sync_folder(path.parent)
