"""The capture of a record that stands in a file: what rebuilds the index from WARC alone."""

from __future__ import annotations

from functools import lru_cache
from typing import cast, get_args

from archive.codings import dechunk
from archive.digests import sha256
from archive.errors import DigestMismatch, RecordError, UrlError
from archive.http import head_end, parse_head
from archive.model import Capture, Kind, Truncation
from archive.names import source_of
from archive.timestamps import TimestampError, from_warc_date, to_timestamp
from archive.urlkey import urlkey
from archive.warc.reading import Member, Record

_key = lru_cache(16)(urlkey)  # asked for twice a record


def payload_of(record: Record) -> bytes:
    """The body with transfer coding undone and content coding kept."""
    head = record.head
    body = record.block[head.length :]
    return dechunk(body) if head.chunked else body


def check_payload(record: Record) -> None:
    """Raise DigestMismatch when the payload of a response is not the one that the record names."""
    stated = record.get("WARC-Payload-Digest") or ""
    named = record.type == "response" and stated.startswith("sha256:")
    if named and stated != sha256(payload_of(record)):
        raise DigestMismatch(f"the payload of {record.record_id} is not what was written")


def is_indexed(record: Record) -> bool:
    """Whether the record is one that has an index line: a response or revisit of an http(s) URL.

    Other tools keep answers of name servers too, and what they found at places that are no URLs.
    """
    if record.type not in ("response", "revisit"):
        return False
    try:
        return bool(_key(record.url))
    except UrlError:
        return False


def capture_of(member: Member, filename: str, *, request_length: int | None = None) -> Capture:
    """The index line of a `response` or `revisit` record. Raises RecordError.

    `request_length`: compressed bytes of the request's member right before it.
    """
    record = member.record
    try:
        timestamp = to_timestamp(from_warc_date(record.get("WARC-Date") or ""))
        key = _key(record.url)
    except (TimestampError, UrlError) as error:
        raise RecordError(f"{filename} at {member.offset}: {error}") from error
    # A head that did not come whole counts for nothing.
    head = record.head if head_end(record.block) >= 0 else parse_head(b"")
    truncated = record.get("WARC-Truncated")
    return Capture(
        urlkey=key,
        timestamp=timestamp,
        url=record.url,
        mime="warc/revisit" if record.type == "revisit" else head.mime,
        status=head.status,
        digest=_payload_digest(record),
        filename=filename,
        offset=member.offset,
        length=member.length,
        record_id=record.record_id,
        source=record.get("Pressmark-Source") or source_of(filename),
        job=record.get("Pressmark-Job"),
        request_length=request_length,
        truncated=_truncation(truncated),
        kind=_kind(record.get("Pressmark-Kind")),
    )


def _payload_digest(record: Record) -> str:
    stated = record.get("WARC-Payload-Digest") or ""
    # What another tool calls the payload may be something else: see archive.warc.checking.
    ours = stated.startswith("sha256:") and record.get("Pressmark-Source") is not None
    return stated if record.type == "revisit" or ours else sha256(payload_of(record))


def _truncation(value: str | None) -> Truncation | None:
    if value is None:
        return None
    return cast("Truncation", value) if value in get_args(Truncation) else "unspecified"


def _kind(value: str | None) -> Kind | None:
    return cast("Kind", value) if value in get_args(Kind) else None
