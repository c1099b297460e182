"""Reading back: wherever the bytes lie, checked, revisits and redirects resolved."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from archive.collection import Collection
from archive.digests import sha256
from archive.errors import (
    DigestMismatch,
    OtherCollection,
    RecordError,
    RevisitUnresolved,
    SpooledElsewhere,
    StoreUnavailable,
    StoreUnsupported,
)
from archive.index import CaptureQuery, Index
from archive.model import Article, Capture, Document, Segment
from archive.names import key_of, new_name, new_run
from archive.redirects import follow
from archive.store.base import StoredObject
from archive.store.memory import MemoryStore
from archive.timestamps import to_timestamp, to_warc_date
from archive.urlkey import urlkey
from archive.view import View
from archive.warc.gzip import member
from archive.warc.reading import read_record
from archive.warc.writing import WarcRecord
from tests.exchanges import STARTED, exchange, page, response
from tests.keeping import Place, archive_messages, place, store_records

URL = "https://example.org/a?b=1"
LATER = STARTED + timedelta(days=1)
HEAD_304 = b"HTTP/1.1 304 Not Modified\r\nETag: x\r\n\r\n"
PROFILE = "http://netpreserve.org/warc/1.1/revisit/"


@pytest.fixture
def collection(tmp_path: Path) -> Iterator[Collection]:
    """An empty collection in memory."""
    opened = Collection(MemoryStore(), Index(f"sqlite:///{tmp_path}/index.db"))
    yield opened
    opened.close()


def _record(kind: str, block: bytes, moment: str, *fields: tuple[str, str]) -> WarcRecord:
    common = (("WARC-Target-URI", URL), ("WARC-Date", moment))
    return WarcRecord(type=kind, fields=(*common, *fields), block=[block], length=len(block))


ORIGINAL = _record("response", page(), to_warc_date(STARTED))
PAYLOAD = page().partition(b"\r\n\r\n")[2]
DIGEST = ("WARC-Payload-Digest", sha256(PAYLOAD))
REFERS_TO = (
    ("WARC-Refers-To-Target-URI", URL),
    ("WARC-Refers-To-Date", to_warc_date(STARTED)),
)


def _revisit(profile: str, *fields: tuple[str, str], block: bytes = HEAD_304) -> WarcRecord:
    return _record(
        "revisit", block, to_warc_date(LATER), ("WARC-Profile", PROFILE + profile), *fields
    )


@pytest.mark.parametrize(
    "revisit",
    [
        _revisit("identical-payload-digest", DIGEST, *REFERS_TO),
        _revisit("identical-payload-digest", DIGEST),
        _revisit("identical-payload-digest", DIGEST, block=b""),
        _revisit("identical-payload-digest", DIGEST, ("WARC-Refers-To-Date", "yesterday")),
        _revisit("identical-payload-digest", ("WARC-Payload-Digest", "xxh3:ABC"), *REFERS_TO),
        _revisit("server-not-modified", *REFERS_TO),
        _revisit("server-not-modified", DIGEST, REFERS_TO[1]),
    ],
    ids=[
        "refers to",
        "digest alone",
        "no block",
        "odd date",
        "digest of an unknown kind",
        "304",
        "304 with digest",
    ],
)
def test_revisit_gives_the_bytes_of_its_original(
    collection: Collection, revisit: WarcRecord
) -> None:
    _, capture = store_records(collection, [ORIGINAL, revisit])
    assert capture.mime == "warc/revisit"
    memento = collection.open(capture)
    assert memento.raw == page()
    assert memento.payload == memento.body() == PAYLOAD
    block = b"".join(revisit.block)
    assert memento.head_bytes == (block or page().removesuffix(PAYLOAD))
    assert memento.head.status == (304 if block else 200)


@pytest.mark.parametrize(
    "revisit",
    [
        _revisit("identical-payload-digest", ("WARC-Payload-Digest", sha256(b"x")), *REFERS_TO),
        _revisit("identical-payload-digest", ("WARC-Payload-Digest", sha256(b"x"))),
        _revisit("server-not-modified", REFERS_TO[0], ("WARC-Refers-To-Date", "2001-01-01")),
        _revisit("server-not-modified"),
        _revisit("server-not-modified", ("WARC-Refers-To-Target-URI", "urn:x"), REFERS_TO[1]),
    ],
    ids=["other payload", "no such digest", "no such date", "refers to nothing", "no URL"],
)
def test_revisit_of_what_is_not_there_is_unresolved(
    collection: Collection, revisit: WarcRecord
) -> None:
    _, capture = store_records(collection, [ORIGINAL, revisit])
    with pytest.raises(RevisitUnresolved, match="not in the collection"):
        collection.open(capture)


def test_revisit_of_another_address_and_of_a_revisit(collection: Collection) -> None:
    elsewhere = WarcRecord(
        type="revisit",
        fields=(
            ("WARC-Target-URI", "https://example.org/copy"),
            ("WARC-Date", to_warc_date(LATER)),
            DIGEST,
            REFERS_TO[0],
            ("WARC-Refers-To-Date", to_warc_date(LATER)),
        ),
        block=[b""],
        length=0,
    )
    revisit = _revisit("identical-payload-digest", DIGEST)
    *_, capture = store_records(collection, [ORIGINAL, revisit, elsewhere])
    assert collection.open(capture).raw == page()


def test_document_of_a_revisit_is_that_of_its_original(collection: Collection) -> None:
    original, capture = store_records(
        collection, [ORIGINAL, _revisit("server-not-modified", *REFERS_TO)]
    )
    document = Document(
        url=URL,
        timestamp=original.timestamp,
        digest=original.digest,
        filename=original.filename,
        offset=original.offset,
        record_id=original.record_id,
        source="other",
        run=new_run(),
        article=Article(title="T"),
    )
    assert collection.document(capture) is None
    collection.index.commit([], [document])
    assert collection.document(capture) == document


def test_spool_of_another_machine_is_named(collection: Collection) -> None:
    (capture,) = store_records(collection, [ORIGINAL])
    filename = f"{new_name('far')}.warc.gz"
    collection.index.add_segment(
        Segment(filename=filename, source="far", state="spooled", node="crawler7", path="/spool")
    )
    with pytest.raises(SpooledElsewhere, match="crawler7"):
        collection.open(replace(capture, filename=filename))


@pytest.mark.unsound_warcs
def test_spool_that_is_gone_is_an_error_of_the_record(
    collection: Collection, tmp_path: Path
) -> None:
    (capture,) = store_records(collection, [ORIGINAL])
    filename = f"{new_name('near')}.warc.gz"
    segment = Segment(
        filename=filename,
        source="near",
        state="spooled",
        node=socket.gethostname(),
        path=str(tmp_path / "gone"),
    )
    collection.index.add_segment(segment)
    with pytest.raises(RecordError, match="gone"):
        collection.open(replace(capture, filename=filename))
    (tmp_path / "gone").mkdir()
    (tmp_path / "gone" / filename).mkdir()
    with pytest.raises(StoreUnavailable, match="cannot read"):
        collection.open(replace(capture, filename=filename))


def test_changed_bytes_are_never_given_out(tmp_path: Path) -> None:
    """Whatever of it is asked for. A stored member keeps its checksum: only ours can tell."""

    async def main() -> None:
        async with place(tmp_path, MemoryStore()) as here:
            await here.writer.keep("ondemand", [exchange()])
            (filename,) = await here.writer.seal()
            assert await here.drain()
            capture = here.collection.index.find(URL)
            key = key_of(filename)
            data = here.collection.store.get(key)
            start, end = capture.offset, capture.offset + capture.length
            record = read_record(data[start:end], where="here")
            changed = WarcRecord(
                type="response",
                record_id=record.record_id,
                fields=tuple(f for f in record.headers if f[0] not in _MADE),
                block=[record.block.replace(b"A page", b"B page")],
                length=len(record.block),
            )
            packed = b"".join(member(changed.pieces()))
            other = MemoryStore()
            other.put_new(key, data[:start] + packed + data[end:])
            copy = Collection(other, here.collection.index)
            with pytest.raises(DigestMismatch):
                copy.open(replace(capture, length=len(packed)))
            cut = MemoryStore()
            cut.put_new(key, data[: end - 1])
            with pytest.raises(RecordError, match="ends within it"):
                Collection(cut, here.collection.index).open(capture)
            with pytest.raises(RecordError, match="not <urn"):
                here.collection.open(replace(capture, record_id="<urn:uuid:0>"))

    asyncio.run(main())


_MADE = ("WARC-Type", "WARC-Record-ID", "Content-Length")


def test_reading_goes_on_while_segments_are_sealed_and_uploaded(tmp_path: Path) -> None:
    """Each capture is read over and over in other threads from the moment it is acknowledged."""
    failures: list[BaseException] = []
    ended = threading.Event()
    captures: list[Capture] = []

    def read(here: Place) -> None:
        try:
            while not ended.is_set():
                for capture in list(captures):
                    number = capture.url.rpartition("/")[2]
                    assert here.collection.open(capture).raw == page(number)
        except BaseException as error:  # noqa: BLE001 - told by the test itself
            failures.append(error)

    async def main() -> None:
        async with place(tmp_path) as here:
            threads = [threading.Thread(target=read, args=(here,)) for _ in range(2)]
            for thread in threads:
                thread.start()
            try:
                for number in range(16):
                    url = f"https://example.org/{number}"
                    captures.extend(
                        await here.writer.keep("ondemand", [exchange(url, page(str(number)))])
                    )
                    if number % 3 == 2:
                        await here.writer.seal()
                assert await here.drain()
            finally:
                ended.set()
                for thread in threads:
                    thread.join()

    asyncio.run(main())
    assert failures == []


def test_collection_describes_itself_once(collection: Collection) -> None:
    collection.ensure()
    description = collection.store.get("collection.json")
    fields = json.loads(description)
    assert (fields["format"], fields["name"]) == (1, "memory:")
    assert fields["software"].startswith("Pressmark/")
    collection.ensure()
    assert collection.store.get("collection.json") == description


@pytest.mark.parametrize(
    ("description", "remedy"),
    [
        *((other, "use the Pressmark that wrote it") for other in (b'{"format": 2}', b"{}")),
        *((bad, "is damaged; .* remove it") for bad in (b"[]", b"1", b"no JSON", b"\xff", b"")),
    ],
)
def test_collection_of_another_format_is_refused(
    collection: Collection, description: bytes, remedy: str
) -> None:
    collection.store.put_new("collection.json", description)
    with pytest.raises(StoreUnsupported, match=f"storage format .*{remedy}"):
        collection.ensure()


def _store_one(collection: Collection) -> None:
    """As if a file had been stored; the index names it."""
    name = f"{new_name('s')}.warc.gz"
    collection.store.put_new(key_of(name), b"")
    spooled = Segment(filename=name, source="s", state="spooled", node="here", path="/nowhere")
    collection.index.add_segment(spooled)
    collection.index.mark_stored(name)


def _beside(collection: Collection, description: bytes) -> Collection:
    """Another store, with that description, by the same index."""
    other = Collection(MemoryStore(), collection.index)
    other.store.put_new("collection.json", description)
    return other


_OTHER = b'{"format": 1, "name": "memory:", "created": "2001-01-01T00:00:00Z"}'


def test_index_is_of_one_collection(collection: Collection) -> None:
    collection.ensure()
    _store_one(collection)
    description = collection.store.get("collection.json")
    for same in (collection, Collection(collection.store, collection.index)):
        same.ensure()
    other = _beside(collection, _OTHER)
    for _ in range(2):
        with pytest.raises(OtherCollection, match="memory: is another collection"):
            other.ensure()
    with pytest.raises(OtherCollection):
        other.check_ours()
    # Damaged, not another: `verify --repair` has to get so far as to heal it.
    _beside(collection, description[:-9]).check_ours()


def test_description_may_be_written_in_another_way(collection: Collection) -> None:
    collection.ensure()
    _store_one(collection)
    values = json.loads(collection.store.get("collection.json"))
    reordered = json.dumps(dict(reversed(values.items())))
    for text in (
        reordered,
        json.dumps(values, indent=4).replace("\n", "\r\n"),
        f"\ufeff{reordered}",
    ):
        again = _beside(collection, text.encode())
        again.ensure()
        again.check_ours()


def test_lost_description_is_put_back(collection: Collection) -> None:
    collection.ensure()
    _store_one(collection)
    description = collection.store.get("collection.json")
    bare = Collection(MemoryStore(), collection.index)
    _store_one(bare)
    for _ in range(2):
        bare.ensure()
        assert bare.store.get("collection.json") == description
    collection.check_ours()


@pytest.mark.parametrize("description", [_OTHER, None], ids=["described", "new"])
def test_index_of_nothing_stored_is_of_any_collection(
    collection: Collection, description: bytes | None
) -> None:
    collection.ensure()
    first = collection.store.get("collection.json")
    other = Collection(MemoryStore(), collection.index)
    other.store.uri = "memory:other"
    if description is not None:
        other.store.put_new("collection.json", description)
    other.check_ours()
    other.ensure()
    assert other.store.get("collection.json") != first
    assert description in (None, other.store.get("collection.json"))
    # From its first file on it is of that one.
    _store_one(other)
    other.ensure()
    with pytest.raises(OtherCollection):
        Collection(collection.store, collection.index).ensure()


class Deaf(MemoryStore):
    """It does not hear that what it wrote is there."""

    def put_new(self, key: str, source: bytes | Path) -> StoredObject:
        """See Store."""
        super().put_new(key, source)
        raise StoreUnavailable("the answer was lost")


def test_new_description_is_the_index_s_own_whatever_became_of_its_writer(
    collection: Collection,
) -> None:
    collection.index.mark_collection('{"format": 1, "name": "memory:elsewhere"}')
    renewed = Collection(Deaf(), collection.index)
    with pytest.raises(StoreUnavailable):
        renewed.ensure()
    # Meanwhile another process has stored something.
    _store_one(collection)
    renewed.ensure()
    renewed.check_ours()


# Redirects


def _redirect(location: bytes, status: bytes = b"301 Moved") -> bytes:
    return response(b"", b"Location: " + location, status=status)


def _followed(collection: Collection, url: str, at: str | None = None) -> Capture:
    return View(collection).follow(collection.memento(url, at=at)).capture


def test_redirects_are_followed_to_the_snapshot_nearest_in_time(collection: Collection) -> None:
    captures = archive_messages(
        collection,
        ("http://a.org/", _redirect(b"/b"), 0),
        ("http://a.org/b", page("old"), -90_000),
        ("http://a.org/b", page("right"), 2),
        ("http://a.org/b", page("new"), 90_000),
    )
    assert _followed(collection, "http://a.org/") == captures[2]


@pytest.mark.parametrize(("hops", "last"), [(10, 10), (11, 10)])
def test_ten_hops_and_no_more(collection: Collection, hops: int, last: int) -> None:
    captures = archive_messages(
        collection,
        *[(f"http://a.org/{n}", _redirect(b"/%d" % (n + 1)), n) for n in range(hops)],
        (f"http://a.org/{hops}", page(), hops),
    )
    assert _followed(collection, "http://a.org/0") == captures[last]


@pytest.mark.parametrize(
    "location",
    [b"/missing", b"mailto:a@example.org", b"ftp://a.org/", b"http://[", b"http://", b"", b"/"],
)
def test_redirect_to_what_is_not_there_is_itself_the_answer(
    collection: Collection, location: bytes
) -> None:
    (capture,) = archive_messages(collection, ("http://a.org/", _redirect(location), 0))
    assert _followed(collection, "http://a.org/") == capture


def test_loop_ends(collection: Collection) -> None:
    captures = archive_messages(
        collection,
        ("http://a.org/1", _redirect(b"/2"), 0),
        ("http://a.org/2", _redirect(b"/1"), 0),
    )
    assert _followed(collection, "http://a.org/1") in captures


@pytest.mark.parametrize("seconds", [0, 1, 3600])
def test_redirect_to_https_is_not_taken_for_its_own_target(
    collection: Collection, seconds: int
) -> None:
    """http and https, with and without www, are one key."""
    captures = archive_messages(
        collection,
        ("http://a.org/", _redirect(b"https://a.org/"), 0),
        ("https://a.org/", _redirect(b"https://www.a.org/"), 0),
        ("https://www.a.org/", page(), seconds),
    )
    assert urlkey("http://a.org/") == urlkey("https://www.a.org/")
    at = to_timestamp(STARTED)
    assert _followed(collection, "http://a.org/", at=at) == captures[2]


@pytest.mark.parametrize("location", ["/caf\xe9".encode(), "/caf\xe9".encode("latin-1")])
def test_target_is_the_bytes_that_the_server_wrote(collection: Collection, location: bytes) -> None:
    escaped = "".join(chr(b) if b < 128 else f"%{b:02X}" for b in location)
    captures = archive_messages(
        collection,
        ("http://a.org/", _redirect(location), 0),
        (f"http://a.org{escaped}", page(), 1),
    )
    assert _followed(collection, "http://a.org/") == captures[1]


@pytest.mark.parametrize("status", [b"200 OK", b"201 Created", b"304 Not Modified", b"404 Gone"])
def test_other_answers_with_a_location_are_no_redirects(
    collection: Collection, status: bytes
) -> None:
    captures = archive_messages(
        collection,
        ("http://a.org/", _redirect(b"/b", status), 0),
        ("http://a.org/b", page(), 0),
    )
    assert _followed(collection, "http://a.org/") == captures[0]


class Noting(View):
    """Notes which captures are listed."""

    def __init__(self, collection: Collection) -> None:
        super().__init__(collection)
        self.listed: list[Capture] = []

    def captures(self, query: CaptureQuery) -> Iterator[Capture]:
        """See View."""
        for capture in super().captures(query):
            self.listed.append(capture)
            yield capture


def test_of_a_page_that_redirects_to_itself_what_is_near_is_read(collection: Collection) -> None:
    captures = archive_messages(
        collection,
        *[("http://a.org/", _redirect(b"https://a.org/"), n) for n in range(60)],
    )
    view = Noting(collection)
    # Ten hops, each to the nearest that was not seen: of two as near the earlier.
    assert follow(view.open(captures[30]), view, view.open).capture == captures[20]
    near = {capture.timestamp for capture in captures[18:33]}
    assert {capture.timestamp for capture in view.listed} <= near


def test_of_two_that_are_as_near_the_earlier_is_followed(collection: Collection) -> None:
    captures = archive_messages(
        collection,
        ("https://a.org/", page("before"), -60),
        ("http://a.org/", _redirect(b"https://a.org/"), 0),
        ("https://a.org/", page("behind"), 60),
    )
    at = to_timestamp(STARTED)
    assert _followed(collection, "http://a.org/", at=at) == captures[0]


def test_of_one_time_the_address_that_is_named_is_followed(collection: Collection) -> None:
    captures = archive_messages(
        collection,
        ("http://a.org/", _redirect(b"https://a.org/"), 0),
        ("https://www.a.org/", page("www"), 60),
        ("https://a.org/", page("plain"), 60),
        ("http://www.a.org/", page("http"), 60),
    )
    at = to_timestamp(STARTED)
    assert _followed(collection, "http://a.org/", at=at) == captures[2]


def test_a_day_that_there_is_not_is_no_obstacle(collection: Collection) -> None:
    """Other tools wrote such times into indexes that were taken over."""
    captures = archive_messages(
        collection,
        ("http://a.org/", _redirect(b"https://a.org/"), 0),
        ("https://a.org/", page(), 60),
    )
    collection.index.commit([replace(captures[0], timestamp="20261131100000", offset=99_999)])
    at = to_timestamp(STARTED)
    assert _followed(collection, "http://a.org/", at=at) == captures[1]


def test_new_index_lacks_the_files_of_a_collection_alone(tmp_path: Path) -> None:
    store = MemoryStore()
    for key, partial in (("warc/readme", False), (key_of(f"{new_name('s')}.warc.gz"), True)):
        store.put_new(key, b"")
        opened = Collection(store, Index(f"sqlite:///{tmp_path}/{partial}.db"))
        opened.mark_new_index()
        assert opened.index.is_partial() == partial
        opened.index.close()
