"""Cookies without a call home: Scrapy's middleware asks two servers for the public suffix list."""

from __future__ import annotations

from scrapy.downloadermiddlewares import cookies
from tldextract import TLDExtract


def use_bundled_suffixes() -> None:
    """Make Scrapy judge cookie domains by the list that tldextract brings along.

    Its own extractor fetches the list at its first cookie, past the guard and the reactor.
    """
    cookies._split_domain = TLDExtract(suffix_list_urls=(), include_psl_private_domains=True)
