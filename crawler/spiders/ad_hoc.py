"""Sources of URLs that somebody names on the command line."""

from __future__ import annotations

from urllib.parse import urlsplit

from archive.names import source_name
from config.sources import Source
from crawler.spiders.page import check_url


def ad_hoc(url: str) -> Source:
    """A source of one or several URLs (separated by white space), named for the first one's host.

    Raises UrlError.
    """
    seeds = tuple(check_url(one) for one in url.split())
    return Source(name=slug(seeds[0] if seeds else ""), seeds=seeds)


def slug(url: str) -> str:
    """The host of a URL as the name of a source: [a-z0-9][a-z0-9_]{0,39}, and not `ondemand`."""
    host = (urlsplit(url).hostname or "").removeprefix("www.")
    name = source_name(host)
    return "ondemand_host" if name == "ondemand" else name
