"""Captures and documents as rows: what can be derived is left out, what is hexadecimal is bytes."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import zstandard

from archive import documents
from archive.errors import UrlError
from archive.index.queries import Matching
from archive.model import Capture, Document, Quality, Segment
from archive.urlkey import urlkey

Row = dict[str, Any]

Found = Any
"""A row of an answer, its columns as attributes: SQLAlchemy's, or a named tuple."""

Values = Sequence[Any]
"""A row of an answer without the names of its columns."""

_HTML = "text/html"
_SHA256 = re.compile(r"sha256:([0-9a-f]{64})")
_UUID = re.compile(r"<urn:uuid:([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})>")
_DATE = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?(?!\d)")

_PREFIXES = ("https://", "https://www.", "http://", "http://www.")
_SLASH = len(_PREFIXES)
_LEVEL = 3
_LONGEST = 2000  # letters of an address that is indexed: PostgreSQL refuses more than 2,700
_ESCAPE = "\x1a"  # SUBSTITUTE


def segment_row(segment: Segment) -> Row:
    """Its row, without the number."""
    return {
        "filename": segment.filename,
        "source": segment.source,
        "state": segment.state,
        "node": segment.node,
        "path": segment.path,
    }


def segment_of(row: Found) -> Segment:
    """The segment of a row."""
    return Segment(
        filename=row.filename,
        source=row.source,
        state=row.state,
        node=row.node,
        path=row.path,
    )


def capture_row(capture: Capture, segment: int, source: str) -> Row:
    """`segment` is the id of the capture's segment and `source` the segment's."""
    form = _form(capture.urlkey, capture.url)
    return {
        "urlkey": capture.urlkey,
        "timestamp": int(capture.timestamp),
        "segment": segment,
        "offset": capture.offset,
        "length": capture.length,
        "status": capture.status,
        "digest": digest_bytes(capture.digest),
        "record_id": record_id_bytes(capture.record_id),
        "form": form,
        "url": storable(capture.url) if form is None else None,
        "mime": None if capture.mime == _HTML else storable(capture.mime),
        "source": None if capture.source == source else capture.source,
        "job": None if capture.job is None else storable(capture.job),
        "request_length": capture.request_length,
        "truncated": capture.truncated,
        "kind": capture.kind,
    }


def joined_capture(row: Found) -> Capture:
    """The capture of a row that has `filename` and `segment_source` joined to it."""
    return capture_of(row, row.filename, row.segment_source)


def capture_of(row: Values, filename: str, source: str) -> Capture:
    """The capture of a row that begins with the columns of captures, in the order of the schema.

    File name and source are those of its segment.
    """
    (
        key, timestamp, _segment, offset, length, status, digest, record_id, form, url, mime,
        own_source, job, request_length, truncated, kind, *_,
    ) = row  # fmt: skip
    return Capture(
        urlkey=key,
        timestamp=f"{timestamp:014d}",
        url=_restored(url) if form is None else _url(key, form),
        mime=_HTML if mime is None else _restored(mime),
        status=status,
        digest=digest_text(digest),
        filename=filename,
        offset=offset,
        length=length,
        record_id=_record_id_text(record_id),
        source=source if own_source is None else own_source,
        job=None if job is None else _restored(job),
        request_length=request_length,
        truncated=truncated,
        kind=kind,
    )


def spelled(key: str, urls: Collection[str]) -> tuple[list[int], list[str]]:
    """URLs of a key as the columns `form` and `url` hold them."""
    forms = {url: _form(key, url) for url in urls}
    known = sorted({form for form in forms.values() if form is not None})
    return known, sorted(storable(url) for url, form in forms.items() if form is None)


SEARCHABLE: Mapping[Quality, int] = {"thin": 1, "article": 2}
"""The column `searchable` of documents of these qualities; no other is found by its words."""

_QUALITIES = {number: quality for quality, number in SEARCHABLE.items()}


def document_row(document: Document, segment: int, *, searchable: bool) -> Row:
    """`segment` is the id of the segment of the document's capture."""
    language = document.article.language
    return {
        "segment": segment,
        "offset": document.offset,
        "run": document.run,
        "urlkey": urlkey(document.url),
        "timestamp": int(document.timestamp),
        "day": _day(document),
        "source": document.source,
        "language": None if language is None else storable(language),
        "searchable": SEARCHABLE[document.article.quality] if searchable else 0,
        "canonical": _canonical(document),
        "content": zstandard.ZstdCompressor(level=_LEVEL).compress(documents.line(document)),
    }


def matching_of(row: Found) -> Matching:
    """A row of a document and the digest of its capture."""
    return Matching(
        urlkey=row.urlkey,
        timestamp=f"{row.timestamp:014d}",
        digest=digest_text(row.digest),
        source=row.source,
        language=None if row.language is None else _restored(row.language),
        quality=_QUALITIES[row.searchable],
        day=row.day,
    )


def document_of(content: bytes) -> Document:
    """The document in the column `content`."""
    line = zstandard.ZstdDecompressor().decompress(content)
    return documents.from_json(json.loads(line))


def documents_of(found: Iterable[tuple[int, bytes]]) -> dict[int, Document]:
    """The documents of rows of `id` and `content`, by id."""
    unpack = zstandard.ZstdDecompressor().decompress
    return {id_: documents.from_json(json.loads(unpack(content))) for id_, content in found}


def storable(text: str) -> str:
    """The text without NUL, which PostgreSQL cannot keep; others stay different from it."""
    if "\0" in text or _ESCAPE in text:
        return text.replace(_ESCAPE, f"{_ESCAPE}1").replace("\0", f"{_ESCAPE}0")
    return text


def _restored(text: str) -> str:
    if _ESCAPE in text:
        return text.replace(f"{_ESCAPE}0", "\0").replace(f"{_ESCAPE}1", _ESCAPE)
    return text


def _form(key: str, url: str) -> int | None:
    """Number of the way in which the URL follows from its key; None when it does not."""
    prefix = 2 if url.startswith("http:") else 0
    prefix += url.startswith(_PREFIXES[prefix + 1])
    for form in (prefix, prefix + _SLASH):
        if _url(key, form) == url:
            return form
    return None


def _url(key: str, form: int) -> str:
    host, _, rest = key.partition(")")
    labels, colon, port = host.partition(":")
    name = ".".join(reversed(labels.split(",")))
    if form >= _SLASH:
        path, mark, query = rest.partition("?")
        rest = f"{path}/{mark}{query}"
    return f"{_PREFIXES[form % _SLASH]}{name}{colon}{port}{rest}"


def digest_bytes(digest: str) -> bytes:
    """32 bytes for a SHA-256; any other digest is text, padded so that it is longer than that."""
    match = _SHA256.fullmatch(digest)
    return bytes.fromhex(match[1]) if match else digest.encode().rjust(33)


def digest_text(data: bytes) -> str:
    """The digest in the column `digest` of captures."""
    return f"sha256:{data.hex()}" if len(data) == 32 else data.decode().lstrip()


def record_id_bytes(record_id: str) -> bytes:
    """16 bytes for a UUID; any other identifier is text, padded so that it is longer than that."""
    match = _UUID.fullmatch(record_id)
    return bytes.fromhex(match[1].replace("-", "")) if match else record_id.encode().rjust(17)


def _record_id_text(data: bytes) -> str:
    if len(data) != 16:
        return data.decode().lstrip()
    hexa = data.hex()
    return f"<urn:uuid:{hexa[:8]}-{hexa[8:12]}-{hexa[12:16]}-{hexa[16:20]}-{hexa[20:]}>"


def _day(document: Document) -> int:
    match = _DATE.match(document.article.published or "")
    if match:
        year, month, day = match.groups()
        return int(f"{year}{month or '01'}{day or '01'}")
    return int(document.timestamp[:8])


def _canonical(document: Document) -> str | None:
    """The key of the address that the page says it has; None: its own, or none that can be."""
    url = document.article.canonical_url
    if not url or len(url) > _LONGEST:
        return None
    try:
        key = urlkey(url)
    except UrlError:
        return None
    return None if key == urlkey(document.url) or len(key) > _LONGEST else key
