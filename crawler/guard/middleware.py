"""The guard's place among the downloader middlewares: next to the download handler."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

from scrapy.exceptions import CannotResolveHostError
from scrapy.utils.httpobj import urlparse_cached

from archive.errors import AddressRefused
from crawler.guard.errors import GuardMissing, RequestRefused
from crawler.guard.resolver import GuardedResolver, install, networks_of

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler


def ensure(crawler: Crawler) -> GuardedResolver:
    """The resolver in place in this process, put there if need be.

    A command's process and a worker's runner come by it in different ways, so whoever depends on
    the guard calls this. Raises GuardMissing, or ValueError for a setting that is no network.
    """
    if not crawler.settings.getbool("TWISTED_REACTOR_ENABLED"):
        raise GuardMissing("without the Twisted reactor (TWISTED_REACTOR_ENABLED) nothing is safe")
    from twisted.internet import reactor

    return install(reactor, networks_of(crawler.settings))


class Guard:
    """Sees to the resolver, sets the limit of size, and turns refusals into errors of our own.

    Those are final. What Scrapy makes of them, "host not found" and "download failed", it would
    try three times, without the reason.
    """

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._media_limit = crawler.settings.getint("PRESSMARK_MEDIA_LIMIT")
        self._resolver = ensure(crawler)
        from twisted.internet import reactor

        self._reactor: Any = reactor

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Guard:
        """Raises GuardMissing."""
        return cls(crawler)

    def process_request(self, request: Request) -> None:
        """Raises RequestRefused for an address that stands in the URL itself."""
        if self._reactor.nameResolver is not self._resolver:
            # AsyncCrawlerProcess installs one after the first crawl was created.
            self._resolver = ensure(self._crawler)
        if request.meta.get("pressmark_kind") == "media":
            request.meta.setdefault("download_maxsize", self._media_limit)
        host = urlparse_cached(request).hostname or ""
        address = spelled_out(host)
        if address is not None and not self._resolver.networks.permits(address):
            raise RequestRefused(host, address)

    def process_exception(self, request: Request, exception: Exception) -> None:
        """Raises RequestRefused where the guard is behind the exception."""
        if isinstance(exception, RequestRefused):
            return
        if isinstance(exception, AddressRefused):
            raise RequestRefused(exception.host, exception.address) from exception
        if isinstance(exception, CannotResolveHostError):
            refused = self._resolver.refusal(urlparse_cached(request).hostname or "")
            if refused is not None:
                raise RequestRefused(refused.host, refused.address) from exception


def spelled_out(host: str) -> str | None:
    """The address that a host is, in any spelling that connects: "127.1", "0x7f000001", "::1"."""
    if ":" in host:
        return host
    try:
        return socket.inet_ntoa(socket.inet_aton(host))
    except (OSError, UnicodeError):
        return None
