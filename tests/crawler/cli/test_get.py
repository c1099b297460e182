"""`get`: which snapshot, in which form, and what redirects have to do with it."""

from __future__ import annotations

import gzip
import hashlib
import json

import pytest

from archive.collection import Collection
from archive.digests import sha256
from archive.model import Article, Capture, Document
from archive.names import new_run
from archive.timestamps import to_warc_date
from archive.warc.writing import WarcRecord
from tests.crawler.cli.command import Command
from tests.exchanges import STARTED, page, response
from tests.keeping import archive_messages, store_records

AT = "20261122100000"
BODY = b"<html><body><p>A page</p></body></html>"


def _redirect(location: bytes) -> bytes:
    return response(b"moved", b"Location: " + location, status=b"301 Moved")


_ARTICLE = Article(title="T", text="One.\nTwo.", quality="thin", extraction_status="ok")


def _document(collection: Collection, capture: Capture, article: Article = _ARTICLE) -> None:
    document = Document(
        url=capture.url,
        timestamp=capture.timestamp,
        digest=capture.digest,
        filename=capture.filename,
        offset=capture.offset,
        record_id=capture.record_id,
        source=capture.source,
        run=new_run(),
        article=article,
    )
    collection.index.commit([], [document])


@pytest.fixture
def moved(collection: Collection) -> list[Capture]:
    """/old leads to /new, which has a document."""
    captures = archive_messages(
        collection,
        ("http://a.org/old", _redirect(b"/new"), 0),
        ("http://a.org/new", page(coding="gzip"), 1),
    )
    _document(collection, captures[1])
    return captures


@pytest.mark.usefixtures("moved")
def test_contents_follow_redirects(command: Command) -> None:
    assert command("get", "http://a.org/old") == (0, BODY, "")
    status, payload, _ = command("get", "http://a.org/old", "--as", "payload")
    assert (status, gzip.decompress(payload)) == (0, BODY)
    assert command("get", "http://a.org/old", "--as", "text") == (0, b"One.\nTwo.\n", "")
    for arguments in (["--as", "json"], ["--json"]):
        status, out, _ = command("get", "http://a.org/old", *arguments)
        assert (status, json.loads(out)["url"]) == (0, "http://a.org/new")


def test_text_that_is_none_is_said_with_the_reason(
    command: Command, collection: Collection
) -> None:
    (capture,) = archive_messages(collection, ("http://a.org/", page(), 0))
    _document(collection, capture, Article(quality="error", extraction_status="too_large"))
    status, out, err = command("get", "http://a.org/", "--as", "text")
    assert (status, out) == (1, b"")
    assert "the text of http://a.org/ is not in the collection: its extraction ended with" in err
    assert "'too_large' (`extraction_status`)" in err
    assert err.count("\n") == 1
    status, out, _ = command("get", "http://a.org/", "--json")
    assert (status, json.loads(out)["extraction_status"]) == (0, "too_large")


def test_of_what_is_no_page_no_text_is_promised(command: Command, collection: Collection) -> None:
    message = response(b"<svg/>", b"Content-Type: image/svg+xml")
    archive_messages(collection, ("http://a.org/photo.svg", message, 0))
    status, _, err = command("get", "http://a.org/photo.svg", "--as", "text")
    assert status == 1
    assert "it is of type image/svg+xml, and only pages of HTML have one" in err
    assert "doctor" not in err


def test_what_is_not_archived_can_be(command: Command, collection: Collection) -> None:
    status, _, err = command("get", "http://never.org/?a=1&b=2")
    assert status == 1
    assert "`pressmark archive 'http://never.org/?a=1&b=2'` archives it" in err


def test_records_never_follow_redirects(command: Command, moved: list[Capture]) -> None:
    message = _redirect(b"/new")
    assert command("get", "http://a.org/old", "--as", "raw") == (0, message, "")
    assert command("get", "http://a.org/old", "--as", "headers") == (
        0,
        message.removesuffix(b"moved"),
        "",
    )
    status, records, _ = command("get", "http://a.org/old", "--as", "warc")
    assert (status, len(records)) == (0, moved[0].length)
    assert moved[0].record_id.encode() in gzip.decompress(records)


@pytest.mark.parametrize(("hops", "found"), [(10, b"the end"), (11, b"moved")])
def test_ten_hops(command: Command, collection: Collection, hops: int, found: bytes) -> None:
    archive_messages(
        collection,
        *[(f"http://a.org/{n}", _redirect(b"/%d" % (n + 1)), n) for n in range(hops)],
        (f"http://a.org/{hops}", response(b"the end"), hops),
    )
    assert command("get", "http://a.org/0") == (0, found, "")


@pytest.mark.parametrize("location", [b"/old", b"/missing", b"http://[", b"mailto:a@a.org"])
def test_redirect_that_leads_nowhere_is_the_answer(
    command: Command, collection: Collection, location: bytes
) -> None:
    archive_messages(collection, ("http://a.org/old", _redirect(location), 0))
    assert command("get", "http://a.org/old") == (0, b"moved", "")
    status, out, err = command("get", "http://a.org/old", "--as", "text")
    assert (status, out) == (1, b"")
    assert "the text of http://a.org/old is not in the collection" in err


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        ([], b"second"),
        (["--status", "any"], b"gone"),
        (["--at", AT], b"first"),
        (["--at", "20261122100002"], b"first"),
        (["--at", "20261122100003"], b"busy"),
        (["--at", "20261122100008"], b"second"),
        (["--at", "20261122100004", "--status", "any"], b"busy"),
        (["--at", "2030"], b"second"),
    ],
)
def test_which_snapshot(
    command: Command, collection: Collection, arguments: list[str], found: bytes
) -> None:
    archive_messages(
        collection,
        ("http://a.org/", response(b"first"), 0),
        ("http://a.org/", response(b"busy", status=b"503 Busy"), 3),
        ("http://a.org/", response(b"second"), 9),
        ("http://a.org/", response(b"gone", status=b"404 Gone"), 99),
    )
    assert command("get", "http://a.org/", *arguments) == (0, found, "")


def test_headers_of_a_revisit_are_its_own_and_its_body_is_not(
    command: Command, collection: Collection
) -> None:
    head = b"HTTP/1.1 200 OK\r\nDate: the next day, which is longer\r\n\r\n"
    revisit = WarcRecord(
        type="revisit",
        fields=(
            ("WARC-Target-URI", "http://a.org/"),
            ("WARC-Date", to_warc_date(STARTED.replace(day=23))),
            ("WARC-Payload-Digest", sha256(BODY)),
        ),
        block=[head],
        length=len(head),
    )
    archive_messages(collection, ("http://a.org/", page(), 0))
    (capture,) = store_records(collection, [revisit])
    assert command("get", "http://a.org/", "--as", "headers") == (0, head, "")
    assert command("get", "http://a.org/") == (0, BODY, "")
    _, payload, _ = command("get", "http://a.org/", "--as", "payload")
    assert f"sha256:{hashlib.sha256(payload).hexdigest()}" == capture.digest


def test_body_that_cannot_be_decoded_is_said_and_the_payload_is_had(
    command: Command, collection: Collection
) -> None:
    message = response(b"no gzip", b"Content-Encoding: gzip")
    archive_messages(collection, ("http://a.org/", message, 0))
    status, out, err = command("get", "http://a.org/")
    assert (status, out) == (1, b"")
    assert "gzip" in err
    assert command("get", "http://a.org/", "--as", "payload") == (0, b"no gzip", "")
