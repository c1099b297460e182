"""Certificates for records of TLS exchanges."""

from __future__ import annotations

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding


@pytest.fixture(scope="session")
def certificate() -> bytes:
    """A server certificate in DER."""
    issued = trustme.CA().issue_cert("example.org")
    pem = issued.cert_chain_pems[0].bytes()
    return x509.load_pem_x509_certificate(pem).public_bytes(Encoding.DER)
