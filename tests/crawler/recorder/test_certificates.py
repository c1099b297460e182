from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta

import pytest
import trustme
from cryptography import x509

from crawler.recorder import certificates
from crawler.recorder.certificates import why_unverified

PAST = datetime(2020, 1, 1, tzinfo=UTC)


def der(certificate: trustme.LeafCert) -> tuple[bytes, ...]:
    """The chain as a server sends it."""
    pems = (blob.bytes().decode() for blob in certificate.cert_chain_pems)
    return tuple(ssl.PEM_cert_to_DER_cert(pem) for pem in pems)


@pytest.fixture
def ca(monkeypatch: pytest.MonkeyPatch) -> trustme.CA:
    """The only authority that is trusted."""
    made = trustme.CA()
    root = x509.load_pem_x509_certificate(made.cert_pem.bytes())
    monkeypatch.setattr(certificates, "trusted_authorities", lambda: (root,))
    return made


@pytest.mark.parametrize("host", ["news.test", "a.wild.test", "127.0.0.1", "::1"])
def test_verifies_for_each_name(ca: trustme.CA, host: str) -> None:
    chain = der(ca.issue_cert("news.test", "*.wild.test", "127.0.0.1", "::1"))
    assert why_unverified(chain, host) is None


def test_verifies_over_an_intermediate(ca: trustme.CA) -> None:
    chain = der(ca.create_child_ca().issue_cert("news.test"))
    assert len(chain) == 2
    assert why_unverified(chain, "news.test") is None
    assert "does not lead to an authority" in str(why_unverified(chain[:1], "news.test"))


@pytest.mark.parametrize("host", ["other.test", "a.b.wild.test", "127.0.0.2", "", "b\u00fc.test"])
def test_wrong_host(ca: trustme.CA, host: str) -> None:
    assert why_unverified(der(ca.issue_cert("news.test", "*.wild.test", "127.0.0.1")), host)


def test_expired(ca: trustme.CA) -> None:
    chain = der(ca.issue_cert("news.test", not_before=PAST, not_after=PAST + timedelta(days=9)))
    assert why_unverified(chain, "news.test") == "the certificate expired on 2020-01-10"


def test_not_yet_valid(ca: trustme.CA) -> None:
    future = datetime(2120, 1, 1, tzinfo=UTC)
    chain = der(ca.issue_cert("news.test", not_before=future, not_after=future + timedelta(days=9)))
    assert why_unverified(chain, "news.test") == "the certificate is not valid before 2120-01-01"


def test_an_authority_that_is_not_trusted(ca: trustme.CA) -> None:
    assert why_unverified(der(trustme.CA().issue_cert("news.test")), "news.test")


def test_a_server_is_no_authority(ca: trustme.CA) -> None:
    impostor = ca.issue_cert("news.test")
    victim = trustme.CA.from_pem(
        impostor.cert_chain_pems[0].bytes(), impostor.private_key_pem.bytes()
    ).issue_cert("victim.test")
    assert why_unverified((*der(victim)[:1], *der(impostor)), "victim.test")


@pytest.mark.parametrize("chain", [(), (b"no certificate",)])
def test_what_is_no_chain(ca: trustme.CA, chain: tuple[bytes, ...]) -> None:
    reason = why_unverified(chain, "news.test")
    assert reason
    assert "\n" not in reason


def test_no_authority_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(certificates, "trusted_authorities", lambda: ())
    chain = der(trustme.CA().issue_cert("news.test"))
    assert why_unverified(chain, "news.test") == "this system trusts no certificate authority"
