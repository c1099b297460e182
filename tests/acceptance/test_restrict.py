"""`restrict`: what is kept and not shown, by the real command and a server that runs."""

from __future__ import annotations

import httpx
import pytest

from crawler.demo.site import DemoSite
from tests.acceptance.command import Pressmark
from tests.acceptance.serving import Server, serving

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
    for command in (["list"], ["get", "--as", "text"]):
        asked = pressmark(command[0], url, *command[1:])
        assert asked.status == 1
        assert asked.stdout == b""
        assert "is withheld" in asked.stderr
        assert REASON not in asked.stderr
    assert url not in {hit["url"] for hit in pressmark("search", "Almaty", "--json").lines}


def _shown(pressmark: Pressmark, url: str) -> None:
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
    warc = f"/warcs/{pressmark('list', url, '--json').line['filename']}"
    admin = pressmark("token", "create", "boss", "--scope", "admin", "--json").line["token"]
    with serving(pressmark) as server:
        assert {server.get(path).status_code for path in _addresses(url)} <= {200, 302}
        line = pressmark("restrict", url, "--reason", REASON, "--json").line
        assert (line["captures"], line["in_force"], line["url"]) == (1, True, url)
        _server_obeys(server, url, admin)
        assert server.get(f"/web/2026id_/{front}").status_code in (200, 302)
        assert server.get(warc).status_code == 451
        assert server.get(warc, admin).status_code == 200
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
        assert answer.status_code == 200, path
        assert url not in answer.text.replace(f"?url={url}", "")
    found = server.get("/api/v1/search?q=Almaty")
    assert found.status_code == 200
    assert url not in {hit["url"] for hit in found.json()["hits"]}


def _operator_sees_all(pressmark: Pressmark, url: str) -> None:
    for command in (["list", "--json"], ["get"]):
        asked = pressmark(command[0], url, *command[1:], "--withheld")
        assert asked.status == 0
        assert asked.stdout
        assert REASON in asked.stderr


def _by_the_api(server: Server, url: str, admin: str) -> None:
    place = f"{server.url}/api/v1/restrictions"
    named = {"authorization": f"Bearer {admin}"}
    wish = {"url": url, "match": "host", "reason": REASON}
    assert httpx.post(place, json=wish).status_code == 401
    for wrong, where in (
        ({"reason": REASON}, "body"),
        ({"reason": " ", "url": url}, "body.reason"),
        ({"reason": REASON, "url": "example.org"}, "body.url"),
        ({"reason": REASON, "url": url, "from": "soon"}, "body.from"),
    ):
        refused = httpx.post(place, json=wrong, headers=named)
        assert refused.status_code == 400
        assert [error["parameter"] for error in refused.json()["errors"]] == [where]
    answer = httpx.post(place, json=wish, headers=named)
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert made["captures"] > 20
    assert server.get(f"/web/2026id_/{url}").status_code == 451
    listed = httpx.get(f"{place}?in_force=true", headers=named).json()["restrictions"]
    assert [one["id"] for one in listed] == [made["id"]]
    assert httpx.get(place).status_code == 401
    lift = f"{place}/{made['id']}/lift"
    for body, where in (("", "body"), ("{}", "body.reason"), ('{"reason": " "}', "body.reason")):
        refused = httpx.post(
            lift, content=body, headers={**named, "content-type": "application/json"}
        )
        assert [error["parameter"] for error in refused.json()["errors"]] == [where]
    why = {"reason": "the order was set aside"}
    lifted = httpx.post(lift, json=why, headers=named)
    assert (lifted.status_code, lifted.json()["in_force"]) == (200, False)
    assert lifted.json()["lifted"]["reason"] == why["reason"]
    assert httpx.post(lift, json=why, headers=named).status_code == 409
    assert httpx.post(f"{place}/nothing/lift", json=why, headers=named).status_code == 404
    assert server.get(f"/web/2026id_/{url}").status_code in (200, 302)
