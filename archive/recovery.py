"""What dead processes left in the spool: cut to what is whole, sealed, indexed, handed to upload.

The database is not asked, and rows whose records are not there are taken out of it. An open WARC
ends where its first member is not whole, or before an exchange whose mate is missing; everything
before that is kept, acknowledged or not. Each step may be the last one: the next start does again
what was not done.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import shutil
import socket
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from archive.appending import OPEN
from archive.contents import Contents, documents_in, read_cdxj, read_contents
from archive.digests import sha256_file
from archive.errors import KeyInvalid, KeyMissing, RecordError, SegmentUnknown
from archive.files import sync_folder
from archive.index import Index
from archive.manifests import Line, parse_manifest
from archive.model import Capture, Segment
from archive.names import key_of, sibling, source_of
from archive.rescue import rescue
from archive.segment import write_side_files
from archive.spool import PART, Spool, open_path, sealed_name
from archive.store.base import Store
from archive.text_run import write_run_manifest
from archive.upload import Uploader
from archive.warc.gzip import packed_members

logger = logging.getLogger(__name__)

_PIECE = 1 << 20


@dataclass(slots=True, kw_only=True)
class Recovered:
    """What recovery found and did."""

    segments: int = 0  #: WARC files taken over, sealed before or now
    captures: int = 0
    documents: int = 0
    cut: int = 0  #: bytes of open files that were no whole exchange or document
    left: list[str] = field(default_factory=list)  #: files to be looked at, each with the reason
    lost: list[str] = field(default_factory=list)  #: segments in the index alone


def adopt(
    home: Path,
    index: Index,
    uploader: Uploader,
    report: Recovered | None = None,
    *,
    held: list[Spool] | None = None,
) -> list[Spool]:
    """Recover every abandoned spool; close the returned ones when the uploads are over.

    They are added to `held`, and returned. A file that makes no sense stays where it is, with a
    warning; `report` is filled. Raises OSError, IndexFailure: those in `held` are locked then, too,
    because of what the uploader has got already.
    """
    held = [] if held is None else held
    spools = []
    for spool in Spool.abandoned(home):
        held.append(spool)
        spools.append(spool)
    for spool in spools:
        take_over(spool, index, uploader, report or Recovered())
    return spools


def take_over(
    spool: Spool,
    index: Index,
    uploader: Uploader,
    report: Recovered,
    *,
    adopted: bool = True,
) -> None:
    """Seal, index and submit what lies in a spool that is ours. Raises OSError, IndexFailure.

    `adopted`: an earlier process left it.
    """
    for path in spool.files(f"*{PART}"):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
    _sweep(spool)
    read: dict[Path, Contents] = {}  # of what was sealed just now
    for path in spool.files(f"*.warc.gz{OPEN}"):
        with _left(path, report):
            read |= _seal_segment(path, index, report)
    for path in spool.files("*.warc.gz"):
        with _left(path, report):
            _take_over_segment(path, index, report, read.pop(path, None))
            uploader.submit(path, adopted=adopted)
    for path in spool.files(f"*.jsonl.gz{OPEN}"):
        with _left(path, report):
            _seal_run(path, report)
    for path in spool.files("*.jsonl.gz"):
        with _left(path, report):
            _take_over_run(path, index, report)
            uploader.submit(path, adopted=adopted)


def settle_uploaded(index: Index, store: Store) -> list[str]:
    """Mark stored what an index restored from a copy takes for spooled; what is in neither place.

    Raises StoreError, IndexFailure.
    """
    lost = []
    for segment in index.segments("spooled"):
        path = Path(segment.path or "") / segment.filename
        names = (path, open_path(path))
        if segment.node != socket.gethostname() or any(name.exists() for name in names):
            continue
        try:
            # The manifest is the last object of an upload.
            store.head(key_of(sibling(segment.filename, "jsonl")))
        except KeyMissing:
            # Sealing renames it at any time: look once more.
            if not path.exists() and index.segment(segment.filename).state == "spooled":
                lost.append(segment.filename)
        else:
            index.mark_stored(segment.filename)
    for name in lost:
        logger.warning("%s is in the index, but neither in its spool nor in the store", name)
    return lost


def _sweep(spool: Spool) -> None:
    """Remove side files whose WARC or text is gone: of an upload, that is removed first."""
    for path in (*spool.files("*.cdxj.gz"), *spool.files("*.jsonl")):
        with contextlib.suppress(KeyInvalid):
            uploaded = (sibling(path.name, "warc.gz"), sibling(path.name, "jsonl.gz"))
            if not any(path.with_name(name).exists() for name in uploaded):
                path.unlink()


@contextlib.contextmanager
def _left(path: Path, report: Recovered) -> Iterator[None]:
    """A file that makes no sense stays, and does not keep the others from being taken over."""
    try:
        yield
    except (RecordError, KeyInvalid) as error:
        logger.warning("%s stays in the spool: %s", path, error)
        report.left.append(f"{path}: {error}")


@contextlib.contextmanager
def _reading(path: Path) -> Iterator[None]:
    """A file that the disk does not give back is one more that makes no sense."""
    try:
        yield
    except OSError as error:
        raise RecordError(f"{path.name} cannot be read: {error}") from error


# Segments


def _seal_segment(path: Path, index: Index, report: Recovered) -> dict[Path, Contents]:
    """What the sealed file holds, by its path; nothing where there is no such file."""
    name = sealed_name(path)
    source_of(name)
    with _reading(path):
        contents = read_contents(path, name)
    found, sealed = contents.exchanges, path.with_name(name)
    damage = contents.end if contents.damage is not None else None
    end = found.end if found.captures else 0
    if not _cut_and_rename(path, end, found.sha256, damage, report):
        if not sealed.exists():
            _withdraw(name, [], index)
        return {}
    _write_side_files(sealed, found)
    return {sealed: found}


def _write_side_files(path: Path, contents: Contents, imported: Any = None) -> None:
    write_side_files(path, contents.sha256, contents.captures, contents.entries, imported=imported)


def _take_over_segment(path: Path, index: Index, report: Recovered, read: Contents | None) -> None:
    captures, damage = (read.captures, None) if read else _captures(path)
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
    if damage is None:
        _withdraw(path.name, captures, index)
    report.segments += 1
    report.captures += len(captures)
    if damage is not None:
        raise RecordError(damage)


def _withdraw(name: str, captures: Sequence[Capture], index: Index) -> None:
    """Forget what the index knows of a segment and its file does not hold."""
    with contextlib.suppress(SegmentUnknown):
        if gone := index.keep_only(name, {capture.offset for capture in captures}):
            logger.warning("%s does not hold %d captures of the index: forgotten", name, gone)


def _captures(path: Path) -> tuple[Sequence[Capture], str | None]:
    """Captures of a sealed WARC, and why it must not be uploaded as it is.

    Side files that are missing or damaged are written again. Raises RecordError.
    """
    cdxj = path.with_name(sibling(path.name, "cdxj.gz"))
    with _reading(path):
        objects = _objects(path.with_name(sibling(path.name, "jsonl")))
        if _is_as_noted(cdxj, objects):
            captures = read_cdxj(cdxj)
            if _is_as_noted(path, objects):
                return captures, None
            return captures, "its bytes are not those that were written"
        contents = read_contents(path, path.name)
    line = objects.get(path.name, {})
    noted = line.get("sha256", contents.sha256)
    if contents.damage is not None or contents.sha256 != noted:
        # It was whole when it got its name: not to be passed off as what was written.
        raise RecordError(contents.damage or "its bytes are not those that were written")
    _write_side_files(path, contents, line.get("imported"))
    return contents.captures, None


def _objects(manifest: Path) -> Mapping[str, Line]:
    """Lines of a manifest that speak of objects; none where it is missing or not whole."""
    try:
        return parse_manifest(manifest.read_bytes(), manifest.name).objects
    except (FileNotFoundError, RecordError):
        return {}


def _is_as_noted(path: Path, objects: Mapping[str, Line]) -> bool:
    noted = objects.get(path.name)
    if noted is None or not path.exists() or path.stat().st_size != noted.get("size"):
        return False
    return sha256_file(path) == noted.get("sha256")


# Text runs


def _seal_run(path: Path, report: Recovered) -> None:
    digest, end, damage = hashlib.sha256(), 0, None
    with _reading(path):
        try:
            for offset, packed, _ in packed_members(path):
                digest.update(packed)
                end = offset + len(packed)
        except RecordError:
            damage = end
    _cut_and_rename(path, end, digest.hexdigest(), damage, report)


def _take_over_run(path: Path, index: Index, report: Recovered) -> None:
    with _reading(path):
        with path.open("rb") as file:
            documents = [document for document, _ in documents_in(file.read, path.name)]
        noted = _is_as_noted(path, _objects(path.with_name(sibling(path.name, "jsonl"))))
        digest = sha256_file(path)
    if not noted:
        # Nothing is behind a run but its pages: what can be read of it is what it says.
        write_run_manifest(path, digest)
    # A segment that the index has lost: rebuild-index finds it and this run in the store.
    with contextlib.suppress(SegmentUnknown):
        index.commit([], documents)
    report.documents += len(documents)


# Files


def _cut_and_rename(
    path: Path, end: int, sha256: str, damage: int | None, report: Recovered
) -> bool:
    """Make an open file of which `end` bytes are whole a sealed one; nothing of an empty one.

    What is whole behind `damage` is kept aside. Whether there is a new sealed file. Raises
    RecordError where another one has its name.
    """
    sealed = path.with_name(sealed_name(path))
    with _reading(sealed):
        same = not sealed.exists() or _begins_with(sealed, end, sha256)
    if not same:
        raise RecordError(f"{sealed.name} lies beside it and holds something else: compare the two")
    if sealed.exists():
        path.unlink()
        return False
    size = path.stat().st_size
    if end < size:
        if damage is not None:
            _rescue(path, end, damage, report)
        logger.info("%s is cut from %d to %d bytes", path, size, end)
        report.cut += size - end
    if not end:
        path.unlink()
        return False
    with path.open("r+b") as file:
        file.truncate(end)
        os.fsync(file.fileno())
    path.rename(sealed)
    sync_folder(path.parent)
    return True


def _rescue(path: Path, end: int, damage: int, report: Recovered) -> None:
    begins = b"WARC/" if ".warc.gz" in path.name else b"{"
    kept = rescue(path, end, damage, begins, path.parents[2] / "damaged")
    if kept is not None:
        logger.warning("%s", kept)
        report.left.append(kept)


def _begins_with(path: Path, size: int, sha256: str) -> bool:
    digest, left = hashlib.sha256(), size
    with path.open("rb") as file:
        while left and (piece := file.read(min(left, _PIECE))):
            digest.update(piece)
            left -= len(piece)
    return not left and digest.hexdigest() == sha256
