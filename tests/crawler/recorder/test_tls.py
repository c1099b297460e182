"""What is known of a TLS connection, directly and through a proxy's tunnel."""

from __future__ import annotations

import ssl
from pathlib import Path

import trustme

from tests.crawler.recorder.harness import crawl, request
from tests.servers.wire import WireServer, answering, reply, tunnel

PAGE = reply(b"p" * 3000, b"Content-Type: text/html; charset=utf-8")


def authority(folder: Path) -> tuple[trustme.CA, dict[str, str]]:
    """A certificate authority, and the environment in which it is the only trusted one."""
    ca = trustme.CA()
    ca.cert_pem.write_to_path(str(folder / "ca.pem"))
    empty = folder / "no-authorities"
    empty.mkdir()
    return ca, {"SSL_CERT_FILE": str(folder / "ca.pem"), "SSL_CERT_DIR": str(empty)}


def context(certificate: trustme.LeafCert) -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(made)
    return made


def test_certificates_are_kept_and_judged_but_not_insisted_on(tmp_path: Path) -> None:
    ca, environment = authority(tmp_path)
    right, wrong = ca.issue_cert("127.0.0.1"), ca.issue_cert("other.test")
    through = ca.issue_cert("localhost")
    with (
        WireServer(answering(PAGE), tls=context(right)) as good,
        WireServer(answering(PAGE), tls=context(wrong)) as bad,
        WireServer(answering(PAGE), tls=context(through)) as behind,
        WireServer(tunnel) as proxy,
    ):
        urls = [f"{good.url}/1", f"{good.url}/2", f"{bad.url}/1"]
        tunnelled = f"https://localhost:{behind.port}/through"
        requests = [request(url) for url in urls]
        requests += [request(tunnelled, meta={"proxy": proxy.url})]
        done = crawl(tmp_path / "crawl", requests, environment=environment)
    der = ssl.PEM_cert_to_DER_cert(right.cert_chain_pems[0].bytes().decode())
    assert len(done.exchanges) == 4
    for kept in done.of(urls[0]) + done.of(urls[1]):
        assert kept["connection"]["certificates"][0] == der.hex()
        assert kept["connection"]["cipher"].startswith("TLS_")
        assert (kept["connection"]["verified"], kept["connection"]["verification"]) == (True, None)
    (refused,) = done.of(urls[2])
    assert refused.response == PAGE
    assert refused["connection"]["verified"] is False
    assert refused["connection"]["verification"] == "the certificate is not for 127.0.0.1"
    (kept,) = done.of(tunnelled)
    assert proxy.wires[0].received.startswith(b"CONNECT localhost:")
    assert (kept.request, kept.response) == (bytes(behind.wires[0].received), PAGE)
    assert kept["connection"]["tls_version"] == "TLSv1.3"
    assert kept["connection"]["verified"] is True
