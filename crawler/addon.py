"""The Scrapy add-on: one line in ADDONS makes any spider's crawl an archived and guarded one.

What concerns safety, or whether exchanges are recorded at all, is set above everything. The rest
are defaults: a project's settings, a spider's and the command line's win over them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from scrapy.downloadermiddlewares.httpcompression import HttpCompressionMiddleware
from scrapy.settings import SETTINGS_PRIORITIES
from scrapy.utils.misc import load_object

from config.crawling import crawl_settings
from config.load import load
from crawler.extension import SessionExtension
from crawler.guard.codings import BoundedCompression
from crawler.guard.cookies import use_bundled_suffixes
from crawler.guard.headers import SecretHeaders, Userinfo
from crawler.guard.logs import escape_log_records
from crawler.guard.middleware import Guard
from crawler.guard.proxy import ConfiguredProxy
from crawler.pace import PacedDownloader
from crawler.resuming import ResumptionMiddleware
from pipelines.documents import DocumentsPipeline
from pipelines.text.pipeline import TextPipeline

if TYPE_CHECKING:
    from scrapy.settings import BaseSettings

ABOVE_ALL = SETTINGS_PRIORITIES["cmdline"] + 10

OWN_DEFAULTS: dict[str, object] = {
    "PRESSMARK_JITTER": 0.1,
    "PRESSMARK_MINIMUM_RATE": 512,
    "PRESSMARK_RATE_WINDOW": 20.0,
    "PRESSMARK_REQUISITE_CONCURRENCY": 4,
}
"""Settings that pressmark.yaml has no key for; config/settings.py says what each of them is."""

_ENFORCED: dict[str, object] = {
    "REMOTE_CONTROL_ENABLED": False,  # executes what it is sent
    "TELNETCONSOLE_ENABLED": False,  # likewise
    # For a runner these change nothing; crawler.guard.middleware.Guard sees to it in any case.
    "TWISTED_DNS_RESOLVER": "crawler.guard.resolver.ProcessResolver",
}

_DEFAULTS: dict[str, object] = {
    # Scrapy makes so many tasks for each response. Only pages that wait for their text need one.
    "CONCURRENT_ITEMS": 8,
    "COOKIES_ENABLED": False,
    "DOWNLOADER": PacedDownloader,
    "HTTPCACHE_ENABLED": False,  # an answer from the cache is no exchange, so it would be missing
    "REFERRER_POLICY": "same-origin",  # Scrapy's own sends whole URLs, with tokens in them, abroad
}

# From the engine's side to the download handler's. Scrapy's own stand between them, by the numbers
# of DOWNLOADER_MIDDLEWARES_BASE in scrapy.settings.default_settings.
_MIDDLEWARES: dict[type, int] = {
    Userinfo: 20,  # before robots.txt, whose URL is made of the request's
    SecretHeaders: 720,  # behind redirection
    ConfiguredProxy: 740,  # right before Scrapy's proxy middleware
    Guard: 890,  # behind retrying, so that its word on an exception comes first
    ResumptionMiddleware: 895,  # in the place of the network
}


class PressmarkAddon:
    """For ADDONS: `{"crawler.addon.PressmarkAddon": 0}`."""

    handler: ClassVar[str] = "crawler.recorder.handler.RecordingDownloadHandler"

    extensions: ClassVar[dict[type, int]] = {SessionExtension: 0}
    item_pipelines: ClassVar[dict[type, int]] = {TextPipeline: 300, DocumentsPipeline: 400}

    @classmethod
    def update_pre_crawler_settings(cls, settings: BaseSettings) -> None:
        """What AsyncCrawlerProcess reads of its own settings, before there is a crawler."""
        _set(settings, _ENFORCED, ABOVE_ALL)
        name = "PRESSMARK_ALLOW_NETWORKS"
        settings.set(name, crawl_settings(load())[name], SETTINGS_PRIORITIES["addon"])

    def update_settings(self, settings: BaseSettings) -> None:
        """Called by Scrapy when a crawler is made, after the spider's own settings are in."""
        escape_log_records()
        use_bundled_suffixes()
        addon = SETTINGS_PRIORITIES["addon"]
        _set(settings, _ENFORCED, ABOVE_ALL)
        self._restrict_schemes(settings)
        _set(settings, _DEFAULTS, addon)
        _set(settings, OWN_DEFAULTS, addon)
        _set(settings, crawl_settings(load()), addon)
        _set(settings, _limits(settings), addon)
        _set(settings, _pace(settings), addon)
        _set(settings, {"HTTPPROXY_ENABLED": bool(settings["PRESSMARK_PROXY"])}, addon)
        self._register(settings)

    def _restrict_schemes(self, settings: BaseSettings) -> None:
        """Only http and https, and only by the handler that records and guards."""
        schemes = settings.getwithbase("DOWNLOAD_HANDLERS")
        handlers: dict[str, str | None] = dict.fromkeys(schemes)
        handlers |= {"http": self.handler, "https": self.handler}
        settings.set("DOWNLOAD_HANDLERS", handlers, ABOVE_ALL)

    def _register(self, settings: BaseSettings) -> None:
        for name, components in (
            ("DOWNLOADER_MIDDLEWARES", _MIDDLEWARES),
            ("EXTENSIONS", self.extensions),
            ("ITEM_PIPELINES", self.item_pipelines),
        ):
            for component, place in components.items():
                settings.setdefault_in_component_priority_dict(name, component, place)
        _replace_compression(settings)


def _set(settings: BaseSettings, values: dict[str, object], priority: int) -> None:
    for name, value in values.items():
        settings.set(name, value, priority)


def _limits(settings: BaseSettings) -> dict[str, object]:
    return {
        "DOWNLOAD_MAXSIZE": settings.getint("PRESSMARK_PAGE_LIMIT"),
        "DOWNLOAD_TIMEOUT": settings.getfloat("PRESSMARK_TIMEOUT"),
    }


def _pace(settings: BaseSettings) -> dict[str, object]:
    """The delay is that of Scrapy, so that a DOWNLOAD_DELAY of the user counts everywhere.

    Scrapy's autothrottle keeps between its start delay or DOWNLOAD_DELAY, whichever is longer, and
    its maximum, which must therefore not be less than the delay.
    """
    addon = SETTINGS_PRIORITIES["addon"]
    settings.set("DOWNLOAD_DELAY", settings.getfloat("PRESSMARK_DELAY"), addon)
    delay = settings.getfloat("DOWNLOAD_DELAY")
    concurrency = settings.getint("PRESSMARK_CONCURRENCY")
    return {
        "AUTOTHROTTLE_ENABLED": delay > 0,
        "AUTOTHROTTLE_MAX_DELAY": max(60.0, delay),
        "AUTOTHROTTLE_START_DELAY": delay,
        "AUTOTHROTTLE_TARGET_CONCURRENCY": float(concurrency),
        "CONCURRENT_REQUESTS_PER_DOMAIN": concurrency,
        "DOWNLOAD_DELAY_JITTER": settings.getfloat("PRESSMARK_JITTER"),
    }


def _replace_compression(settings: BaseSettings) -> None:
    """Our decoding in the place of Scrapy's, wherever the user has put that, or nowhere."""
    name = "DOWNLOADER_MIDDLEWARES"
    enabled = settings.get_component_priority_dict_with_base(name)
    place = {load_object(key): value for key, value in enabled.items()}.get(
        HttpCompressionMiddleware
    )
    if place is not None:
        settings.set_in_component_priority_dict(name, HttpCompressionMiddleware, None)
        settings.setdefault_in_component_priority_dict(name, BoundedCompression, place)
