from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from scrapy.downloadermiddlewares.httpcompression import HttpCompressionMiddleware
from scrapy.downloadermiddlewares.stats import DownloaderStats
from scrapy.settings import Settings
from scrapy.utils.misc import load_object

from config.crawling import crawl_settings
from config.schema import Configuration
from crawler.addon import OWN_DEFAULTS, PressmarkAddon
from crawler.guard.codings import BoundedCompression
from crawler.guard.middleware import Guard
from crawler.pace import PacedDownloader
from tests.crawler.guard.harness import ROOT, HostileServer, crawl, failed_crawl, respond

RECORDER = "crawler.recorder.handler.RecordingDownloadHandler"


def applied(project: dict[str, Any] | None = None, **cmdline: Any) -> Settings:
    settings = Settings(project, priority="project")
    for name, value in cmdline.items():
        settings.set(name, value, "cmdline")
    PressmarkAddon.update_pre_crawler_settings(settings)
    PressmarkAddon().update_settings(settings)
    return settings


def components(settings: Settings) -> dict[type, int]:
    """The downloader middlewares that are enabled, and their places."""
    enabled = settings.get_component_priority_dict_with_base("DOWNLOADER_MIDDLEWARES")
    return {load_object(key): place for key, place in enabled.items()}


def test_defaults() -> None:
    settings = applied()
    assert settings.getbool("ROBOTSTXT_OBEY")
    assert settings["REFERRER_POLICY"] == "same-origin"
    assert settings.getint("DOWNLOAD_MAXSIZE") == 32 << 20
    assert settings.getfloat("DOWNLOAD_TIMEOUT") == 60
    for name in ("HTTPPROXY_ENABLED", "HTTPCACHE_ENABLED", "COOKIES_ENABLED"):
        assert not settings.getbool(name)
    assert settings["DOWNLOADER"] is PacedDownloader
    assert settings.getfloat("DOWNLOAD_DELAY") == 1
    assert settings.getint("CONCURRENT_REQUESTS_PER_DOMAIN") == 2


def test_there_is_a_word_on_every_setting_of_ours() -> None:
    text = (ROOT / "config/settings.py").read_text()
    for name in {*OWN_DEFAULTS, *crawl_settings(Configuration())}:
        assert f"\n{name} " in text or not name.startswith("PRESSMARK_")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ROBOTSTXT_OBEY", False),
        ("DOWNLOAD_DELAY", 7.5),
        ("DOWNLOAD_DELAY", 0),
        ("DOWNLOAD_MAXSIZE", 1000),
        ("DOWNLOAD_TIMEOUT", 5),
        ("CONCURRENT_REQUESTS_PER_DOMAIN", 1),
        ("COOKIES_ENABLED", True),
        ("HTTPCACHE_ENABLED", True),
        ("REFERRER_POLICY", "no-referrer"),
        ("AUTOTHROTTLE_ENABLED", False),
        ("DOWNLOADER", "scrapy.core.downloader.Downloader"),
        ("PRESSMARK_PAGE_LIMIT", 5),
    ],
)
def test_the_users_own_settings_win(name: str, value: Any) -> None:
    assert applied({name: value})[name] == value
    assert applied(**{name: value})[name] == value


@pytest.mark.parametrize("name", ["TELNETCONSOLE_ENABLED", "REMOTE_CONTROL_ENABLED"])
def test_what_executes_code_stays_off(name: str) -> None:
    assert not applied({name: True}, **{name: True}).getbool(name)


def test_only_http_and_https_by_the_recorder() -> None:
    mine = {"http": "mine.Handler", "gopher": "mine.Gopher", "ftp": "mine.Ftp"}
    for settings in (
        applied(),
        applied({"DOWNLOAD_HANDLERS": mine}),
        applied(DOWNLOAD_HANDLERS=mine),
    ):
        handlers = dict(settings.getwithbase("DOWNLOAD_HANDLERS"))
        active = {scheme: path for scheme, path in handlers.items() if path is not None}
        assert active == {"http": RECORDER, "https": RECORDER}
        assert {"file", "data", "ftp", "s3"} <= set(handlers)


def test_the_users_middlewares_stay() -> None:
    mine = "scrapy.downloadermiddlewares.stats.DownloaderStats"
    settings = applied({"DOWNLOADER_MIDDLEWARES": {mine: 7}})
    places = components(settings)
    assert places[DownloaderStats] == 7
    assert places[Guard] > 550
    assert places[BoundedCompression] == 590
    assert HttpCompressionMiddleware not in places


def test_compression_stays_where_the_user_has_put_it() -> None:
    path = "scrapy.downloadermiddlewares.httpcompression.HttpCompressionMiddleware"
    moved = applied({"DOWNLOADER_MIDDLEWARES": {path: 123}})
    assert components(moved)[BoundedCompression] == 123
    none = applied({"DOWNLOADER_MIDDLEWARES": {path: None}})
    assert BoundedCompression not in components(none)


@pytest.mark.parametrize(
    ("delay", "enabled", "start", "most"),
    [(1.0, True, 1.0, 60.0), (0, False, 0, 60.0), (90.0, True, 90.0, 90.0)],
)
def test_autothrottle_starts_at_the_delay(
    delay: float, enabled: bool, start: float, most: float
) -> None:
    for settings in (applied(PRESSMARK_DELAY=delay), applied(DOWNLOAD_DELAY=delay)):
        assert settings.getbool("AUTOTHROTTLE_ENABLED") is enabled
        assert settings.getfloat("AUTOTHROTTLE_START_DELAY") == start
        assert settings.getfloat("AUTOTHROTTLE_MAX_DELAY") == most


def test_the_configuration_in_scrapys_terms() -> None:
    configuration = Configuration.model_validate(
        {
            "contact": "https://example.org/about",
            "allow_networks": ["10.0.0.0/8"],
            "defaults": {"delay": 3, "robots": "ignore"},
            "sources": [
                {"name": "a", "seeds": ["http://a.example:81/x"], "headers": {"X-Key": "s3cret"}},
                {"name": "b", "seeds": ["https://b.example/"], "delay": 5},
            ],
        }
    )
    general = crawl_settings(configuration)
    assert general["PRESSMARK_ALLOW_NETWORKS"] == ["10.0.0.0/8"]
    assert general["PRESSMARK_DELAY"] == 3
    assert general["ROBOTSTXT_OBEY"] is False
    assert general["PRESSMARK_HEADERS"] == {"http://a.example:81": {"X-Key": "s3cret"}}
    assert "https://example.org/about" in str(general["USER_AGENT"])
    special = crawl_settings(configuration, configuration.source("b"))
    assert special["PRESSMARK_DELAY"] == 5
    assert special["PRESSMARK_HEADERS"] == {}


def test_in_a_crawl(tmp_path: Path) -> None:
    names = ["TELNETCONSOLE_ENABLED", "REMOTE_CONTROL_ENABLED", "DOWNLOAD_DELAY", "ROBOTSTXT_OBEY"]
    with HostileServer(lambda _, connection: respond(connection)) as server:
        settings = {"PRESSMARK_ALLOW_NETWORKS": "127.0.0.0/8", "TELNETCONSOLE_ENABLED": True}
        done = crawl(
            tmp_path,
            [server.url()],
            settings=settings,
            spider_settings={"DOWNLOAD_DELAY": 0.25},
            show_settings=names,
        )
        plain = crawl(tmp_path, [server.url()], guarded=False)
    assert done.only["status"] == 200
    assert done.settings == dict(zip(names, ["False", "False", "0.25", "False"], strict=True))
    assert "Telnet console listening" in plain.log
    assert "listening" not in done.log


def test_without_a_reactor_nothing_starts(tmp_path: Path) -> None:
    error = failed_crawl(tmp_path, runner=True, settings={"TWISTED_REACTOR_ENABLED": False})
    assert "TWISTED_REACTOR_ENABLED" in error
