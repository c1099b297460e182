"""What a connection proves: address, TLS parameters, certificates, and whether those verify."""

from __future__ import annotations

import contextlib
import re
import ssl
from datetime import UTC, datetime
from functools import cache
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.verification import PolicyBuilder, Store, Subject, VerificationError

from archive.model import Connection

_HASHED_NAME = re.compile(r"[0-9a-f]{8}\.\d+")


def connection_of(transport: Any) -> Connection:
    """Address and TLS parameters of a Twisted transport whose handshake is over; not verified."""
    ip = getattr(transport.getPeer(), "host", None)
    if not hasattr(transport, "getPeerCertificate"):
        return Connection(ip=ip)
    handle = transport.getHandle()
    chain = handle.get_peer_cert_chain(as_cryptography=True) or ()
    return Connection(
        ip=ip,
        tls_version=handle.get_protocol_version_name(),
        cipher=handle.get_cipher_name(),
        certificates=tuple(certificate.public_bytes(Encoding.DER) for certificate in chain),
    )


def why_unverified(chain: tuple[bytes, ...], host: str) -> str | None:
    """Why a chain (DER, the server's own first) does not verify for the host; None: it does.

    Against the authorities that this system trusts, at the present time. One line. Blocks for
    milliseconds, and longer at the first call.
    """
    try:
        leaf, *others = (x509.load_der_x509_certificate(der) for der in chain)
    except ValueError as error:
        return _one_line(f"the certificate cannot be read: {error}")
    authorities = trusted_authorities()
    if not authorities:
        return "this system trusts no certificate authority"
    verifier = PolicyBuilder().store(Store(list(authorities))).build_server_verifier(_subject(host))
    try:
        verifier.verify(leaf, others)
    except VerificationError as error:
        return _reason(leaf, error)
    return None


@cache
def trusted_authorities() -> tuple[x509.Certificate, ...]:
    """What OpenSSL would trust by default, SSL_CERT_FILE and SSL_CERT_DIR included."""
    context = ssl.create_default_context()
    folder = ssl.get_default_verify_paths().capath
    # OpenSSL reads a folder by need, so that the context lists none of it.
    for file in Path(folder).iterdir() if folder else ():
        if _HASHED_NAME.fullmatch(file.name):
            with contextlib.suppress(ssl.SSLError, OSError):  # unreadable: trusted by nobody
                context.load_verify_locations(file)
    found = []
    for described, der in zip(context.get_ca_certs(), context.get_ca_certs(True), strict=True):
        # RFC 5280, 4.1.2.2; old authorities without a positive number are no longer to be read.
        if int(str(described["serialNumber"]), 16) > 0:
            with contextlib.suppress(ValueError):  # what cannot be read vouches for nobody
                found.append(x509.load_der_x509_certificate(der))
    return tuple(found)


def _subject(host: str) -> Subject:
    try:
        return x509.IPAddress(ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _reason(leaf: x509.Certificate, error: VerificationError) -> str:
    present = datetime.now(UTC)
    if present > leaf.not_valid_after_utc:
        return f"the certificate expired on {leaf.not_valid_after_utc:%Y-%m-%d}"
    if present < leaf.not_valid_before_utc:
        return f"the certificate is not valid before {leaf.not_valid_before_utc:%Y-%m-%d}"
    if leaf.issuer == leaf.subject:
        return "the certificate is self-signed"
    return _one_line(str(error))


def _one_line(text: str) -> str:
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())
