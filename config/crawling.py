"""The configuration in terms of Scrapy's settings."""

from __future__ import annotations

from urllib.parse import urlsplit

from config.schema import Configuration
from config.sources import Source, SourceDefaults


def crawl_settings(
    configuration: Configuration, source: SourceDefaults | None = None
) -> dict[str, object]:
    """Settings of a crawl of one source; without one, those that hold for all sources.

    config/settings.py says what the names that begin with PRESSMARK_ are.
    """
    rules = configuration.defaults if source is None else source
    sources = (source,) if isinstance(source, Source) else configuration.sources
    return {
        "PRESSMARK_ALLOW_NETWORKS": [str(network) for network in configuration.allow_networks],
        "PRESSMARK_CONCURRENCY": rules.concurrency,
        "PRESSMARK_DELAY": rules.delay,
        "PRESSMARK_HEADERS": secret_headers(sources),
        "PRESSMARK_KEEP_SECRETS": configuration.keep_secrets,
        "PRESSMARK_MEDIA_LIMIT": configuration.limits.media,
        "PRESSMARK_ONDEMAND_ROBOTS": configuration.ondemand.robots,
        "PRESSMARK_PAGE_LIMIT": configuration.limits.page,
        "PRESSMARK_PROXY": configuration.proxy or "",
        "PRESSMARK_REQUISITE_DELAY": configuration.requisite_delay,
        "PRESSMARK_SECRETS": list(configuration.secret_values),
        "PRESSMARK_TIMEOUT": configuration.limits.timeout,
        "ROBOTSTXT_OBEY": rules.robots == "obey",
        "USER_AGENT": configuration.agent,
    }


def secret_headers(sources: tuple[Source, ...]) -> dict[str, dict[str, str]]:
    """For the origin of each seed the headers that its source sends there."""
    headers: dict[str, dict[str, str]] = {}
    for source in sources:
        values = {name: value.get_secret_value() for name, value in source.headers.items()}
        for seed in source.seeds if values else ():
            place = urlsplit(seed)
            origin = f"{place.scheme}://{place.netloc.rpartition('@')[2]}"
            headers.setdefault(origin, {}).update(values)
    return headers
