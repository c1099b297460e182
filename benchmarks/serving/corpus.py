"""An archive to serve: pages of about 26 KB, in our layout and with an index for pywb."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from archive.cdxj import to_line
from archive.digests import sha256
from archive.index.replacement import Replacement
from archive.model import Capture, Segment
from archive.names import key_of
from archive.store.base import Store
from archive.timestamps import to_timestamp, to_warc_date
from archive.urlkey import urlkey
from archive.warc.gzip import member
from archive.warc.writing import WarcRecord, warcinfo
from benchmarks import rows

BODY = 26_000
_STARTED = datetime(2024, 1, 1, tzinfo=UTC)
_VERSIONS = 2
_TEXTS = 64
_AT_ONCE = 5000


@dataclass(frozen=True, slots=True)
class Corpus:
    """What was made."""

    captures: int
    segments: tuple[str, ...]
    cdxj: Path  #: sorted, for pywb


def make(store: Store, index_url: str, cdxj: Path, captures: int) -> Corpus:
    """Fill an empty store and index. About a second for 1,000 captures."""
    made = rows.segments(captures)
    lines: list[str] = []
    with Replacement(index_url) as fresh:
        fresh.load(segments=made)
        for number, segment in enumerate(made):
            found = _segment(store, segment, number, captures)
            lines += map(to_line, found)
            for start in range(0, len(found), _AT_ONCE):
                fresh.load(captures=found[start : start + _AT_ONCE])
        fresh.finish()
        with fresh.swap():
            pass
    lines.sort()
    cdxj.write_text("".join(f"{line}\n" for line in lines))
    return Corpus(captures, tuple(segment.filename for segment in made), cdxj)


def _segment(store: Store, segment: Segment, number: int, total: int) -> list[Capture]:
    first = number * rows.CAPTURES_A_SEGMENT
    found: list[Capture] = []
    pieces = [
        b"".join(member(warcinfo(segment.filename, _STARTED, source=segment.source).pieces()))
    ]
    offset = len(pieces[0])
    texts = list(_texts())
    for place in range(first, min(first + rows.CAPTURES_A_SEGMENT, total)):
        moment = _STARTED + timedelta(seconds=37 * place)
        url = rows.url(place // _VERSIONS)
        body = f"<!doctype html><title>{place}</title>".encode() + texts[place % _TEXTS]
        block = _HEAD % len(body) + body
        record = WarcRecord(
            type="response",
            fields=(
                ("WARC-Target-URI", url),
                ("WARC-Date", to_warc_date(moment)),
                ("WARC-Block-Digest", sha256(block)),
                ("WARC-Payload-Digest", sha256(body)),
                ("Content-Type", "application/http;msgtype=response"),
            ),
            block=[block],
            length=len(block),
        )
        packed = b"".join(member(record.pieces()))
        found.append(
            Capture(
                urlkey=urlkey(url),
                timestamp=to_timestamp(moment),
                url=url,
                mime="text/html",
                status=200,
                digest=sha256(body),
                filename=segment.filename,
                offset=offset,
                length=len(packed),
                record_id=record.record_id,
                source=segment.source,
            )
        )
        pieces.append(packed)
        offset += len(packed)
    store.put_new(key_of(segment.filename), b"".join(pieces))
    return found


_HEAD = (
    b"HTTP/1.1 200 OK\r\nServer: nginx\r\nContent-Type: text/html; charset=utf-8\r\n"
    b"Cache-Control: max-age=60\r\nVary: Accept-Encoding\r\nContent-Length: %d\r\n\r\n"
)


def _texts() -> Iterator[bytes]:
    """Bodies that compress about as news pages do, to a fourth."""
    chance = random.Random(11)
    words = ["".join(chance.choices("etaoinshrdlu", k=chance.randint(2, 9))) for _ in range(3000)]
    for _ in range(_TEXTS):
        text = ""
        while len(text) < BODY:
            text += f'<p class="paragraph">{" ".join(chance.choices(words, k=60))}</p>\n'
        yield text[:BODY].encode()
