"""WARC/1.1 records (ISO 28500:2017) of exchanges: fields and verbatim blocks, ready to compress."""

from __future__ import annotations

import hashlib
import re
import socket
import ssl
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from importlib.metadata import version

from archive.digests import sha256
from archive.errors import ArchiveError
from archive.model import Connection, Exchange
from archive.timestamps import to_warc_date

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_FIELD_LINE = r"[A-Za-z0-9!#$%&'*+.^_`|~-]+: [^\x00-\x1f\x7f-\x9f\u2028\u2029]*"
_FIELD_LINES = re.compile(rf"{_FIELD_LINE}(?:\n{_FIELD_LINE})*")
_TLS_VERSION = re.compile(r"(TLS|SSL)v?(\d(?:\.\d)?)")
_PLAIN_HEAD = re.compile(rb"[^\r\n]+(?:\r\n[^\s:]+:[^\r\n]*)*\r\n\r\n", re.DOTALL)

SOFTWARE = f"Pressmark/{version('pressmark')}"


class FieldError(ArchiveError):
    """A value that would break a record header apart: control characters. Never write it."""


def new_record_id() -> str:
    """A fresh `<urn:uuid:...>` (RFC 4122, version 4)."""
    return f"<{uuid.uuid4().urn}>"


@dataclass(frozen=True, slots=True, kw_only=True)
class WarcRecord:
    """One record to be written. `fields` lacks WARC-Type, WARC-Record-ID and Content-Length."""

    type: str  #: WARC-Type, e.g. "response"
    fields: tuple[tuple[str, str], ...]  #: named fields in the order of writing
    block: Iterable[bytes]  #: the block in pieces, verbatim
    length: int  #: bytes of the block
    record_id: str = field(default_factory=new_record_id)  #: "<urn:uuid:...>"

    def pieces(self) -> Iterator[bytes]:
        """The record as it stands in the file before compression. Raises FieldError."""
        yield header_bytes(
            (
                ("WARC-Type", self.type),
                ("WARC-Record-ID", self.record_id),
                *self.fields,
                ("Content-Length", str(self.length)),
            )
        )
        yield from self.block
        yield b"\r\n\r\n"


def header_bytes(fields: Iterable[tuple[str, str]]) -> bytes:
    """Version line and named fields in UTF-8 (WARC/1.1, 4). Raises FieldError."""
    lines = [f"{name}: {value}" for name, value in fields]
    # One search a record instead of two a field; the culprit is looked for only if there is one.
    text = "\n".join(lines)
    if text.count("\n") >= len(lines) or not _FIELD_LINES.fullmatch(text):
        wrong = next(line for line in lines if "\n" in line or not _FIELD_LINES.fullmatch(line))
        raise FieldError(f"this cannot stand in a WARC header: {wrong[:200]!r}")
    return "\r\n".join(["WARC/1.1", *lines, "", ""]).encode()


def warcinfo(filename: str, started: datetime, *, source: str) -> WarcRecord:
    """The first record of a file: who wrote it, by which rules."""
    fields = {
        "software": SOFTWARE,
        "format": "WARC File Format 1.1",
        "conformsTo": "https://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/",
        "hostname": socket.gethostname(),
        "isPartOf": source,
        "description": (
            "Blocks are the bytes as they crossed the wire. Digests are SHA-256; a payload digest "
            "is left out where the body is chunked and stands in the CDXJ instead."
        ),
    }
    block = "".join(f"{name}: {value}\r\n" for name, value in fields.items()).encode()
    return WarcRecord(
        type="warcinfo",
        fields=(
            ("WARC-Date", to_warc_date(started)),
            ("WARC-Filename", filename),
            ("Content-Type", "application/warc-fields"),
            ("WARC-Block-Digest", sha256(block)),
        ),
        block=[block],
        length=len(block),
    )


def chain_digest(connection: Connection) -> str:
    """`sha256:<hex>` over the certificates as the server sent them: what names a chain."""
    return f"sha256:{hashlib.sha256(b''.join(connection.certificates)).hexdigest()}"


def certificate_chain(connection: Connection, moment: datetime, host: str) -> WarcRecord:
    """A `resource` record with the chain in PEM (RFC 7468), the server's own certificate first."""
    # Not parsed: whatever a server calls its certificate is kept.
    block = "".join(map(ssl.DER_cert_to_PEM_cert, connection.certificates)).encode()
    return WarcRecord(
        type="resource",
        fields=(
            ("WARC-Target-URI", f"urn:pressmark:certificate-chain:{chain_digest(connection)}"),
            ("WARC-Date", to_warc_date(moment)),
            ("Content-Type", "application/pem-certificate-chain"),
            ("WARC-Block-Digest", sha256(block)),
            ("Pressmark-Host", host),
        ),
        block=[block],
        length=len(block),
    )


def exchange_records(
    exchange: Exchange, *, warcinfo_id: str, chain_id: str | None
) -> tuple[WarcRecord, WarcRecord]:
    """`(request, response)`, joined by WARC-Concurrent-To; they stand in the file in this order."""
    request_id = new_record_id()
    common = (
        ("WARC-Target-URI", exchange.url),
        ("WARC-Date", to_warc_date(exchange.started)),
        ("WARC-Warcinfo-ID", warcinfo_id),
        *_connection_fields(exchange.connection),
        *_origin_fields(exchange),
    )
    response = WarcRecord(
        type="response",
        fields=(
            *common,
            ("WARC-Concurrent-To", request_id),
            ("Content-Type", "application/http;msgtype=response"),
            ("WARC-Block-Digest", exchange.block_digest()),
            *_payload_fields(exchange),
            *_certificate_fields(exchange.connection, chain_id),
        ),
        block=exchange.response.pieces(),
        length=exchange.response.size,
    )
    request_block = bytes(exchange.request)
    request = WarcRecord(
        type="request",
        record_id=request_id,
        fields=(
            *common,
            ("WARC-Concurrent-To", response.record_id),
            ("Content-Type", "application/http;msgtype=request"),
            ("WARC-Block-Digest", sha256(request_block)),
            *[("Pressmark-Redacted", name) for name in exchange.redacted],
        ),
        block=[request_block],
        length=len(request_block),
    )
    return request, response


def _connection_fields(connection: Connection) -> Sequence[tuple[str, str]]:
    fields = [("WARC-Protocol", "http/1.1")]
    if connection.ip:
        fields.append(("WARC-IP-Address", connection.ip))
    if connection.tls_version:
        match = _TLS_VERSION.match(connection.tls_version)
        name = f"{match[1].lower()}/{match[2]}" if match else connection.tls_version.lower()
        fields.append(("WARC-Protocol", name))
    if connection.cipher:
        fields.append(("WARC-Cipher-Suite", connection.cipher))
    return fields


def _origin_fields(exchange: Exchange) -> Iterator[tuple[str, str]]:
    yield "Pressmark-Source", exchange.source
    if exchange.job:
        yield "Pressmark-Job", exchange.job
    if exchange.kind:
        yield "Pressmark-Kind", exchange.kind
    if exchange.via:
        yield "Pressmark-Via", exchange.via


def _payload_fields(exchange: Exchange) -> Iterator[tuple[str, str]]:
    if exchange.truncated:
        yield "WARC-Truncated", exchange.truncated
    # Validators hash what follows the head, the specification (WARC/1.1, 5.9) what follows it with
    # transfer coding undone. The optional field is written only where both mean the same bytes.
    elif _payload_is_plain(exchange):
        yield "WARC-Payload-Digest", exchange.payload_digest()


def _payload_is_plain(exchange: Exchange) -> bool:
    if not exchange.head_length:
        return False
    head = b"".join(_first(exchange.response.pieces(), exchange.head_length))
    return b"transfer-encoding" not in head.lower() and bool(_PLAIN_HEAD.fullmatch(head))


def _first(pieces: Iterable[bytes], length: int) -> Iterator[bytes]:
    for piece in pieces:
        yield piece[:length]
        length -= len(piece)
        if length <= 0:
            return


def _certificate_fields(connection: Connection, chain_id: str | None) -> Iterator[tuple[str, str]]:
    if chain_id:
        yield "Pressmark-Certificate-Chain", chain_id
    if connection.verified is not None:
        verdict = "yes" if connection.verified else f"no; {connection.verification or 'unknown'}"
        yield "Pressmark-Certificate-Verified", _CONTROL.sub(" ", verdict)
