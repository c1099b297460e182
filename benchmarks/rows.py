"""Captures and documents of an archive that never was, the same in each run."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator

from archive.model import Article, Capture, Document, Segment
from archive.urlkey import urlkey

CAPTURES_A_SEGMENT = 25_000
HOSTS = 400
_SECTIONS = ("news", "world", "business/economy", "culture", "sport", "opinion", "latest-news/en")
_REQUISITE = 0.4
_WORDS = 60_000
_RUNNING = 2_000_000
_LETTERS = "etaoinshrdlucmfwypvbgk"


def segments(captures: int) -> list[Segment]:
    """One for each 25,000 captures."""
    return [
        Segment(filename=filename(number), source=f"source{number % 50}", state="stored")
        for number in range(-(-captures // CAPTURES_A_SEGMENT))
    ]


def filename(number: int) -> str:
    """NAME.warc.gz of a segment, in the order of numbers."""
    return f"source{number % 50}-{20240101000000000 + number * 3_600_000:017d}-k3m5p7r2t4.warc.gz"


def url(number: int) -> str:
    """A page or a requisite, of 400 hosts."""
    host, section = number % HOSTS, _SECTIONS[number % len(_SECTIONS)]
    if number * 2654435761 % 100 < _REQUISITE * 100:
        return f"https://static.site{host}.example/assets/{section}/picture-{number}.jpg"
    return f"https://www.site{host}.example/{section}/2026/an-article-with-a-title-{number}"


def sites() -> list[str]:
    """Prefixes of the hosts that have pages; the others have requisites alone."""
    pages = [url(host) for host in range(HOSTS)]
    return [page[: page.index("/", 8) + 1] for page in pages if "//www." in page]


def captures(count: int) -> Iterator[Capture]:
    """About 20 captures of each URL over two years, in the order in which they are written."""
    chance = random.Random(7)
    urls = max(1, count // 20)
    keys = [(url(number), urlkey(url(number))) for number in range(urls)]
    offset = 0
    for number in range(count):
        if number % CAPTURES_A_SEGMENT == 0:
            name, source = filename(number // CAPTURES_A_SEGMENT), number // CAPTURES_A_SEGMENT % 50
            offset = 400
        address, key = keys[chance.randrange(urls)]
        length = 600 + chance.randrange(30_000)
        unique = f"{number:08x}"
        day = number * 672 // count
        yield Capture(
            urlkey=key,
            timestamp=f"{2024 + day // 336}{day % 336 // 28 + 1:02d}{day % 28 + 1:02d}"
            f"{chance.randrange(24):02d}{chance.randrange(60):02d}{chance.randrange(60):02d}",
            url=address,
            mime="image/jpeg" if address.endswith(".jpg") else "text/html",
            status=200 if chance.random() < 0.93 else 404,
            digest=f"sha256:{hashlib.sha256(unique.encode()).hexdigest()}",
            filename=name,
            offset=offset,
            length=length,
            record_id=f"<urn:uuid:{unique}-0000-4000-8000-{number:012x}>",
            source=f"source{source}",
            job=f"{20240101000000000 + number // 1000:017d}-k3m5p7r2t4",
            request_length=420,
        )
        offset += length + 420


def vocabulary() -> list[str]:
    """Words whose frequencies fall as in a language, the frequent ones first."""
    chance = random.Random(11)
    found: dict[str, None] = {}
    while len(found) < _WORDS:
        found["".join(chance.choices(_LETTERS, k=3 + chance.randrange(7)))] = None
    return list(found)


def documents(count: int) -> Iterator[tuple[Capture, Document]]:
    """Articles of about 3 kB."""
    chance = random.Random(13)
    words = vocabulary()
    weights = [1 / (rank + 10) for rank in range(len(words))]
    running = chance.choices(words, weights, k=_RUNNING)
    for number, capture in enumerate(captures(count)):
        step = 1 + chance.randrange(2000)
        start = chance.randrange(_RUNNING - 480 * step)
        chosen = running[start : start + 480 * step : step]
        yield (
            capture,
            Document(
                url=f"{capture.url}?{number}",
                timestamp=capture.timestamp,
                digest=capture.digest,
                filename=capture.filename,
                offset=capture.offset,
                record_id=capture.record_id,
                source=capture.source,
                run="20260101000000000-aaaaaaaaaa",
                article=Article(
                    title=" ".join(chosen[:8]),
                    text=" ".join(chosen[8:]),
                    language="en",
                    quality="article",
                    extraction_status="ok",
                    extractor="generated",
                ),
            ),
        )
