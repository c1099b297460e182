"""The spider `news`, on a site of its own, through the real recorder."""

from __future__ import annotations

from typing import Any

import pytest

from config.errors import ConfigurationError
from crawler.spiders.ad_hoc import ad_hoc, slug
from crawler.spiders.news import NewsSpider
from tests.crawler.spiders.crawling import crawl
from tests.crawler.spiders.site import Answer, Site

XML = "application/xml"


def rss(*links: str) -> Answer:
    """A feed of these links."""
    items = "".join(f"<item><link>{link}</link></item>" for link in links)
    return Answer(f'<rss version="2.0"><channel>{items}</channel></rss>', XML)


def page(*links: str) -> Answer:
    """A page with these links, and a picture."""
    anchors = "".join(f'<a href="{link}">x</a>' for link in links)
    return Answer(f"<!doctype html><title>x</title><img src=/red.png>{anchors}")


ANSWERS = {
    "/": page("/1", "/2", "/tag/x", "http://elsewhere.invalid/", "/1#again", "/secret/1"),
    "/1": page("/3"),
    "/2": page("/4"),
    "/3": page("/5"),
    "/red.png": Answer(b"PNG", "image/png"),
    "/feed": rss("/f1", "/1", "http://elsewhere.invalid/"),
    "/f1": page(),
    "/badfeed": Answer("<html>no feed</html>"),
    "/index.xml": Answer(
        "<sitemapindex><sitemap><loc>/s1.xml</loc></sitemap>"
        "<sitemap><loc>/index.xml</loc></sitemap></sitemapindex>",
        XML,
    ),
    "/s1.xml": Answer("<urlset><url><loc>/m1</loc></url><url><loc>/m2</loc></url></urlset>", XML),
    "/nulls.xml": Answer(b"\0\0\0", XML),
    "/m1": page(),
    "/m2": page(),
    "/section": page("/f1", "/s/1"),
    "/s/1": page(),
    "/robots.txt": Answer("User-agent: *\nDisallow: /secret/", "text/plain"),
    "/secret/1": page(),
    "/loop": Answer(status=302, headers={"Location": "/loop"}),
    "/many": page(*(f"/p/{number}" for number in range(30)), "/1?a=1&b=2", "/1?b=2&a=1"),
    **{f"/p/{number}": page(f"/q/{number}") for number in range(0, 30, 2)},
    "/closed": Answer("<meta name=robots content=nofollow><a href=/1>x</a>"),
    "/hostile": Answer("<p " + " ".join(f"a{n}=1" for n in range(200_000)) + "><a href=/1>x</a>"),
}


def run(site: Site, **job: Any) -> dict[str, Any]:
    """Crawl a source of the site; its addresses are given as paths."""
    source = {"name": "example", "requisites": False, **job.pop("source")}
    for key in ("seeds", "feeds", "sitemaps", "sections"):
        source[key] = [site.base + path for path in source.get(key, ())]
    return crawl({"source": source, **job})


def paths(report: dict[str, Any], site: Site) -> set[str]:
    """Paths of the pages that came out."""
    return {item["url"].removeprefix(site.base) for item in report["pages"]}


def test_from_all_beginnings() -> None:
    """Seeds, sections, feeds and an index of sitemaps; scope and robots; each page once."""
    with Site(ANSWERS) as site:
        report = run(
            site,
            source={
                "seeds": ["/"],
                "feeds": ["/feed", "/badfeed"],
                "sitemaps": ["/index.xml", "/nulls.xml"],
                "sections": ["/section"],
                "exclude": ["/tag/"],
            },
        )
    assert paths(report, site) == {"/", "/1", "/2", "/f1", "/m1", "/m2", "/section", "/s/1"}
    assert len(report["pages"]) == 8
    assert len(site.requests) == len(set(site.requests))
    stats = report["stats"]
    assert stats["pressmark/pages"] == 8
    assert stats["pressmark/feed_errors"] == 1
    assert stats["pressmark/sitemap_errors"] == 1
    assert stats["pressmark/out_of_scope"] == 2
    assert stats["pressmark/errors"] == 1  # robots.txt forbids /secret/1
    assert any("/badfeed cannot be used" in error for error in report["errors"])
    assert any("robots.txt" in error and "/secret/1" in error for error in report["errors"])
    via = {exchange["url"]: exchange["via"] for exchange in report["exchanges"]}
    assert via[site.base + "/m1"] == site.base + "/s1.xml"
    assert via[site.base + "/s/1"] == site.base + "/section"
    assert {item["source"] for item in report["pages"]} == {"example"}


@pytest.mark.parametrize(
    ("depth", "expected"),
    [(0, {"/"}), (1, {"/", "/1", "/2"}), (2, {"/", "/1", "/2", "/3", "/4"})],
)
def test_depth(depth: int, expected: set[str]) -> None:
    """Links from a seed; a page that is not found is one all the same."""
    with Site(ANSWERS) as site:
        report = run(
            site, source={"seeds": ["/"], "exclude": ["/tag/", "/secret/"], "depth": depth}
        )
    assert paths(report, site) == expected


def test_limit_is_exact() -> None:
    """Never more than it, and places of what fails are given to what waits."""
    with Site(ANSWERS) as site:
        report = run(site, source={"seeds": ["/many"], "limit": 7, "robots": "ignore"})
        assert len(report["pages"]) == 7
        assert len([path for path in site.requests if path != "/robots.txt"]) == 7
        assert site.count("/robots.txt") == 1
        site.requests.clear()
        source = {"seeds": ["/loop", "/many"], "sections": ["/1"], "limit": 33, "depth": 1}
        report = run(site, source=source)
    # /1 has two spellings of one address in /many; /loop is dropped: their places are used again.
    assert len(report["pages"]) == 33
    assert sum("loop" in error for error in report["errors"]) == 1


def test_nofollow_and_hostile_pages() -> None:
    """They are items, but nothing is followed."""
    with Site(ANSWERS) as site:
        report = run(site, source={"seeds": ["/closed", "/hostile"]})
    assert paths(report, site) == {"/closed", "/hostile"}
    assert report["stats"]["pressmark/pages_refused/too_complex"] == 1


def test_requisites_once_a_crawl_and_feeds_without_seeds() -> None:
    """What several pages share is fetched once. Feeds alone leave the hosts open."""
    answers = {**ANSWERS, "/feed": rss("/1", "/2", "http://localhost:9/")}
    with Site(answers) as site:
        report = run(site, source={"feeds": ["/feed"], "requisites": True})
    assert paths(report, site) == {"/1", "/2"}
    assert site.count("/red.png") == 1
    assert report["stats"]["pressmark/requisites_ok"] == 1
    assert report["stats"]["pressmark/errors"] == 1
    assert "localhost" in report["errors"][0]


def test_seed_that_moved_to_another_host() -> None:
    """Its new host is the source's too."""
    with Site(ANSWERS) as new:
        answers = {**ANSWERS, "/moved": Answer(status=301, headers={"Location": new.base + "/1"})}
        with Site(answers) as old:
            report = run(old, source={"seeds": ["/moved"]})
    assert {item["url"] for item in report["pages"]} == {new.base + "/1", new.base + "/3"}


def test_a_seed_without_an_answer_of_use_is_an_error_and_a_link_is_not() -> None:
    answers = {**ANSWERS, "/old": Answer(status=301, headers={"Location": "/nope"})}
    with Site({**answers, "/": page("/dead", "/1")}) as site:
        report = run(site, source={"seeds": ["/", "/old", "/missing"], "sections": ["/1"]})
    assert report["stats"]["pressmark/errors"] == 2
    base = site.base
    assert sorted(report["errors"]) == [
        f"{base}/missing answered 404: correct the URL",
        f"{base}/old redirects to {base}/nope, which answered 404: correct the URL",
    ]


@pytest.mark.parametrize(("include", "said"), [("/articles/", 1), ("/2", 0)])
def test_an_include_that_nothing_matches_is_told(include: str, said: int) -> None:
    with Site(ANSWERS) as site:
        report = run(site, source={"seeds": ["/"], "include": [include]})
    told = "links were found, none of them in scope: check `include`"
    assert report["log"].count(told) == said


def test_capture_that_cannot_be_written_ends_the_crawl() -> None:
    """Nothing goes on without being kept, and no page is blamed for another."""
    with Site(ANSWERS) as site:
        report = run(site, source={"seeds": ["/many"]}, fail_at="/p/2")
    assert report["errors"] == []
    assert report["stats"]["pressmark/errors"] >= 1
    assert "answers that had come were not kept" in report["log"]
    assert report["stats"]["finish_reason"] == "write_error"
    assert len(report["pages"]) < 10  # what was in flight may end; what waited is not begun


def test_ad_hoc_crawl() -> None:
    """A URL instead of a source; depth and limit as arguments, which are text for Scrapy."""
    with Site(ANSWERS) as site:
        report = crawl({"arguments": {"url": site.base + "/", "depth": "0", "limit": "5"}})
    assert paths(report, site) == {"/"}
    assert report["pages"][0]["source"] == "127_0_0_1"
    assert site.count("/red.png") == 1


def test_names_of_ad_hoc_sources() -> None:
    """As segments may be named."""
    assert slug("https://www.Example-News.org:8080/x") == "example_news_org"
    assert slug("https://[::1]/") == "1"
    assert len(slug(f"https://{'a' * 63}.example/")) == 40
    assert slug("https://ondemand/") != "ondemand"
    assert ad_hoc("https://a.example/ https://b.example/").seeds[1] == "https://b.example/"


def test_nothing_to_crawl() -> None:
    """A plain word about how it is said."""
    with pytest.raises(ConfigurationError, match="nothing to crawl"):
        NewsSpider()
