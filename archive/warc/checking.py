"""Digests of records, whoever wrote them: SHA-256 in hexadecimal as ours, SHA-1 in Base32 as most.

Tools disagree on what a payload is: the body as it crossed the wire, with the transfer coding
undone (as the specification has it), or with the content coding undone too. One of them must fit.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Container, Iterator
from itertools import chain

from archive.codings import dechunk, decode_content
from archive.errors import ContentError, DigestMismatch
from archive.http import head_end
from archive.warc.reading import Record

_ALGORITHMS = {
    "md5": "md5",
    "sha1": "sha1",
    "sha-1": "sha1",
    "sha256": "sha256",
    "sha-256": "sha256",
    "sha512": "sha512",
    "sha-512": "sha512",
}


def check_digests(record: Record) -> None:
    """Raise DigestMismatch when the record states digests that are not those of its bytes.

    A digest in an algorithm that is not known says nothing.
    """
    stated = record.get("WARC-Block-Digest")
    if stated and is_digest_of(stated, record.block) is False:
        raise DigestMismatch(f"the block of {record.record_id} does not have the digest {stated}")
    stated = record.get("WARC-Payload-Digest")
    # A revisit states the digest of another record's payload; a cut one that of the whole.
    if not stated or record.type == "revisit" or record.get("WARC-Truncated"):
        return
    if is_payload_digest(stated, record) is False:
        raise DigestMismatch(f"the payload of {record.record_id} does not have the digest {stated}")


def _payloads(record: Record) -> Iterator[bytes]:
    content_type = (record.get("Content-Type") or "").lower().replace(" ", "")
    if not content_type.startswith("application/http"):
        yield record.block
        return
    end = head_end(record.block)
    body = record.block[end:] if end >= 0 else b""
    yield body
    head = record.head
    if head.chunked:
        body = dechunk(body)
        yield body
    codings = head.tokens(b"content-encoding")
    if codings:
        try:
            yield decode_content(codings, body)
        except ContentError:
            return


def is_payload_digest(stated: str, record: Record) -> bool | None:
    """Whether a digest is that of the record's payload; None for an algorithm that is not known."""
    fits = (is_digest_of(stated, payload) for payload in _payloads(record))
    return next((fit for fit in fits if fit is not False), False)


def is_digest_of(stated: str, data: bytes) -> bool | None:
    """Whether it is the digest of the data; None for an algorithm that is not known."""
    algorithm = algorithm_of(stated)
    return None if algorithm is None else is_among(stated, _forms(algorithm, data))


def algorithm_of(stated: str) -> str | None:
    """The algorithm of a digest as hashlib calls it; None for one that is not known."""
    return _ALGORITHMS.get(stated.strip().partition(":")[0].lower())


def payload_digests(record: Record, algorithm: str) -> frozenset[str]:
    """Digests of whatever may be called the record's payload, for `is_among`."""
    return frozenset(
        chain.from_iterable(_forms(algorithm, payload) for payload in _payloads(record))
    )


def is_among(stated: str, digests: Container[str]) -> bool:
    """Whether a digest is one of those that are in the same algorithm."""
    value = stated.strip().partition(":")[2]
    return value.lower() in digests or value.rstrip("=").upper() in digests


def _forms(algorithm: str, data: bytes) -> tuple[str, str]:
    """In lower-case hexadecimal digits, and in Base32 without its padding."""
    digest = hashlib.new(algorithm, data, usedforsecurity=False).digest()
    return digest.hex(), base64.b32encode(digest).decode().rstrip("=")
