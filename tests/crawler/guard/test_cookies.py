"""No request goes anywhere for the sake of a cookie."""

from __future__ import annotations

import socket

import pytest
from scrapy.downloadermiddlewares import cookies
from tldextract.cache import DiskCache

from crawler.guard.cookies import use_bundled_suffixes
from tests.failing import raising


def test_suffixes_are_known_without_the_network(monkeypatch: pytest.MonkeyPatch) -> None:
    # A list that was fetched once would hide that it is fetched.
    monkeypatch.setattr(DiskCache, "get", raising(KeyError("nothing was kept")))
    monkeypatch.setattr(cookies, "_split_domain", cookies._split_domain)
    monkeypatch.setattr(socket, "getaddrinfo", raising(AssertionError("asked the network")))
    use_bundled_suffixes()
    found = cookies._split_domain("www.example.co.uk")
    assert (found.domain, found.suffix) == ("example", "co.uk")
