"""Captures and documents of one segment, from the files that hold them: in the store or a spool."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

from archive.cdxj import from_line
from archive.contents import RecordReader, documents_in
from archive.errors import KeyMissing, ObjectDamaged, RecordError, StoreUnavailable
from archive.manifests import Manifest, parse_manifest
from archive.model import Capture, Document
from archive.names import key_of, sibling
from archive.store.base import Store
from archive.warc.gzip import packed_members_of
from archive.warc.reading import Member, read_record

_PIECE = 1 << 20


Files = Callable[[str], Iterator[bytes]]
"""Gives a file of a collection by its name, in pieces. Raises KeyMissing, ObjectDamaged,
StoreError."""


def from_store(store: Store) -> Files:
    """Objects of a store."""
    return lambda name: store.stream(key_of(name))


def from_folder(folder: Path) -> Files:
    """Files in a folder of the spool."""

    def pieces(name: str) -> Iterator[bytes]:
        path = folder / name
        try:
            with path.open("rb") as file:
                while piece := file.read(_PIECE):
                    yield piece
        except FileNotFoundError as error:
            raise KeyMissing(f"{folder} has no {name}", name) from error
        except OSError as error:
            raise StoreUnavailable(
                f"cannot read {path}, which is not in the store yet: {error}; check the disk", name
            ) from error

    return pieces


@dataclass(slots=True, kw_only=True)
class Found:
    """What could be read of a segment, or of a text object."""

    captures: list[Capture] = field(default_factory=list)
    documents: list[Document] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)  #: files that are damaged or gone, and why


def read_segment(files: Files, name: str) -> Found:
    """Captures of NAME.warc.gz: from the CDXJ where that is what its manifest names, otherwise
    first hand, up to the first record that is damaged. Raises StoreError."""
    found = Found()
    manifest = _manifest(files, sibling(name, "jsonl"), found)
    captures = _from_cdxj(files, sibling(name, "cdxj.gz"), name, manifest)
    if captures is not None:
        found.captures = captures
        return found
    try:
        for capture in _from_warc(files, name):
            found.captures.append(capture)
    except KeyMissing:
        found.unread.append(f"{name}: it is gone")
    except (RecordError, ObjectDamaged) as error:
        found.unread.append(f"{name}: {error}")
    return found


def read_text(files: Files, name: str) -> Found:
    """Documents of a text object, if that is what its manifest names, or it has none.

    Raises StoreError.
    """
    found = Found()
    manifest = _manifest(files, sibling(name, "jsonl"), found)
    try:
        data = b"".join(files(name))
        if manifest is not None and not manifest.names(name, len(data), _sha256(data)):
            raise RecordError("its bytes are not those that its manifest names")
        found.documents = whole_documents(BytesIO(data).read, name)
    except KeyMissing:
        found.unread.append(f"{name}: it is gone")
    except (RecordError, ObjectDamaged) as error:
        found.unread.append(f"{name}: {error}")
    return found


def whole_documents(read: Callable[[int], bytes], name: str) -> list[Document]:
    """Documents of a text object that `read` gives. Raises RecordError, and what `read` raises."""
    found = []
    for document, whole in documents_in(read, name):
        if not whole:
            raise RecordError(f"{name} has a document at {document.offset} with another text")
        found.append(document)
    return found


def _manifest(files: Files, name: str, found: Found) -> Manifest | None:
    try:
        return parse_manifest(b"".join(files(name)), name, objects_alone=True)
    except KeyMissing:
        return None
    except (RecordError, ObjectDamaged) as error:
        found.unread.append(f"{name}: {error}")
        return None


def _from_cdxj(
    files: Files, name: str, segment: str, manifest: Manifest | None
) -> list[Capture] | None:
    """None where the CDXJ is not there, or not what the manifest names."""
    if manifest is None or name not in manifest.objects:
        return None
    try:
        data = b"".join(files(name))
        if not manifest.names(name, len(data), _sha256(data)):
            return None
        text = b"".join(content for _, _, content in packed_members_of(BytesIO(data).read, name))
        captures = [from_line(line) for line in text.decode("ascii").splitlines()]
    except (KeyMissing, ObjectDamaged, RecordError, UnicodeDecodeError):
        return None
    return captures if all(one.filename == segment for one in captures) else None


def _from_warc(files: Files, name: str) -> Iterator[Capture]:
    pieces = files(name)
    rest = b""

    def read(most: int) -> bytes:
        nonlocal rest
        rest = rest or next(filter(None, pieces), b"")
        taken, rest = rest[:most], rest[most:]
        return taken

    reader = RecordReader(name)
    for offset, packed, content in packed_members_of(read, name):
        record = read_record(content, where=f"{name} at {offset}")
        member = Member(offset=offset, length=len(packed), record=record)
        _, capture = reader.take(member, "")
        if capture is not None:
            yield capture


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
