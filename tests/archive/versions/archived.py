"""A collection whose captures have the articles that a test gives them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from archive.collection import Collection
from archive.index import Index
from archive.model import Article, Capture, Document
from archive.names import new_run
from archive.store.memory import MemoryStore
from archive.timestamps import to_timestamp, to_warc_date
from archive.versions import Versions, versions_of
from archive.view import View
from archive.warc.writing import WarcRecord
from tests.exchanges import STARTED, response
from tests.keeping import archive_messages, store_records

URL = "https://example.org/news/fire"
HTML = b"Content-Type: text/html; charset=utf-8"


class Archive:
    """Captures are made in the order of the calls, a day apart."""

    def __init__(self, collection: Collection) -> None:
        self.collection = collection
        self.view = View(collection)
        self._day = 0

    def add(
        self,
        article: Article | None = None,
        *,
        url: str = URL,
        status: bytes = b"200 OK",
        body: bytes | None = None,
        fields: tuple[bytes, ...] = (HTML,),
    ) -> Capture:
        """One capture; each has a body of its own unless one is given."""
        self._day += 1
        content = b"<p>day %d</p>" % self._day if body is None else body
        message = response(content, *fields, status=status)
        seconds = self._day * 86_400
        (capture,) = archive_messages(self.collection, (url, message, seconds))
        if article is not None:
            self.collection.index.commit([], [_document(capture, article)])
        return capture

    def add_revisit(self, of: Capture, *, not_modified: bool = False) -> Capture:
        """A capture that repeats an earlier one."""
        self._day += 1
        moment = STARTED + timedelta(days=self._day)
        kind = "server-not-modified" if not_modified else "identical-payload-digest"
        first = STARTED + timedelta(days=int(of.timestamp[6:8]) - STARTED.day)
        fields = [
            ("WARC-Target-URI", of.url),
            ("WARC-Date", to_warc_date(moment)),
            ("WARC-Profile", f"http://netpreserve.org/warc/1.1/revisit/{kind}"),
            ("WARC-Refers-To-Target-URI", of.url),
            ("WARC-Refers-To-Date", to_warc_date(first)),
        ]
        if not not_modified:
            fields.append(("WARC-Payload-Digest", of.digest))
        status = b"304 Not Modified" if not_modified else b"200 OK"
        head = b"HTTP/1.1 " + status + b"\r\n\r\n"
        record = WarcRecord(type="revisit", fields=tuple(fields), block=[head], length=len(head))
        (capture,) = store_records(self.collection, [record])
        return capture

    def versions(self, url: str = URL) -> Versions:
        """Of the article at this address."""
        return versions_of(self.view, url)

    def kinds(self, url: str = URL) -> list[tuple[str, ...]]:
        """Of each version."""
        return [version.kinds for version in self.versions(url).versions]


def _document(capture: Capture, article: Article) -> Document:
    return Document(
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


def day(number: int) -> str:
    """The time of the capture of that number, from 1, 14 digits."""
    return to_timestamp(STARTED + timedelta(days=number))


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    """An empty one."""
    collection = Collection(MemoryStore(), Index(f"sqlite:///{tmp_path}/index.db"))
    yield Archive(collection)
    collection.close()
