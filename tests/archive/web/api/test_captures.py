from __future__ import annotations

import io
import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from fastwarc.warc import ArchiveIterator

from tests.archive.web.api.conftest import MOVED, NEWS
from tests.archive.web.serving import Served, open_site, served
from tests.exchanges import page
from tests.keeping import archive_messages

CAPTURES = "/api/v1/captures"


def asked(**parameters: str | int) -> str:
    return "&".join(f"{name}={quote(str(value), safe='')}" for name, value in parameters.items())


def listed(api: Served, **parameters: str | int) -> list[dict[str, Any]]:
    answer = api.get(f"{CAPTURES}?{asked(**parameters)}")
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["captures"]
    return found


def test_captures_have_the_names_of_cdxj(api: Served) -> None:
    first, second, third = listed(api, url=NEWS)
    assert first["urlkey"] == "org,example,news)/night-shifts?b=/&id=1"
    assert first["timestamp"] == "20261122100000"
    assert first["datetime"] == "2026-11-22T10:00:00Z"
    assert (first["url"], first["mime"], first["status"]) == (NEWS, "text/html", 200)
    assert first["digest"].startswith("sha256:")
    assert first["filename"].startswith("courier-")
    assert first["source"] == "courier"
    assert first["length"] > 0 < first["offset"]
    assert second["timestamp"] == "20261122120000"
    assert third["status"] == 404


def test_links_of_a_capture_lead_there(api: Served) -> None:
    (capture,) = listed(api, url=NEWS, limit=1)
    links = capture["links"]
    assert api.client.get(links["capture"]).json() == capture
    assert api.client.get(links["raw"]).content.startswith(b"<html>")
    assert api.client.get(links["document"]).json()["capture"] == capture
    assert api.client.get(links["text"]).text.startswith("Workers at")
    assert api.client.get(links["timemap"]).status_code == 200
    warc = api.client.get(links["warc"])
    assert warc.headers["content-type"] == "application/warc"


@pytest.mark.parametrize(
    ("parameters", "number"),
    [
        ({"url": "news.example.org"}, 1),
        ({"url": NEWS, "match": "prefix"}, 3),
        ({"url": "example.org", "match": "host"}, 0),
        ({"url": "example.org", "match": "domain"}, 9),
        ({"url": "news.example.org", "match": "host", "from": "20261122120000"}, 2),
        ({"url": "news.example.org", "match": "host", "to": "2026-11-22T10:00:59Z"}, 5),
        ({"url": "news.example.org", "match": "host", "to": "2026"}, 9),
        ({"url": "news.example.org", "match": "host", "from": "2027"}, 0),
        ({"url": "news.example.org", "match": "host", "status": "200"}, 6),
        ({"url": "news.example.org", "match": "host", "status": "4xx"}, 1),
        ({"url": "news.example.org", "match": "host", "mime": "image/*"}, 1),
        ({"url": "news.example.org", "match": "host", "mime": "TEXT/HTML"}, 6),
        ({"url": "news.example.org", "match": "host", "source": "courier"}, 9),
        ({"url": "news.example.org", "match": "host", "source": "herald"}, 0),
    ],
)
def test_what_is_listed(api: Served, parameters: dict[str, str], number: int) -> None:
    assert len(listed(api, **parameters)) == number


def test_pages_are_the_whole_and_say_what_follows(api: Served) -> None:
    parameters = {"url": "example.org", "match": "domain"}
    whole = listed(api, **parameters)
    pages: list[dict[str, Any]] = []
    following: str | None = f"{api.url}{CAPTURES}?{asked(**parameters, limit=3)}"
    while following:
        answer = api.client.get(following)
        pages += answer.json()["captures"]
        assert len(answer.json()["captures"]) <= 3
        following = answer.json()["next"]
        link = f'<{following}>; rel="next"' if following else None
        assert answer.headers.get("link") == link
    assert pages == whole


def test_a_filter_goes_on_over_pages(api: Served) -> None:
    parameters = {"url": "example.org", "match": "domain", "status": "2xx"}
    whole = listed(api, **parameters)
    first = api.get(f"{CAPTURES}?{asked(**parameters, limit=2)}").json()
    second = api.client.get(first["next"]).json()
    third = api.client.get(second["next"]).json()
    assert [*first["captures"], *second["captures"], *third["captures"]] == whole
    assert third["next"] is None


def cursor_of(api: Served) -> str:
    url = api.get(f"{CAPTURES}?url={quote(NEWS, safe='')}&limit=1").json()["next"]
    return str(httpx.URL(url).params["cursor"])


def test_cursors_of_another_question_or_by_hand_are_refused(api: Served) -> None:
    cursor = cursor_of(api)
    assert api.get(f"{CAPTURES}?url={quote(NEWS, safe='')}&cursor={cursor}").status_code == 200
    place = json.loads(urlsafe_b64decode(cursor + "=="))

    def forged(**changes: object) -> str:
        return urlsafe_b64encode(json.dumps({**place, **changes}).encode()).decode()

    wrong = [
        (MOVED, cursor),
        *(
            (NEWS, other)
            for other in (
                "x",
                "",
                "%FF",
                cursor[:-4],
                forged(at=[]),
                forged(at=["a", "b", "c", "d"]),
                forged(at=["a", "20261122100000", "c", 1 << 70]),
                forged(at={"a": 1}),
                forged(of=None),
                urlsafe_b64encode(b"[" * 5000).decode(),
                urlsafe_b64encode(b"1").decode(),
            )
        ),
    ]
    for url, other in wrong:
        answer = api.get(f"{CAPTURES}?url={quote(url, safe='')}&cursor={other}")
        assert answer.status_code == 400, (url, other)
        assert answer.headers["content-type"] == "application/problem+json"
        assert "next" in answer.json()["detail"]


@pytest.mark.parametrize("time", ["2026", "20261122100000", "1"])
def test_one_capture_by_time_and_url(api: Served, time: str) -> None:
    answer = api.get(f"{CAPTURES}/{time}/{NEWS}")
    assert answer.status_code == 200
    assert answer.json()["timestamp"] == "20261122100000"
    assert answer.json()["url"] == NEWS


def test_the_target_is_taken_as_it_is_written(api: Served) -> None:
    escaped = quote(NEWS, safe="")
    assert api.get(f"{CAPTURES}/2026/{escaped}").json()["url"] == NEWS
    for odd in ("http://example.org/%0A", "http://example.org/a%2Fb//c?d=%20//e"):
        missing = api.get(f"{CAPTURES}/2026/{odd}")
        assert missing.json()["detail"] == f"{odd} is not in the collection"


@pytest.mark.parametrize("time", ["x", "123456789012345", "2026-11", "*"])
def test_a_path_without_a_time_is_wrong(api: Served, time: str) -> None:
    answer = api.get(f"{CAPTURES}/{time}/{NEWS}")
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["parameter"] == "path.timestamp"


def test_the_records_of_a_capture_are_a_warc_file(api: Served) -> None:
    answer = api.get(f"{CAPTURES}/warc?url={quote(NEWS, safe='')}&at=20261122100000")
    assert answer.headers["content-disposition"] == (
        'attachment; filename="news.example.org-20261122100000.warc.gz"'
    )
    assert answer.headers["x-content-type-options"] == "nosniff"
    types = [
        record.headers["WARC-Type"]
        for record in ArchiveIterator(io.BytesIO(answer.content), parse_http=False)
    ]
    assert types == ["request", "response"]


def test_a_record_is_named_by_its_id(api: Served) -> None:
    (capture,) = listed(api, url=MOVED)
    where = f"{CAPTURES}/warc?url={quote(MOVED, safe='')}&record_id="
    assert api.get(where + quote(capture["record_id"])).status_code == 200
    unknown = api.get(where + quote("<urn:uuid:0>"))
    assert unknown.status_code == 404
    assert "no record" in unknown.json()["detail"]


def test_of_two_captures_of_one_second_links_lead_to_the_right_one(tmp_path: Path) -> None:
    url = "https://news.example.org/twice"
    with open_site(f"sqlite:///{tmp_path}/index.db") as site, served(site) as server:
        archive_messages(site.collection, *((url, page(text), 0) for text in ("one", "two")))
        first, second = listed(server, url=url)
        assert first["timestamp"] == second["timestamp"]
        for capture in (first, second):
            data = server.client.get(capture["links"]["warc"]).content
            (record,) = ArchiveIterator(io.BytesIO(data), parse_http=False)
            assert record.record_id == capture["record_id"]


def test_links_of_an_odd_url_are_urls(tmp_path: Path) -> None:
    url = "http://odd.example/a b\u00e9"
    with open_site(f"sqlite:///{tmp_path}/index.db") as site, served(site) as server:
        archive_messages(site.collection, (url, page("odd"), 0))
        (capture,) = listed(server, url=url)
        assert capture["url"] == url
        for link in capture["links"].values():
            assert re.fullmatch(r"[\x21-\x7e]+", link)
        assert server.client.get(capture["links"]["capture"]).json() == capture


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("http://[example.org]/", "capture"),
        ("http://a[b]/", "capture"),
        ("http://[::1/x", "capture"),
        ("http://ex\u2100mple.org/", "capture"),
        ("http://[::1]/", "1"),
        ("http://EXAMPLE.org:8080/", "example.org"),
    ],
)
def test_a_file_has_a_name_whatever_the_host(tmp_path: Path, url: str, name: str) -> None:
    with open_site(f"sqlite:///{tmp_path}/index.db") as site, served(site) as server:
        (capture,) = archive_messages(site.collection, (url, page("odd"), 0))
        answer = server.get(f"{CAPTURES}/warc?{asked(url=url)}")
        assert answer.status_code == 200
        assert answer.headers["content-disposition"] == (
            f'attachment; filename="{name}-{capture.timestamp}.warc.gz"'
        )
