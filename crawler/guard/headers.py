"""Credentials in requests: configured headers for their own host only, none in URLs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from scrapy.exceptions import NotConfigured
from scrapy.utils.httpobj import urlparse_cached
from w3lib.http import basic_auth_header

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler

Headers = Mapping[str, str]


class SecretHeaders:
    """Sets the headers of PRESSMARK_HEADERS, and takes them off requests to any other host.

    The setting maps a host to header names and values. They are sent to exactly that host, over
    https; when the host is written as "http://host[:port]", over http to that port too.
    """

    def __init__(self, configured: Mapping[str, Headers]) -> None:
        self._https: dict[str, dict[str, str]] = {}
        self._http: dict[tuple[str, int], dict[str, str]] = {}
        self._values: dict[str, set[bytes]] = {}
        for key, headers in configured.items():
            place = urlsplit(key if "://" in key else f"https://{key}")
            host = place.hostname or ""
            self._https.setdefault(host, {}).update(headers)
            if place.scheme == "http":
                self._http.setdefault((host, place.port or 80), {}).update(headers)
            for name, value in headers.items():
                self._values.setdefault(name.lower(), set()).add(value.encode("latin-1"))

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> SecretHeaders:
        """Raises NotConfigured when there are no such headers."""
        configured = crawler.settings.getdict("PRESSMARK_HEADERS")
        if not configured:
            raise NotConfigured
        return cls(configured)

    def process_request(self, request: Request) -> None:
        """A redirected request comes with the headers of the one before it."""
        for name, values in self._values.items():
            if values.intersection(request.headers.getlist(name)):
                del request.headers[name]
        for name, value in self._headers_for(request).items():
            request.headers[name] = value.encode("latin-1")

    def _headers_for(self, request: Request) -> Headers:
        place = urlparse_cached(request)
        host = place.hostname or ""
        if place.scheme == "https":
            return self._https.get(host, {})
        return self._http.get((host, place.port or 80), {})


class Userinfo:
    """Turns "http://name:password@host/" into a request without them and with Authorization.

    Scrapy drops that header when it is redirected to another origin.
    """

    def process_request(self, request: Request) -> Request | None:
        """The request to send instead, where there is userinfo in the URL."""
        place = urlparse_cached(request)
        userinfo, at, netloc = place.netloc.rpartition("@")
        if not at:
            return None
        name, _, password = userinfo.partition(":")
        url = request.url.replace(f"//{place.netloc}", f"//{netloc}", 1)
        bare = request.replace(url=url, dont_filter=True)
        if userinfo.strip(":"):
            bare.headers["Authorization"] = basic_auth_header(
                unquote(name), unquote(password), encoding="utf-8"
            )
        return bare
