"""No request goes anywhere for the sake of a cookie."""

from __future__ import annotations

import socket

import pytest
from scrapy.downloadermiddlewares import cookies

from crawler.guard.cookies import use_bundled_suffixes


def test_suffixes_are_known_without_the_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("asked the network")

    monkeypatch.setattr(cookies, "_split_domain", cookies._split_domain)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    use_bundled_suffixes()
    found = cookies._split_domain("www.example.co.uk")
    assert (found.domain, found.suffix) == ("example", "co.uk")
