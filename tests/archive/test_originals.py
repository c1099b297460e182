"""Which capture a revisit repeats, in files as other tools write them."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from archive import originals
from archive.collection import Collection
from archive.digests import EMPTY, sha256
from archive.errors import RevisitUnresolved, Withheld
from archive.index import Index
from archive.names import key_of
from archive.store.memory import MemoryStore
from archive.timestamps import to_warc_date
from archive.view import View
from archive.warc.writing import WarcRecord
from tests.archive.restrictions.deciding import withhold
from tests.exchanges import STARTED, page, response
from tests.keeping import store_records

URL = "https://example.org/a"
OTHER = "https://example.org/b"
PROFILE = "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"
NOT_MODIFIED = "http://netpreserve.org/warc/1.1/revisit/server-not-modified"
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n"


@pytest.fixture
def collection(tmp_path: Path) -> Iterator[Collection]:
    """An empty collection in memory."""
    opened = Collection(MemoryStore(), Index(f"sqlite:///{tmp_path}/index.db"))
    yield opened
    opened.close()


def _original(text: str = "A page", *, url: str = URL, hours: int = 0) -> WarcRecord:
    return _record("response", url, hours, page(text))


def _record(kind: str, url: str, hours: int, block: bytes, *fields: tuple[str, str]) -> WarcRecord:
    date = to_warc_date(STARTED + timedelta(hours=hours))
    http = ("Content-Type", "application/http; msgtype=response")
    common = (("WARC-Target-URI", url), ("WARC-Date", date), http)
    return WarcRecord(type=kind, fields=(*common, *fields), block=[block], length=len(block))


def _revisit(
    digest: str = "",
    refers_to: str = "",
    *fields: tuple[str, str],
    url: str = URL,
    hours: int = 24,
    profile: str = PROFILE,
) -> WarcRecord:
    stated = [("WARC-Payload-Digest", digest)] if digest else []
    named = [("WARC-Refers-To", refers_to)] if refers_to else []
    about = ("WARC-Profile", profile)
    return _record("revisit", url, hours, HEAD, about, *stated, *named, *fields)


def _payload(text: str = "A page") -> bytes:
    return page(text).partition(b"\r\n\r\n")[2]


def sha1(data: bytes) -> str:
    return f"sha1:{base64.b32encode(hashlib.sha1(data, usedforsecurity=False).digest()).decode()}"


SHA1 = sha1(_payload())
DIGESTS = [
    sha256(_payload()),
    SHA1,
    f"sha1:{hashlib.sha1(_payload(), usedforsecurity=False).hexdigest()}",
    f"md5:{hashlib.md5(_payload(), usedforsecurity=False).hexdigest()}",
]


@pytest.mark.parametrize("url", [URL, OTHER], ids=["same URL", "other URL"])
@pytest.mark.parametrize("digest", ["", "xxh3:1234", *DIGESTS])
def test_by_the_id_of_its_record(collection: Collection, digest: str, url: str) -> None:
    original, decoy = _original(), _original("Another", hours=1)
    revisit = _revisit(digest, original.record_id, url=url)
    *_, capture = store_records(collection, [original, decoy, revisit])
    assert collection.open(capture).payload == _payload()
    assert collection.original(capture).record_id == original.record_id


@pytest.mark.parametrize("url", [URL, OTHER], ids=["same URL", "other URL"])
@pytest.mark.parametrize("digest", DIGESTS)
def test_by_its_digest_alone(collection: Collection, digest: str, url: str) -> None:
    """The nearest before it, which is none of the other payloads and no revisit either."""
    nearest = _original(hours=2)
    records = [_original(), _original("Another", hours=1), nearest, _original("Third", hours=3)]
    records += [_revisit(digest, url=url, hours=4), _revisit(digest, url=url)]
    *_, capture = store_records(collection, records)
    assert collection.open(capture).payload == _payload()
    assert collection.original(capture).record_id == nearest.record_id


@pytest.mark.parametrize("digest", DIGESTS)
def test_in_another_file_and_behind_it(collection: Collection, digest: str) -> None:
    (capture,) = store_records(collection, [_revisit(digest)])
    with pytest.raises(RevisitUnresolved):
        collection.open(capture)
    original, _ = store_records(collection, [_original(hours=30), _original("Another", hours=25)])
    assert collection.original(capture) == original
    # Of any URL is looked for in the file alone: the index cannot be asked for a digest.
    (elsewhere,) = store_records(collection, [_revisit(digest, url=OTHER)])
    with pytest.raises(RevisitUnresolved, match="not in the collection"):
        collection.open(elsewhere)


@pytest.mark.parametrize("digest", [sha256(b"x"), sha1(b"x"), "sha1:ABC", "xxh3:1234", ""])
def test_what_was_not_compared_is_not_given_out(collection: Collection, digest: str) -> None:
    _, capture = store_records(collection, [_original(), _revisit(digest)])
    with pytest.raises(RevisitUnresolved):
        collection.open(capture)


@pytest.mark.parametrize("digest", [sha256(b"x"), sha1(b"x")])
def test_what_is_named_and_holds_something_else_is_not_given_out(
    collection: Collection, digest: str
) -> None:
    original = _original()
    dated = ("WARC-Refers-To-Date", to_warc_date(STARTED))
    revisit = _revisit(digest, original.record_id, dated)
    _, capture = store_records(collection, [original, revisit])
    with pytest.raises(RevisitUnresolved):
        collection.open(capture)


def test_of_two_at_one_time_the_one_with_the_digest(collection: Collection) -> None:
    dated = ("WARC-Refers-To-Date", to_warc_date(STARTED))
    *pages, _ = store_records(
        collection, [_original(), _original("Another"), _original("Third", hours=1)]
    )
    for text, original in zip(("A page", "Another"), pages[:2], strict=True):
        revisit = _revisit(sha1(_payload(text)), "", dated)
        (capture,) = store_records(collection, [revisit])
        assert collection.original(capture) == original


def test_a_date_that_is_not_there_leaves_the_id_and_the_digest(collection: Collection) -> None:
    dated = ("WARC-Refers-To-Date", "2001-01-01T00:00:00Z")
    original = _original()
    named, like = _revisit("", original.record_id, dated), _revisit(SHA1, "", dated)
    first, *captures = store_records(collection, [original, named, like])
    assert [collection.original(capture) for capture in captures] == [first, first]


@pytest.mark.parametrize("coding", ["chunked", "gzip"])
def test_whatever_the_tool_calls_the_payload(collection: Collection, coding: str) -> None:
    message, digests = page(coding="gzip"), [sha1(_payload())]
    if coding == "chunked":
        body = b"5\r\nhello\r\n0\r\n\r\n"
        message = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + body
        digests = [sha1(b"hello"), sha1(body)]
    (original,) = store_records(collection, [_record("response", URL, 0, message)])
    for capture in store_records(collection, [_revisit(digest) for digest in digests]):
        assert collection.original(capture) == original


@pytest.mark.parametrize("digest", [sha1(b""), SHA1])
def test_a_304_may_state_the_digest_of_nothing(collection: Collection, digest: str) -> None:
    original = _original()
    revisit = _revisit(digest, original.record_id, profile=NOT_MODIFIED)
    _, capture = store_records(collection, [original, revisit])
    assert collection.open(capture).payload == _payload()


def test_a_digest_of_nothing_is_that_of_an_empty_answer(collection: Collection) -> None:
    _, empty, capture = store_records(
        collection,
        [_original(), _record("response", URL, 1, response(b"")), _revisit(sha1(b""))],
    )
    assert empty.digest == EMPTY
    assert collection.original(capture) == empty


@pytest.mark.parametrize("digest", DIGESTS)
@pytest.mark.parametrize("url", [URL, OTHER])
def test_what_is_withheld_is_not_given_out_by_one_that_repeats_it(
    collection: Collection, digest: str, url: str
) -> None:
    original = _original()
    records = [original, _revisit(digest, url=url), _revisit("", original.record_id, url=url)]
    _, *captures = store_records(collection, records)
    view = View(collection)
    assert [view.open(capture).payload for capture in captures] == [_payload()] * 2
    withhold(collection, digest=sha256(_payload()))
    for capture in captures:
        with pytest.raises(Withheld):
            view.open(capture)


def test_few_payloads_are_read_and_none_of_them_twice(
    collection: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(originals, "_MOST", 5)
    store_records(collection, [_original(f"Page {number}", hours=number) for number in range(9)])
    texts = ["Page 8", "Page 4", "Page 3", "Page 0"]
    found = store_records(collection, [_revisit(sha1(_payload(text)), hours=9) for text in texts])
    reads: list[int] = []
    plain = collection.read

    def counted(filename: str, offset: int, length: int) -> bytes:
        reads.append(offset)
        return plain(filename, offset, length)

    monkeypatch.setattr(collection, "read", counted)
    assert [collection.open(capture).payload for capture in found[:2]] == [
        _payload(text) for text in texts[:2]
    ]
    # The two revisits, five that were compared, and two to be given out.
    assert len(reads) == 9
    for capture in found[2:]:
        reads.clear()
        with pytest.raises(RevisitUnresolved):
            collection.open(capture)
        assert reads == [capture.offset]


def test_what_is_large_is_not_read_to_be_compared(
    collection: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """But the first: who opens the revisit would have to read it."""
    records = [_original(), _original("Another", hours=1), _original("Third", hours=2)]
    records += [_revisit(sha1(_payload(text))) for text in ("A page", "Another", "Third")]
    *_, early, middle, late = store_records(collection, records)
    monkeypatch.setattr(originals, "_MOST_BYTES", 1)
    assert collection.open(late).payload == _payload("Third")
    for capture in (middle, early):
        with pytest.raises(RevisitUnresolved):
            collection.open(capture)


def test_a_file_that_is_lost_hides_no_other(collection: Collection) -> None:
    (lost,) = store_records(collection, [_original("Lost", hours=2)])
    original, capture = store_records(collection, [_original(), _revisit(SHA1)])
    assert isinstance(collection.store, MemoryStore)
    del collection.store._objects[key_of(lost.filename)]
    assert collection.original(capture) == original
