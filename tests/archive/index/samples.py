"""Captures and documents to fill an index with, and strategies for any that there can be."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from archive.model import Article, Capture, Document, Segment
from archive.urlkey import urlkey

FILENAME = "example-20261122093000123-k3m5p7r2t4.warc.gz"
SEGMENT = Segment(
    filename=FILENAME, source="example", state="spooled", node="host1", path="/spool/1"
)
RUN = "20261122093000123-aaaaaaaaaa"
LATER_RUN = "20261123000000000-aaaaaaaaaa"


def capture(url: str = "https://example.org/news/1", **changes: Any) -> Capture:
    """A capture of a page, with the key of its URL."""
    base = Capture(
        urlkey=urlkey(url),
        timestamp="20261122093000",
        url=url,
        mime="text/html",
        status=200,
        digest=f"sha256:{'5e' * 32}",
        filename=FILENAME,
        offset=1000,
        length=500,
        record_id="<urn:uuid:7f3f3c5e-6a3c-4ac3-9e9b-0d6f3a6f1c11>",
        source="example",
        job="job-1",
        request_length=300,
    )
    return replace(base, **changes)


def document(of: Capture, text: str, run: str = RUN, **article: Any) -> Document:
    """The document of a capture."""
    fields: dict[str, Any] = {"title": None, "language": "en", "quality": "article", **article}
    return Document(
        url=of.url,
        timestamp=of.timestamp,
        digest=of.digest,
        filename=of.filename,
        offset=of.offset,
        record_id=of.record_id,
        source=of.source,
        run=run,
        article=Article(text=text, extraction_status="ok", extractor="test 1", **fields),
    )


hexadecimal = st.binary(min_size=32, max_size=32).map(bytes.hex)
urls = st.builds(
    "{}{}{}{}{}".format,
    st.sampled_from(["http://", "https://", "http://www.", "https://www."]),
    st.sampled_from(
        ["example.org", "Example.ORG", "a.example.co.uk:8080", "127.0.0.1", "[::1]:81"]
    ),
    st.sampled_from(["/", "/news", "/News/", "//a", "/a/../b/", "/%C3%A9/", "/é"]),
    st.sampled_from(["", "?", "?b=1&a=2", "?a=%2f", "?A"]),
    st.sampled_from(["", "/", "&"]),
)
timestamps = st.datetimes().map(lambda moment: f"{moment:%Y%m%d%H%M%S}".zfill(14))
texts = st.text(st.characters(exclude_categories=["Cs"]))

captures = st.builds(
    capture,
    urls,
    timestamp=timestamps,
    mime=st.sampled_from(["text/html", "image/png", "warc/revisit", "unk"]),
    status=st.integers(0, 999),
    digest=hexadecimal.map("sha256:{}".format)
    | st.sampled_from(["sha1:B2LTWWPUOYAH7UIPQ7ZUPQ4VMBSVC36A", "sha256:5E", "", "x" * 32]),
    offset=st.integers(0, 1 << 40),
    length=st.integers(0, 1 << 40),
    record_id=st.uuids().map("<urn:uuid:{}>".format)
    | st.sampled_from(["", "<urn:x:1>", "<urn:x:12345678>", "<urn:uuid:5E>"]),
    source=st.sampled_from(["example", "ondemand"]),
    job=st.none() | texts,
    request_length=st.none() | st.integers(0, 1 << 40),
    truncated=st.sampled_from([None, "length", "time", "disconnect", "unspecified"]),
)

articles = st.builds(
    Article,
    title=st.none() | texts,
    authors=st.lists(texts, max_size=2).map(tuple),
    published=st.none() | texts | st.sampled_from(["2026-11-22T09:30:00Z", "2026", "2026-11"]),
    modified=st.none() | texts,
    language=st.none() | st.sampled_from(["en", "pt-BR", "zh", "xx", ""]),
    site=st.none() | texts,
    section=st.none() | texts,
    tags=st.lists(texts, max_size=2).map(tuple),
    image=st.none() | texts,
    canonical_url=st.none() | texts,
    text=texts,
    quality=st.sampled_from(["article", "thin", "error"]),
    extraction_status=st.sampled_from(["ok", "empty", "timeout", "crash"]),
    extractor=texts,
)
documents = st.builds(
    lambda of, article: replace(document(of, ""), article=article), captures, articles
)
