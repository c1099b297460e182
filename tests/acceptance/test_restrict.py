"""`restrict`: what is kept and not shown, by the real command and a server that runs."""

from __future__ import annotations

import json
from pathlib import Path

import httpx
import pytest

from crawler.demo.site import DemoSite
from tests.acceptance.command import Pressmark, Result
from tests.acceptance.test_serving_safely import Server, serving

REASON = "Die Quelle ist in Gefahr"


@pytest.fixture
def kept(pressmark: Pressmark) -> tuple[str, str]:
    """Two pages in the collection, an article and the front page."""
    with DemoSite() as demo:
        front = demo.url + "/"
        crawled = pressmark("crawl", demo.url, "--json")
        assert crawled.status == 0
    pages = {hit["url"] for hit in pressmark("search", "Almaty", "--json").lines}
    assert pages
    return min(pages), front


def _none_shown(pressmark: Pressmark, url: str) -> None:
    """By the commands."""
    for command in (["list"], ["get"], ["get", "--as", "text"]):
        asked = pressmark(command[0], url, *command[1:])
        assert asked.status == 1
        assert asked.stdout == b""
        assert "is withheld" in asked.stderr
        assert REASON not in asked.stderr
    assert url not in {hit["url"] for hit in pressmark("search", "Almaty", "--json").lines}


def _shown(pressmark: Pressmark, url: str) -> None:
    assert pressmark("list", url).status == 0
    assert pressmark("get", url).status == 0
    assert url in {hit["url"] for hit in pressmark("search", "Almaty", "--json").lines}


def _addresses(url: str) -> list[str]:
    """Where a server shows a URL."""
    return [
        f"/web/{url}",
        f"/web/2026id_/{url}",
        f"/web/2026/{url}",
        f"/web/timemap/link/{url}",
        f"/web/timemap/json/{url}",
        f"/api/v1/captures/2026/{url}",
    ]


def test_what_is_withheld_is_shown_to_nobody_until_it_is_lifted(
    pressmark: Pressmark, kept: tuple[str, str]
) -> None:
    url, front = kept
    _shown(pressmark, url)
    admin = pressmark("token", "create", "boss", "--scope", "admin", "--json").line["token"]
    with serving(pressmark) as server:
        assert {server.get(path).status_code for path in _addresses(url)} <= {200, 302}
        line = pressmark("restrict", url, "--reason", REASON, "--json").line
        assert (line["captures"], line["in_force"], line["url"]) == (1, True, url)
        _server_obeys(server, url, admin)
        assert server.get(f"/web/2026id_/{front}").status_code in (200, 302)
        _none_shown(pressmark, url)
        _operator_sees_all(pressmark, url)
        assert pressmark("verify", "--json").line["findings"] == []
        assert pressmark("rebuild-index").status == 0
        _server_obeys(server, url, admin)
        _none_shown(pressmark, url)
        (listed,) = pressmark("restrict", "--list", "--json").lines
        assert listed == {key: value for key, value in line.items() if key != "captures"}
        lifted = pressmark("restrict", "--lift", line["id"], "--reason", "settled", "--json").line
        assert (lifted["in_force"], lifted["lifted"]["reason"]) == (False, "settled")
        assert {server.get(path).status_code for path in _addresses(url)} <= {200, 302}
        _shown(pressmark, url)
        _by_the_api(server, url, admin)


def _server_obeys(server: Server, url: str, admin: str) -> None:
    for path in _addresses(url):
        answer = server.get(path)
        assert answer.status_code == 451, path
        assert REASON not in answer.text
        assert REASON in server.get(path, admin).text
    for path in ("/cdx/search/cdx", "/cdx", "/api/v1/captures"):
        answer = server.get(f"{path}?url={url}")
        if answer.status_code == 200:
            assert url not in answer.text.replace(f"?url={url}", "")
    found = server.get("/api/v1/search?q=Almaty")
    assert found.status_code == 200
    assert url not in {hit["url"] for hit in found.json()["hits"]}


def _operator_sees_all(pressmark: Pressmark, url: str) -> None:
    for command in (["list", "--json"], ["get"], ["get", "--json"]):
        asked = pressmark(command[0], url, *command[1:], "--withheld")
        assert asked.status == 0
        assert asked.stdout
        assert REASON in asked.stderr


def _by_the_api(server: Server, url: str, admin: str) -> None:
    place = f"{server.url}/api/v1/restrictions"
    named = {"authorization": f"Bearer {admin}"}
    wish = {"url": url, "match": "host", "reason": REASON}
    assert httpx.post(place, json=wish).status_code == 401
    assert httpx.post(place, json={"reason": REASON}, headers=named).status_code == 400
    answer = httpx.post(place, json=wish, headers=named)
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert made["captures"] > 20
    assert server.get(f"/web/2026id_/{url}").status_code == 451
    listed = httpx.get(f"{place}?in_force=true", headers=named).json()["restrictions"]
    assert [one["id"] for one in listed] == [made["id"]]
    assert httpx.get(place).status_code == 401
    lifted = httpx.post(f"{place}/{made['id']}/lift", headers=named)
    assert (lifted.status_code, lifted.json()["in_force"]) == (200, False)
    assert httpx.post(f"{place}/nothing/lift", headers=named).status_code == 404
    assert server.get(f"/web/2026id_/{url}").status_code in (200, 302)


def test_a_payload_is_withheld_wherever_it_was_captured(
    pressmark: Pressmark, kept: tuple[str, str]
) -> None:
    url, _ = kept
    digest = pressmark("list", url, "--json").line["digest"]
    told = pressmark("restrict", digest, "--reason", REASON)
    assert (told.status, told.stderr) == (0, "")
    assert "1 capture withheld" in told.text
    _none_shown(pressmark, url)


def _names(result: Result, *words: str) -> None:
    assert result.status == 2
    assert result.stdout == b""
    assert all(word in result.stderr for word in words), result.stderr


def test_wrong_usage_withholds_nothing(pressmark: Pressmark) -> None:
    pressmark.home.mkdir()
    url = "https://example.org/a"
    _names(pressmark("restrict", url), "--reason")
    _names(pressmark("restrict", url, "--reason", " "), "--reason")
    _names(pressmark("restrict", "--reason", REASON), "URL", "digest")
    _names(pressmark("restrict", "example.org", "--reason", REASON), "example.org", "URL")
    _names(pressmark("restrict", "sha256:abc", "--reason", REASON), "64 hex digits")
    _names(pressmark("restrict", url, "--until", "2020", "--reason", REASON), "--until", "over")
    _names(
        pressmark("restrict", url, "--from", "2026", "--to", "2025", "--reason", REASON), "--from"
    )
    _names(pressmark("restrict", "--list", "--reason", REASON), "--list", "--reason")
    _names(pressmark("restrict", url, "--lift", "x"), "--lift", "URL")
    unknown = pressmark("restrict", "--lift", "20261122093000123-k3m5p7r2t4")
    assert unknown.status == 1
    assert "pressmark restrict --list" in unknown.stderr
    assert pressmark("restrict", "--list", "--json").lines == []
    assert not list(pressmark.home.rglob("access"))


def test_the_object_can_be_read_without_us(pressmark: Pressmark) -> None:
    pressmark.home.mkdir()
    url = "https://example.org/a"
    made = pressmark("restrict", url, "--match", "prefix", "--reason", REASON, "--json").line
    (path,) = (pressmark.home / "collection" / "access").rglob("*.json")
    assert path.name == f"{made['id']}.json"
    fields = json.loads(path.read_text(encoding="utf-8"))
    assert (fields["url"], fields["match"], fields["reason"]) == (url, "prefix", REASON)


def test_a_store_that_is_away_is_said(pressmark: Pressmark, tmp_path: Path) -> None:
    pressmark.home.mkdir()
    pressmark.store_at("http://127.0.0.1:9")
    asked = pressmark("restrict", "https://example.org/a", "--reason", REASON)
    assert asked.status == 3
    assert asked.stdout == b""
    assert "nothing is withheld" in asked.stderr
    assert not list(tmp_path.rglob("access"))
    listed = pressmark("restrict", "--list")
    assert listed.status == 3
    assert "elsewhere" in listed.stderr
