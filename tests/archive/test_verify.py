"""The audit: each kind of damage is named for what it is, where it is, and nothing else is."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from archive.appending import OPEN
from archive.errors import ObjectDamaged, StoreUnavailable
from archive.model import Capture
from archive.names import key_of, sibling
from archive.verify import MOST, Report, verify
from archive.warc.gzip import member
from tests.archive.kept import Changeable, Kept, kept
from tests.exchanges import ARTICLE, exchange
from tests.keeping import place

__all__ = ["kept"]  # a fixture


def _said(report: Report) -> set[tuple[str, str]]:
    return {(finding.kind, finding.name) for finding in report.findings}


def _name(key: str) -> str:
    return key.rpartition("/")[2]


def _flip(at: int) -> Callable[[bytes], bytes]:
    def change(data: bytes) -> bytes:
        return data[:at] + bytes([data[at] ^ 0x10]) + data[at + 1 :]

    return change


def test_nothing_is_found_where_nothing_is_wrong(kept: Kept) -> None:
    report = kept.audit()
    assert report.findings == []
    assert (report.objects, report.records) == (10, 10)
    assert report.to_json() == {
        "objects": 10,
        "records": 10,
        "bad": 0,
        "missing": 0,
        "orphans": 0,
        "unindexed": 0,
        "findings": [],
    }


def test_flipped_byte_of_a_warc_is_named_with_its_record(kept: Kept) -> None:
    capture = kept.captures[1]
    kept.store.change(kept.key("warc"), _flip(capture.offset + capture.length // 2))
    report = kept.audit()
    assert ("bad", capture.filename) in _said(report)
    assert all(capture.filename in finding.name for finding in report.findings)
    # Which page that was is known to the manifest; the file is named before it, and once.
    (of_record,) = [f for f in report.findings if f.name == _place(capture)]
    assert of_record.detail.startswith(f"response {capture.url} {capture.timestamp}: it ")
    assert capture.filename not in of_record.detail


@pytest.mark.parametrize("folder", ["cdxj", "text"])
@pytest.mark.parametrize("at", [3, 30, -9, -1])
def test_flipped_byte_of_another_object_is_named(kept: Kept, folder: str, at: int) -> None:
    kept.store.change(kept.key(folder), _flip(at))
    assert ("bad", _name(kept.key(folder))) in _said(kept.audit())


@pytest.mark.parametrize("folder", ["manifests", "manifests text"])
def test_flipped_byte_of_a_manifest_is_found_wherever_it_is(kept: Kept, folder: str) -> None:
    key = kept.key(folder)
    data = kept.store.get(key)
    for at in range(0, len(data), 23):
        kept.store.change(key, _flip(at))
        report = kept.audit()
        assert report.findings, (at, data[at - 20 : at + 20])
        assert not any(kept.captures[2].filename in finding.name for finding in report.findings)
        kept.store.change(key, _flip(at))


@pytest.mark.parametrize(
    "line",
    [
        b"5\n", b"[]\n", b"null\n", b"\n", b"{}\n", b'{"object": "x"}\n',
        b'{"offset": 1e400, "length": 1}\n', b'{"offset": 0, "length": 1e400}\n',
        b"[" * 100_000 + b"\n",
    ],
    ids=lambda line: line[:30].decode(),
)  # fmt: skip
def test_line_that_is_none_of_a_manifest_is_found(kept: Kept, line: bytes) -> None:
    key = kept.key("manifests")
    kept.store.change(key, lambda data: data + line)
    assert ("bad", _name(key)) in _said(kept.audit())


def test_manifest_cannot_vouch_for_the_objects_of_others(kept: Kept) -> None:
    """Nor make the audit write outside of its folder."""
    key = kept.key("manifests")
    for name in (kept.captures[2].filename, "../../x", "/etc/passwd"):
        line = json.dumps({"object": name, "size": 1, "sha256": "0"}).encode()
        kept.store.change(key, lambda data, line=line: data + line + b"\n")  # type: ignore[misc] # bound now
    said = _said(kept.audit())
    assert said == {("bad", _name(key))}


@pytest.mark.parametrize(
    ("folder", "kind"),
    [("warc", "missing"), ("cdxj", "missing"), ("text", "missing")],
)
def test_object_that_is_gone_is_missing(kept: Kept, folder: str, kind: str) -> None:
    key = kept.key(folder)
    kept.store.drop(key)
    assert _said(kept.audit()) == {(kind, _name(key))}


def test_objects_without_their_manifest_are_orphans(kept: Kept) -> None:
    kept.store.drop(kept.key("manifests"))
    assert _said(kept.audit()) == {
        ("orphan", _name(kept.key("warc"))),
        ("orphan", _name(kept.key("cdxj"))),
    }


def test_segment_that_is_gone_altogether_is_missing(kept: Kept) -> None:
    for folder in ("warc", "cdxj", "manifests"):
        kept.store.drop(kept.key(folder))
    assert _said(kept.audit()) == {("missing", kept.captures[0].filename)}


def test_extra_object_is_an_orphan(kept: Kept) -> None:
    name = "other-20261122100000250-abcdefghij.warc.gz"
    kept.store.put_new(f"warc/2026/11/22/{name}", b"x")
    assert _said(kept.audit()) == {("orphan", name)}


@pytest.mark.parametrize(
    "key",
    [
        "warc/2026/11/22/notes.txt",
        "warc/2026/11/22/other-20261122100000250-abcdefghij.cdxj.gz",
        "manifests/2026/notes.txt",
    ],
)
def test_what_is_no_file_of_a_collection_is_an_orphan_named_with_its_folder(
    kept: Kept, key: str
) -> None:
    kept.store.put_new(key, b"x")
    assert _said(kept.audit()) == {("orphan", key)}


def test_upload_that_is_under_way_is_no_orphan(kept: Kept) -> None:
    """Its manifest comes last."""
    key = kept.key("manifests")
    data = kept.store.get(key)
    kept.store.drop(key)
    collection = kept.open()
    listed = kept.store.list

    def list_then_finish(prefix: str, start_after: str = "") -> object:
        found = list(listed(prefix, start_after))
        if prefix == "text/":
            kept.store.put_new(key, data)
        return iter(found)

    kept.store.list = list_then_finish  # type: ignore[method-assign, assignment] # this one's
    assert verify(collection).findings == []
    collection.close()


def test_segment_that_is_stored_meanwhile_is_not_missing(tmp_path: Path) -> None:
    store = Changeable()

    async def main() -> None:
        async with place(tmp_path, store) as here:
            await here.writer.keep("ondemand", [exchange()])
            listed = store.list
            loop = asyncio.get_running_loop()

            def list_then_store(prefix: str, start_after: str = "") -> object:
                found = list(listed(prefix, start_after))
                if prefix == "text/":
                    asyncio.run_coroutine_threadsafe(here.writer.seal(), loop).result(10)
                    assert here.uploader.drain(10)
                return iter(found)

            store.list = list_then_store  # type: ignore[method-assign, assignment] # this one's
            report = await asyncio.to_thread(verify, here.collection)
            assert report.findings == []
            assert here.collection.index.segments("stored")

    asyncio.run(main())


def _place(capture: Capture) -> str:
    return f"{capture.filename} at {capture.offset}"


def test_record_without_its_row_is_unindexed(kept: Kept) -> None:
    kept.sql(f"DELETE FROM captures WHERE offset = {kept.captures[1].offset} AND segment = 1")
    report = kept.audit()
    assert _said(report) == {("unindexed", _place(kept.captures[1]))}
    assert (report.to_json()["unindexed"], report.to_json()["orphans"]) == (1, 1)


def test_row_without_a_record_is_missing_one(kept: Kept) -> None:
    collection = kept.open()
    extra = replace(kept.captures[1], offset=9_999_999)
    collection.index.commit([extra])
    collection.close()
    assert _said(kept.audit()) == {("missing", _place(extra))}


@pytest.mark.parametrize(
    "change", [{"status": 404}, {"digest": f"sha256:{'0' * 64}"}, {"length": 7}, {"job": "x"}]
)
def test_row_that_says_something_else_is_bad(kept: Kept, change: dict[str, object]) -> None:
    collection = kept.open()
    changed = replace(kept.captures[1], **change)  # type: ignore[arg-type] # as the field is
    collection.index.commit([changed])
    collection.close()
    assert _said(kept.audit()) == {("bad", _place(changed))}


def test_document_that_is_not_in_the_index_is_unindexed(kept: Kept) -> None:
    kept.sql("DELETE FROM documents WHERE segment = 1")
    text_name = _name(kept.key("text"))
    assert _said(kept.audit()) == {("unindexed", f"{text_name} at {kept.captures[0].offset}")}


def test_document_of_a_later_run_is_no_fault(kept: Kept) -> None:
    collection = kept.open()
    document = collection.document(kept.captures[0])
    assert document is not None
    collection.index.commit([], [replace(document, run="99991231235959000-aaaaaaaaaa")])
    assert verify(collection).findings == []
    collection.close()


def test_segment_that_the_index_does_not_know_is_said_once(kept: Kept) -> None:
    for table, column in (("captures", "segment"), ("segments", "id"), ("documents", "segment")):
        kept.sql(f"DELETE FROM {table} WHERE {column} = 1")
    assert _said(kept.audit()) == {("unindexed", kept.captures[0].filename)}


def test_wrong_digest_in_a_record_is_found_though_all_else_agrees(kept: Kept) -> None:
    """A writer that was wrong from the first is believed by manifest, CDXJ and index alike."""
    key = kept.key("warc")
    capture = kept.captures[1]
    data = kept.store.get(key)
    record = gzip.decompress(data[capture.offset : capture.offset + capture.length])
    for field in (b"WARC-Payload-Digest: sha256:", b"WARC-Block-Digest: sha256:"):
        at = record.index(field) + len(field)
        wrong = record[:at] + b"0" * 64 + record[at + 64 :]
        packed = b"".join(member([wrong]))
        kept.store.change(key, lambda _, packed=packed: data[: capture.offset] + packed)  # type: ignore[misc] # bound now
        found = [f for f in kept.audit().findings if "is not what was written" in f.detail]
        assert [(f.kind, f.name) for f in found] == [("bad", _place(capture))]
        assert found[0].detail.startswith(f"response {capture.url} {capture.timestamp}: the ")


def test_store_that_notices_damage_itself_does_not_end_the_audit(
    kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = kept.key("cdxj")
    manifest = kept.key("manifests text")
    stream, get = kept.store.stream, kept.store.get

    def damaged_stream(name: str) -> Iterator[bytes]:
        yield from stream(name)
        if name == key:
            raise ObjectDamaged("not what was sent", name)

    def damaged_get(name: str) -> bytes:
        if name == manifest:
            raise ObjectDamaged("not what was sent", name)
        return get(name)

    monkeypatch.setattr(kept.store, "stream", damaged_stream)
    monkeypatch.setattr(kept.store, "get", damaged_get)
    assert _said(kept.audit()) == {("bad", _name(key)), ("bad", _name(manifest))}


def test_sample_reads_so_many_manifests(kept: Kept) -> None:
    progress: list[tuple[int, int]] = []
    collection = kept.open()
    report = verify(collection, sample=2, advance=lambda *done: progress.append(done))
    collection.close()
    assert report.findings == []
    assert progress == [(0, 2), (1, 2), (2, 2)]
    assert 4 <= report.objects <= 6
    assert kept.audit(sample=100).objects == 10
    # What it does not draw it says nothing of.
    kept.store.drop(kept.key("manifests"))
    assert kept.audit(sample=1).findings == []


def test_cancelled_audit_ends_between_two_manifests_and_says_so(kept: Kept) -> None:
    collection = kept.open()
    done: list[int] = []
    report = verify(
        collection,
        advance=lambda number, _total: done.append(number),
        cancelled=lambda: len(done) >= 2,
    )
    collection.close()
    assert not report.complete
    assert done == [0, 1]
    assert 0 < report.objects < 10
    assert report.findings == []
    assert kept.audit().complete


def test_more_findings_than_are_kept_are_counted() -> None:
    report = Report()
    for number in range(MOST + 5):
        report.add("bad", f"{number}", "it is")
    assert len(report.findings) == MOST
    assert report.to_json()["bad"] == MOST + 5


def test_upload_of_a_text_that_waits_in_the_spool_is_no_orphan(tmp_path: Path) -> None:
    """Its segment is stored long since, and its manifest will be the last to come."""
    store = Changeable()

    async def main() -> None:
        async with place(tmp_path, store) as here:
            (capture,) = await here.writer.keep("ondemand", [exchange()])
            await here.writer.seal()
            assert await here.drain()
            await asyncio.to_thread(here.uploader.close)
            await here.writer.add(capture, ARTICLE)
            await here.writer.seal()
            (path,) = here.spool.path.glob("*.jsonl.gz")
            store.put_new(key_of(path.name), path)
            assert verify(here.collection, home=tmp_path).findings == []
            assert _said(verify(here.collection)) == {("orphan", path.name)}

    asyncio.run(main())


def test_what_is_only_spooled_is_read_too(tmp_path: Path) -> None:
    async def main() -> None:
        async with place(tmp_path) as here:
            (capture,) = await here.writer.keep("ondemand", [exchange()])
            assert verify(here.collection).findings == []
            assert verify(here.collection).records == 1
            path = here.spool.path / f"{capture.filename}{OPEN}"
            data = bytearray(path.read_bytes())
            data[capture.offset + capture.length // 2] ^= 0x10
            path.write_bytes(data)
            assert _said(verify(here.collection)) == {("bad", _place(capture))}

    asyncio.run(main())


@pytest.mark.parametrize("away", [False, True], ids=["of one object", "of the store"])
def test_store_that_goes_away_makes_no_capture_bad(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, away: bool
) -> None:
    """While the spool is read: what is uploaded meanwhile is read from the store."""

    def fail(*_: object, **__: object) -> None:
        raise StoreUnavailable("try again later")

    async def main() -> None:
        async with place(tmp_path) as here:
            (capture,) = await here.writer.keep("ondemand", [exchange()])
            spooled = here.collection.index.segments("spooled")
            await here.writer.seal()
            assert await here.drain()
            monkeypatch.setattr(here.collection.index, "segments", lambda _: spooled)
            assert verify(here.collection).findings == []
            monkeypatch.setattr(here.collection.store, "read", fail)
            if away:
                monkeypatch.setattr(here.collection.store, "check", fail)
                with pytest.raises(StoreUnavailable):
                    verify(here.collection)
            else:
                assert _said(verify(here.collection)) == {("bad", _place(capture))}

    asyncio.run(main())


def test_sibling_names_of_a_text_object_lead_to_its_own_manifest(kept: Kept) -> None:
    name = _name(kept.key("text"))
    assert key_of(sibling(name, "jsonl")) == kept.key("manifests text")
