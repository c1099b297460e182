"""The spider `page`, on a site of its own, through the real recorder."""

from __future__ import annotations

import socket
from typing import Any

from tests.crawler.spiders.crawling import crawl
from tests.crawler.spiders.site import Answer, Site

PNG = b"\x89PNG\r\n\x1a\n"
CSS = "text/css"

PAGE = """<!doctype html><title>One</title><link rel=stylesheet href=/a.css>
<img src=/1.png srcset="/2.png 2x"><noscript><img src=/3.png></noscript>
<iframe src=/frame></iframe><video src=/film.mp4 poster=/poster.png></video>
<img src=/missing.png><a href=/elsewhere>not a requisite</a>"""

ANSWERS = {
    "/page": Answer(PAGE),
    "/a.css": Answer("@import '/b.css'; body{background:url(/bg.png)}", CSS),
    "/b.css": Answer("@import '/c.css'; @font-face{src:url(/f.woff2)}", CSS),
    "/c.css": Answer("@import '/d.css';", CSS),
    "/d.css": Answer("@import '/e.css';", CSS),
    "/frame": Answer("<img src=/inframe.png><iframe src=/frame2></iframe>"),
    **{
        f"/{name}": Answer(PNG, "image/png")
        for name in ("1.png", "2.png", "3.png", "bg.png", "poster.png", "inframe.png")
    },
    "/f.woff2": Answer(PNG, "font/woff2"),
    "/film.mp4": Answer(PNG, "video/mp4"),
    "/robots.txt": Answer("User-agent: *\nDisallow: /", "text/plain"),
    "/moved": Answer(status=301, headers={"Location": "/moved2"}),
    "/moved2": Answer(status=302, headers={"Location": "/page", "Set-Cookie": "seen=1"}),
    "/loop": Answer(status=302, headers={"Location": "/loop"}),
    "/away": Answer(status=301, headers={"Location": "http://nowhere.invalid/new"}),
    "/gone": Answer("<p>gone</p>", status=410),
    "/broken": Answer("<p>broken</p>", status=503),
    "/short": Answer("<p>half", announced=5000),
    "/big": Answer(b"x" * 200_000),
    "/pdf": Answer(b"%PDF-1.7", "application/pdf"),
    "/hostile": Answer("<p " + " ".join(f"a{n}=1" for n in range(200_000)) + "><img src=/1.png>"),
    "/empty": Answer(""),
    "/stylish": Answer("<link rel=stylesheet href=/a.css><img src=/own.png>"),
}


def archive(site: Site, *paths: str, **job: Any) -> dict[str, Any]:
    """Archive paths of the site, or whole URLs."""
    urls = [path if "://" in path or " " in path else site.base + path for path in paths]
    return crawl({"urls": urls, **job})


def test_page_with_its_requisites() -> None:
    """Sheets to depth 3, a frame one level deep, and no link is followed."""
    with Site(ANSWERS) as site:
        report = archive(site, "/page")
    (outcome,) = report["outcomes"]
    wanted = {"/page", "/robots.txt", "/a.css", "/b.css", "/c.css", "/d.css", "/1.png", "/2.png"}
    wanted |= {"/3.png", "/frame", "/film.mp4", "/poster.png", "/missing.png", "/bg.png"}
    wanted |= {"/f.woff2", "/inframe.png"}
    assert set(site.requests) == wanted
    assert len(site.requests) == len(wanted)
    assert outcome["ok"]
    assert outcome["error"] is None
    assert outcome["final_url"] == site.base + "/page"
    assert outcome["capture"]["url"] == site.base + "/page"
    assert (outcome["requisites_ok"], outcome["requisites_failed"]) == (13, 1)
    assert outcome["captures"] == 15
    assert len(report["exchanges"]) == 16
    assert [page["url"] for page in report["pages"]] == [site.base + "/page"]
    assert report["pages"][0]["source"] == "ondemand"
    assert report["ended"] == [site.base + "/page"]
    via = {exchange["url"]: exchange["via"] for exchange in report["exchanges"]}
    assert via[site.base + "/1.png"] == site.base + "/page"
    assert via[site.base + "/f.woff2"] == site.base + "/b.css"


def test_redirects_are_a_chain_and_cookies_are_kept_for_the_page() -> None:
    """Every hop is a capture; the jar is the page's own, and serves its requisites."""
    with Site(ANSWERS) as site:
        report = archive(site, "/moved", "/gone")
        (first, second) = report["outcomes"]
    assert first["ok"]
    assert [c["url"].rpartition("/")[2] for c in first["chain"]] == ["moved", "moved2", "page"]
    assert first["final_url"] == site.base + "/page"
    sent = dict(site.headers)
    assert sent["/page"]["cookie"] == "seen=1"
    assert sent["/1.png"]["cookie"] == "seen=1"
    assert "cookie" not in sent["/gone"]
    assert second["capture"]["status"] == 410


def test_what_a_redirect_leads_to_is_blamed_for_its_own_failure() -> None:
    with Site(ANSWERS) as site:
        (outcome,) = archive(site, "/away")["outcomes"]
    assert not outcome["ok"]
    assert [c["url"] for c in outcome["chain"]] == [f"{site.base}/away"]
    kept, why = outcome["error"].split(": ", 1)
    assert kept == f"{site.base}/away redirects, and that is kept, but not its target"
    assert why.startswith("the host of http://nowhere.invalid/new does not resolve")


def test_errors_of_the_server_are_answers() -> None:
    """404, 410 and 5xx came whole, so they are kept and ok; a 5xx is tried again before."""
    with Site(ANSWERS) as site:
        report = archive(site, "/gone", "/nothing", "/broken", "/empty", "/pdf")
    assert [o["ok"] for o in report["outcomes"]] == [True] * 5
    assert [o["capture"]["status"] for o in report["outcomes"]] == [410, 404, 503, 200, 200]
    broken = report["outcomes"][2]
    assert site.count("/broken") == 3
    assert len(broken["chain"]) == broken["captures"] == 3
    assert {page["status"] for page in report["pages"]} == {410, 404, 503, 200}
    assert all(not page["url"].endswith("/pdf") for page in report["pages"])


def test_each_failure_is_one_sentence_in_input_order() -> None:
    """What was asked twice is fetched once and reported twice."""
    with socket.socket() as closed, Site(ANSWERS) as site:
        closed.bind(("127.0.0.1", 0))  # bound, but not listening: connections are refused
        refusing = f"http://127.0.0.1:{closed.getsockname()[1]}/"
        report = archive(
            site,
            "not a url",
            "/loop",
            "http://10.1.2.3/",
            "http://nowhere.invalid/",
            refusing,
            "/short",
            "/big",
            "/gone",
            "/gone",
            "ftp://127.0.0.1/x",
            settings={"PRESSMARK_PAGE_LIMIT": 100_000, "REDIRECT_MAX_TIMES": 3},
        )
        base = site.base
    outcomes = report["outcomes"]
    errors = [outcome["error"] for outcome in outcomes]
    assert [outcome["ok"] for outcome in outcomes] == [False] * 7 + [True] * 2 + [False]
    assert "'not a url' is not a URL that can be archived" in errors[0]
    assert f"{base}/loop redirects in a loop" in errors[1]
    assert len(outcomes[1]["chain"]) == 4
    assert "10.1.2.3" in errors[2]
    assert "allow_networks" in errors[2]
    assert "http://nowhere.invalid/" in errors[3]
    assert "resolve" in errors[3]
    assert f"the server of {refusing} refuses connections" in errors[4]
    assert "ended before all of" in errors[5]
    assert outcomes[5]["capture"]["truncated"] == "disconnect"
    assert f"{base}/big is too large" in errors[6]
    assert outcomes[6]["capture"]["truncated"] == "length"
    assert site.count("/gone") == 1
    assert outcomes[7] == outcomes[8]
    assert "ftp://127.0.0.1/x" in errors[9]
    assert all(error is None or "\n" not in error for error in errors)


def test_robots_are_kept_but_do_not_refuse() -> None:
    """The handler has recorded robots.txt once; `obey` lets it refuse."""
    with Site(ANSWERS) as site:
        archive(site, "/gone", "/empty")
        assert site.count("/robots.txt") == 1
        assert site.count("/gone") == 1
        report = archive(site, "/gone", settings={"PRESSMARK_ONDEMAND_ROBOTS": "obey"})
    (outcome,) = report["outcomes"]
    assert not outcome["ok"]
    assert "robots.txt" in outcome["error"]
    assert site.count("/gone") == 1
    assert site.count("/robots.txt") == 2


def test_fresh_and_shared_requisites_are_not_fetched_again() -> None:
    """Both pages count what they share; what was captured lately counts as had."""
    with Site(ANSWERS) as site:
        fresh = [site.base + "/1.png"]
        report = archive(site, "/page", "/stylish", fresh=fresh)
    assert site.count("/1.png") == 0
    assert site.count("/a.css") == 1
    assert report["outcomes"][0]["requisites_ok"] == 13
    second = report["outcomes"][1]
    assert (second["requisites_ok"], second["requisites_failed"]) == (1, 1)
    assert sorted(report["ended"]) == sorted([site.base + "/page", site.base + "/stylish"])


def test_limit_of_requisites() -> None:
    """What goes beyond is counted, not fetched."""
    page = "".join(f"<img src=/{number}.gif>" for number in range(12))
    with Site({"/many": Answer(page)}) as site:
        report = archive(site, "/many", settings={"PRESSMARK_REQUISITES_LIMIT": 5})
    (outcome,) = report["outcomes"]
    assert outcome["requisites_failed"] == 5
    assert outcome["requisites_left_out"] == 7
    assert len(site.requests) == 7


def test_page_that_would_stall_a_parser() -> None:
    """It is an item all the same; nothing is looked for in it."""
    with Site(ANSWERS) as site:
        report = archive(site, "/hostile", "/gone")
    assert [outcome["ok"] for outcome in report["outcomes"]] == [True, True]
    assert [page["url"] for page in report["pages"] if page["size"] > 10**6]
    assert report["stats"]["pressmark/pages_refused/too_complex"] == 1
    assert site.count("/1.png") == 0


def test_capture_that_cannot_be_written() -> None:
    """The crawl ends; the page says why, and those behind it that they were not fetched."""
    with Site(ANSWERS) as site:
        report = archive(site, "/gone", fail_at="/gone")
    (outcome,) = report["outcomes"]
    assert not outcome["ok"]
    assert "No space left on device" in outcome["error"]
    assert site.count("/gone") == 1
