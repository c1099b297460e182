"""The one proxy that is configured, and no other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrapy.exceptions import NotConfigured

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler


class ConfiguredProxy:
    """Sends every request through PRESSMARK_PROXY; the environment's proxies are never used.

    The guard then sees the proxy's address alone, and a proxy in a private network needs that
    address in PRESSMARK_ALLOW_NETWORKS. What names lead to from there is for the proxy to guard.
    """

    def __init__(self, proxy: str) -> None:
        self._proxy = proxy

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> ConfiguredProxy:
        """Raises NotConfigured when there is no proxy."""
        proxy = crawler.settings.get("PRESSMARK_PROXY")
        if not proxy:
            raise NotConfigured
        return cls(proxy)

    def process_request(self, request: Request) -> None:
        """Sets `proxy` in meta, which Scrapy's proxy middleware takes before the environment."""
        request.meta["proxy"] = self._proxy
