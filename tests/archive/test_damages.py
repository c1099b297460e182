"""Every kind of damage: the audit names exactly it, and a rebuild gives what is intact."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from archive.digests import sha256_hex
from archive.index.export import export
from archive.model import Document, Segment
from archive.names import text_of
from archive.rebuild import rebuild
from archive.verify import verify
from archive.warc.gzip import member
from tests.archive.kept import Kept, kept

__all__ = ["kept"]  # a fixture

_OLD_RUN = "20200101000000000-aaaaaaaaaa"
_STRANGER = "other-20261122100000250-abcdefghij.warc.gz"


@dataclass(frozen=True)
class Damage:
    """What is done to a collection, and what is to be said of it."""

    do: Callable[[Kept], None]
    #: kind and name; W C T M MT are the files of the first segment: WARC, CDXJ, text, manifests;
    #: @0 @1 the places of its captures
    found: set[tuple[str, str]]
    unread: tuple[str, ...] = ()  #: files that a rebuild does not get anything from
    lost: tuple[str, ...] = ()  #: beginnings of lines of the export that a rebuild cannot have


def _flip(folder: str, at: int) -> Callable[[Kept], None]:
    return lambda kept: kept.store.change(kept.key(folder), lambda data: _flipped(data, at))


def _flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 0x10]) + data[at + 1 :]


def _flip_record(kept: Kept) -> None:
    capture = kept.captures[0]
    at = capture.offset + capture.length // 2
    kept.store.change(kept.key("warc"), lambda data: _flipped(data, at))


def _drop(*folders: str) -> Callable[[Kept], None]:
    def do(kept: Kept) -> None:
        for key in [kept.key(folder) for folder in folders]:
            kept.store.drop(key)

    return do


def _cut(folder: str) -> Callable[[Kept], None]:
    return lambda kept: kept.store.change(kept.key(folder), lambda data: data[:-10])


def _swap_lines(kept: Kept) -> None:
    def swapped(data: bytes) -> bytes:
        return b"".join(member([b"".join(reversed(gzip.decompress(data).splitlines(True)))]))

    kept.store.change(kept.key("cdxj"), swapped)


def _swap_lines_and_vouch(kept: Kept) -> None:
    _swap_lines(kept)
    _vouch(kept, "cdxj", "manifests")


def _vouch(kept: Kept, folder: str, manifests: str) -> None:
    """Make the manifest name the bytes that are there now."""
    data = kept.store.get(kept.key(folder))
    name = kept.key(folder).rpartition("/")[2]

    def vouching(manifest: bytes) -> bytes:
        lines = [json.loads(line) for line in manifest.splitlines()]
        for line in lines:
            if line.get("object") == name:
                line |= {"size": len(data), "sha256": sha256_hex([data])}
        return b"".join(json.dumps(line).encode() + b"\n" for line in lines)

    kept.store.change(kept.key(manifests), vouching)


def _other_text(kept: Kept) -> None:
    kept.store.change(
        kept.key("text"),
        lambda data: b"".join(
            member([gzip.decompress(data).replace(b"One paragraph.", b"Two paragraphs.")])
        ),
    )
    _vouch(kept, "text", "manifests text")


def _documents(kept: Kept) -> list[Document]:
    collection = kept.open()
    try:
        return list(collection.index.documents.of_segment(kept.captures[0].filename))
    finally:
        collection.close()


def _replace_row(kept: Kept) -> None:
    (document,) = _documents(kept)
    kept.sql("DELETE FROM documents WHERE segment = 1")
    _commit(kept, replace(document, article=replace(document.article, text="Something else.")))


def _add_old_row(kept: Kept) -> None:
    (document,) = _documents(kept)
    capture = kept.captures[1]
    names = {"offset": capture.offset, "record_id": capture.record_id, "url": capture.url}
    _commit(kept, replace(document, run=_OLD_RUN, **names))  # type: ignore[arg-type] # as they are


def _commit(kept: Kept, document: Document) -> None:
    collection = kept.open()
    collection.index.commit([], [document])
    collection.close()


def _add_row(kept: Kept) -> None:
    collection = kept.open()
    collection.index.commit([replace(kept.captures[1], offset=9_999_999)])
    collection.close()


def _change_row(kept: Kept) -> None:
    collection = kept.open()
    collection.index.commit([replace(kept.captures[1], status=404)])
    collection.close()


def _add_segment(kept: Kept) -> None:
    collection = kept.open()
    collection.index.add_segment(Segment(filename=_STRANGER, source="other", state="stored"))
    collection.close()


def _forget_segment(kept: Kept) -> None:
    for table, column in (("captures", "segment"), ("segments", "id"), ("documents", "segment")):
        kept.sql(f"DELETE FROM {table} WHERE {column} = 1")


DAMAGES = {
    "flipped byte in a record": Damage(_flip_record, {("bad", "W"), ("bad", "W@0")}),
    "flipped byte in a CDXJ": Damage(_flip("cdxj", 30), {("bad", "C")}),
    "flipped byte in a text": Damage(_flip("text", 30), {("bad", "T")}, ("T",), ("document",)),
    "flipped byte in a manifest": Damage(_flip("manifests", 0), {("bad", "M")}, ("M",)),
    "flipped byte in a manifest of a text": Damage(
        _flip("manifests text", 0), {("bad", "MT")}, ("MT",)
    ),
    "no WARC": Damage(
        _drop("warc"), {("missing", "W")}, ("W", "T"), ("segment", "capture", "document")
    ),
    "no CDXJ": Damage(_drop("cdxj"), {("missing", "C")}),
    "no text": Damage(_drop("text"), {("missing", "T")}, ("T",), ("document",)),
    "no manifest": Damage(_drop("manifests"), {("orphan", "W"), ("orphan", "C")}),
    "no manifest of a text": Damage(_drop("manifests text"), {("orphan", "T")}),
    "nothing of a segment but its text": Damage(
        _drop("warc", "cdxj", "manifests"),
        {("missing", "W")},
        ("W", "T"),
        ("segment", "capture", "document"),
    ),
    "WARC that is cut": Damage(_cut("warc"), {("bad", "W"), ("bad", "W@1")}),
    "CDXJ that is cut": Damage(_cut("cdxj"), {("bad", "C")}),
    "text that is cut": Damage(_cut("text"), {("bad", "T")}, ("T",), ("document",)),
    "lines of a CDXJ in another order": Damage(_swap_lines, {("bad", "C")}),
    "and its manifest vouches for them": Damage(_swap_lines_and_vouch, {("bad", "C")}),
    "an object of no segment": Damage(
        lambda kept: _put(kept, "warc/2026/11/22/notes.txt"),
        {("orphan", "warc/2026/11/22/notes.txt")},
    ),
    "an object that nobody names": Damage(
        lambda kept: _put(kept, f"warc/2026/11/22/{_STRANGER}"),
        {("orphan", _STRANGER)},
        (_STRANGER,),
    ),
    "no row": Damage(
        lambda kept: kept.sql(
            f"DELETE FROM captures WHERE segment = 1 AND offset = {kept.captures[1].offset}"
        ),
        {("unindexed", "W@1")},
    ),
    "a row of nothing": Damage(_add_row, {("missing", "W at 9999999")}),
    "a row that says something else": Damage(_change_row, {("bad", "W@1")}),
    "no rows of a segment": Damage(_forget_segment, {("unindexed", "W")}),
    "a segment that was never stored": Damage(_add_segment, {("missing", _STRANGER)}, (_STRANGER,)),
    "no row of a document": Damage(
        lambda kept: kept.sql("DELETE FROM documents WHERE segment = 1"), {("unindexed", "T@0")}
    ),
    "a row of no document": Damage(_add_old_row, {("missing", "OLD")}, ("OLD",)),
    "a row with another text": Damage(_replace_row, {("bad", "T@0")}),
    "a text that is not that of its digest": Damage(
        _other_text, {("bad", "T@0")}, ("T",), ("document",)
    ),
}


def _put(kept: Kept, key: str) -> None:
    kept.store.put_new(key, b"x")


def _names(kept: Kept) -> dict[str, str]:
    """What the abbreviations stand for; asked while all is there."""
    folders = {"W": "warc", "C": "cdxj", "T": "text", "M": "manifests", "MT": "manifests text"}
    names = {short: kept.key(folder).rpartition("/")[2] for short, folder in folders.items()}
    for number in (0, 1):
        for short in "WT":
            names[f"{short}@{number}"] = f"{names[short]} at {kept.captures[number].offset}"
    names["OLD"] = text_of(names["W"], _OLD_RUN)
    names["W at 9999999"] = f"{names['W']} at 9999999"
    return names


def _exported(kept: Kept) -> list[str]:
    collection = kept.open()
    try:
        return list(export(collection.index))
    finally:
        collection.close()


@pytest.mark.parametrize("name", DAMAGES)
def test_damage_is_named_and_a_rebuild_gives_what_is_intact(
    kept: Kept, name: str, tmp_path: Path
) -> None:
    damage = DAMAGES[name]
    names, before = _names(kept), _exported(kept)
    damage.do(kept)
    collection = kept.open()
    report = verify(collection, home=tmp_path)
    collection.close()
    assert {(finding.kind, finding.name) for finding in report.findings} == {
        (kind, names.get(which, which)) for kind, which in damage.found
    }
    url = f"sqlite:///{kept.database}"
    unread = rebuild(kept.store, url, home=tmp_path, forget_missing=True)
    assert {line.split(":")[0] for line in unread} == {
        names.get(which, which) for which in damage.unread
    }
    ours = names["W"]
    assert _exported(kept) == [
        line for line in before if not (line.startswith(damage.lost or ("-",)) and ours in line)
    ]
