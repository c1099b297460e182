"""What a connection proves: address, TLS parameters, certificates, and whether those verify."""

from __future__ import annotations

import contextlib
import re
import ssl
import warnings
from datetime import UTC, datetime
from functools import cache
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.utils import CryptographyDeprecationWarning
from cryptography.x509.oid import ExtendedKeyUsageOID
from cryptography.x509.verification import (
    Criticality,
    ExtensionPolicy,
    Policy,
    PolicyBuilder,
    Store,
    Subject,
    VerificationError,
)

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
    builder = PolicyBuilder().store(Store(list(authorities)))
    builder = builder.extension_policies(ca_policy=_CA, ee_policy=_SERVER)
    try:
        verifier = builder.build_server_verifier(_subject(host))
    except ValueError:
        return _one_line(f"no certificate can be for the host {host!r}")
    try:
        verifier.verify(leaf, others)
    except VerificationError as error:
        return _reason(leaf, host, str(error))
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
    with warnings.catch_warnings():
        # Some have the serial number 0, against RFC 5280, 4.1.2.2; large ones among them.
        warnings.simplefilter("ignore", CryptographyDeprecationWarning)
        for der in context.get_ca_certs(binary_form=True):
            with contextlib.suppress(ValueError):  # what cannot be read vouches for nobody
                found.append(x509.load_der_x509_certificate(der))
    return tuple(found)


def _signs(policy: Policy, certificate: x509.Certificate, found: x509.ExtensionType | None) -> None:
    """A validator of `cryptography`: raises ValueError unless the key may sign certificates."""
    del policy, certificate
    if isinstance(found, x509.KeyUsage) and not found.key_cert_sign:
        raise ValueError("a certificate in the chain may not sign others")


def _is_authority(
    policy: Policy, certificate: x509.Certificate, found: x509.BasicConstraints
) -> None:
    """A validator likewise, for what must be an authority's certificate."""
    del policy, certificate
    if not found.ca:
        raise ValueError("a certificate in the chain is not an authority's")


def _serves(
    policy: Policy, certificate: x509.Certificate, found: x509.ExtensionType | None
) -> None:
    """A validator likewise, for the server's own certificate."""
    del policy, certificate
    usages = (ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE)
    if isinstance(found, x509.ExtendedKeyUsage) and not any(usage in found for usage in usages):
        raise ValueError("the certificate is not for servers")


# RFC 5280 without the rules that the CA/Browser Forum has for public authorities: what browsers and
# OpenSSL accept shall not appear as unverified because an extension is marked critical.
_CA = (
    ExtensionPolicy.permit_all()
    .require_present(x509.BasicConstraints, Criticality.AGNOSTIC, _is_authority)
    .may_be_present(x509.KeyUsage, Criticality.AGNOSTIC, _signs)
)
_SERVER = (
    ExtensionPolicy.permit_all()
    .require_present(x509.SubjectAlternativeName, Criticality.AGNOSTIC, None)
    .may_be_present(x509.ExtendedKeyUsage, Criticality.AGNOSTIC, _serves)
)


def _subject(host: str) -> Subject:
    try:
        return x509.IPAddress(ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _reason(leaf: x509.Certificate, host: str, error: str) -> str:
    present = datetime.now(UTC)
    if present > leaf.not_valid_after_utc:
        return f"the certificate expired on {leaf.not_valid_after_utc:%Y-%m-%d}"
    if present < leaf.not_valid_before_utc:
        return f"the certificate is not valid before {leaf.not_valid_before_utc:%Y-%m-%d}"
    if "no matching subjectAltName" in error:
        return f"the certificate is not for {host}"
    if leaf.issuer == leaf.subject:
        return "the certificate is self-signed"
    if "candidates exhausted" in error:
        return "the chain does not lead to an authority that this system trusts"
    return _one_line(error.partition(" (encountered processing")[0])


def _one_line(text: str) -> str:
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())
