"""`/save` over HTTP. The work is told by the tests; tests/acceptance has the real one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from archive.jobs import ARCHIVE, Limits
from archive.web.save import old_form
from crawler.jobs.local import LocalQueue
from tests.archive.web.save.told import AT, Told
from tests.archive.web.serving import Served, open_site, served
from tests.waiting import until

_URL = "https://news.example.org/a"
_JSON = {"Accept": "application/json"}
_JSON_BODY = {**_JSON, "Content-Type": "application/json"}
_BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.fixture
def told() -> Told:
    """What the worker is told; it may work at once."""
    made = Told()
    made.go.set()
    return made


@pytest.fixture
def server(tmp_path: Path, told: Told) -> Iterator[Served]:
    """A server with a queue for two jobs."""
    queue = LocalQueue({ARCHIVE: told}, Limits(waiting=2, running=1))
    with (
        open_site(f"sqlite:///{tmp_path}/index.db") as site,
        served(replace(site, jobs=queue)) as running,
    ):
        yield running


def _post(server: Served, path: str = "/save", **sent: Any) -> httpx.Response:
    return server.client.post(f"{server.url}{path}", **{"headers": _JSON, **sent})


def _ended(server: Served, job: str) -> dict[str, Any]:
    def look() -> dict[str, Any] | None:
        shape: dict[str, Any] = server.get(f"/save/status/{job}").json()
        return None if shape["status"] == "pending" else shape

    found = until(look)
    assert found is not None
    return found


def _saved(server: Served, **form: str) -> dict[str, Any]:
    return _ended(server, _post(server, data={"url": _URL, **form}).json()["job_id"])


def test_a_form_is_answered_with_a_job_and_the_job_with_the_snapshot(server: Served) -> None:
    answer = _post(server, data={"url": _URL})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    shape = answer.json()
    assert shape.keys() == {"url", "job_id"}
    assert shape["url"] == _URL
    assert re.fullmatch("spn2-[0-9a-f]{40}", shape["job_id"])
    done = _ended(server, shape["job_id"])
    assert done["status"] == "success"
    assert (done["original_url"], done["timestamp"], done["http_status"]) == (_URL, AT, 200)
    assert done["counters"] == {"outlinks": 0, "embeds": 2}


@pytest.mark.parametrize("path", ["/save", "/save/", f"/save/{_URL}"])
@pytest.mark.parametrize(
    "sent",
    [
        {"data": {"url": _URL}},
        {"files": {"url": (None, _URL)}},
        {"json": {"url": _URL, "capture_all": True, "email_result": None}},
        {"content": f"url={_URL}", "headers": _JSON},
    ],
)
def test_forms_and_json_to_all_the_places_where_clients_post(
    server: Served, path: str, sent: dict[str, Any]
) -> None:
    assert _post(server, path, **sent).json()["url"] == _URL


def test_the_url_of_the_path_counts_where_the_form_has_none(server: Served) -> None:
    assert _post(server, f"/save/{_URL}?a=%2F", data={}).json()["url"] == f"{_URL}?a=%2F"


def test_an_answer_of_404_is_an_error_and_kept_and_a_success_for_who_wants_all(
    server: Served, told: Told
) -> None:
    told.statuses[_URL] = 404
    shape = _saved(server)
    assert (shape["status"], shape["status_ext"]) == ("error", "error:not-found")
    assert (shape["http_status"], shape["timestamp"]) == (404, AT)
    done = _saved(server, capture_all="1")
    assert (done["status"], done["http_status"]) == ("success", 404)


def test_an_error_is_told_with_its_name(server: Served, told: Told) -> None:
    told.errors[_URL] = "address-refused"
    shape = _saved(server)
    assert shape["status_ext"] == "error:blocked-url"
    assert shape["message"] == f"address-refused: {_URL}"


def test_the_same_job_while_it_waits_and_lately_but_not_after_an_error(
    server: Served, told: Told
) -> None:
    told.go.clear()
    first = _post(server, data={"url": _URL}).json()["job_id"]
    assert _post(server, data={"url": f"{_URL}#part"}).json()["job_id"] == first
    told.go.set()
    _ended(server, first)
    again = _post(server, data={"url": _URL}).json()
    assert again["job_id"] == first
    assert f"nothing is fetched: the URL was archived at {AT}" in again["message"]
    headers = _post(server, data={"url": _URL}).headers
    assert headers["content-location"] == f"/web/{AT}/{_URL}"
    assert f'<{server.url}/web/{_URL}>; rel="timegate"' in headers["link"]
    new = _post(server, data={"url": _URL, "if_not_archived_within": "0"}).json()["job_id"]
    assert new != first
    assert _ended(server, new)["status"] == "success"
    told.errors[_URL] = "timeout"
    failed = _post(server, data={"url": _URL, "if_not_archived_within": "0"}).json()["job_id"]
    assert _ended(server, failed)["status"] == "error"
    assert _post(server, data={"url": _URL}).json()["job_id"] != failed


@pytest.mark.parametrize(
    ("sent", "name"),
    [
        ({"data": {"url": "ftp://example.org/"}}, "invalid-url-syntax"),
        ({"data": {"url": "http://"}}, "invalid-url-syntax"),
        ({"data": {"url": " "}}, "bad-request"),
        ({"data": {}}, "bad-request"),
        ({"data": {"url": _URL, "if_not_archived_within": "soon"}}, "bad-request"),
        (
            {"content": "[]", "headers": _JSON_BODY},
            "bad-request",
        ),
        ({"content": "{", "headers": _JSON_BODY}, "bad-request"),
        ({"content": b"url=\xff", "headers": _JSON}, "bad-request"),
        ({"content": "&".join(["a=1"] * 51), "headers": _JSON}, "bad-request"),
    ],
)
def test_what_is_wrong_with_a_request_is_an_error_with_status_200(
    server: Served, sent: dict[str, Any], name: str
) -> None:
    answer = _post(server, **sent)
    assert answer.status_code == 200
    shape = answer.json()
    assert (shape["status"], shape["status_ext"]) == ("error", f"error:{name}")
    assert shape["message"]


def test_what_is_not_done_here_is_said(server: Served) -> None:
    form = {"url": _URL, "capture_screenshot": "1", "capture_outlinks": "0", "target_password": "p"}
    message = _post(server, data=form).json()["message"]
    assert "capture_screenshot" in message
    assert "target_password" in message
    assert "capture_outlinks" not in message


def test_a_full_queue_says_when_to_come_back(server: Served, told: Told) -> None:
    told.go.clear()
    first = _post(server, data={"url": f"{_URL}/0"}).json()["job_id"]
    until(lambda: server.get("/save/status/system").json()["running"])
    for number in (1, 2):
        assert "job_id" in _post(server, data={"url": f"{_URL}/{number}"}).json()
    full = _post(server, data={"url": f"{_URL}/3"})
    assert (full.status_code, full.json()["status_ext"]) == (429, "error:too-many-requests")
    assert int(full.headers["retry-after"]) > 0
    system = server.get("/save/status/system").json()
    assert system["status"] != "ok"
    assert system["limits"]["waiting"] == 2
    assert server.get("/save/status/user").json() == {"available": 0, "processing": 3}
    told.go.set()
    _ended(server, first)


def test_several_statuses_at_once(server: Served) -> None:
    job = _post(server, data={"url": _URL}).json()["job_id"]
    _ended(server, job)
    for answer in (
        server.get(f"/save/status?job_ids={job},spn2-none"),
        _post(server, "/save/status", data={"job_ids": f"{job}, spn2-none"}),
    ):
        found, unknown = answer.json()
        assert (found["status"], found["job_id"]) == ("success", job)
        assert (unknown["status"], unknown["status_ext"]) == ("error", "error:job-not-found")


def test_an_unknown_job(server: Served) -> None:
    answer = server.get("/save/status/spn2-0000")
    assert answer.json()["job_id"] == "spn2-0000"
    assert (answer.status_code, answer.json()["status"]) == (404, "error")


def test_the_old_form_leads_to_the_snapshot(server: Served) -> None:
    answer = server.get(f"/save/{_URL}?q=a%2Fb")
    here = f"/web/{AT}/{_URL}?q=a%2Fb"
    assert answer.status_code == 302
    assert answer.headers["location"] == f"{server.url}{here}"
    assert answer.headers["content-location"] == here
    assert answer.json()["status"] == "success"
    assert f'<{server.url}{here}>; rel="memento"' in answer.headers["link"]


@pytest.mark.parametrize(
    ("reason", "status"),
    [("address-refused", 403), ("timeout", 504), ("host-not-found", 502), ("not-stored", 503)],
)
def test_the_old_form_tells_errors_by_its_status(
    server: Served, told: Told, reason: str, status: int
) -> None:
    told.errors[_URL] = reason
    answer = server.get(f"/save/{_URL}")
    assert (answer.status_code, answer.json()["status"]) == (status, "error")


def test_the_old_form_tells_what_the_site_answered(server: Served, told: Told) -> None:
    told.statuses[_URL] = 404
    assert server.get(f"/save/{_URL}").status_code == 404
    assert server.get("/save/ftp://example.org/").status_code == 400


def test_the_old_form_does_not_wait_for_ever(
    server: Served, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(old_form, "WAITED", 0.05)
    told.go.clear()
    answer = server.get(f"/save/{_URL}")
    assert (answer.status_code, answer.json()["status"]) == (202, "pending")
    told.go.set()
    assert server.get(answer.headers["location"]).status_code == 200
    _ended(server, answer.json()["job_id"])
    assert server.get(f"/save/{_URL}").status_code == 302


def test_the_old_form_for_programs_that_want_json(server: Served) -> None:
    assert re.match(
        "spn2-", server.get(f"/save/{_URL}", accept="application/json").json()["job_id"]
    )


def test_a_browser_is_led_to_the_page_of_the_job(server: Served) -> None:
    for answer in (
        _post(server, data={"url": _URL}, headers=_BROWSER),
        server.get(f"/save/{_URL}", accept=_BROWSER["Accept"]),
    ):
        assert answer.status_code == 303
        assert re.match("/jobs/[0-9a-f]{40}", answer.headers["location"])
    wrong = _post(server, data={"url": "ftp://example.org/"}, headers=_BROWSER)
    assert wrong.status_code == 400
    assert "text/html" in wrong.headers["content-type"]


def test_looking_saves_nothing(server: Served) -> None:
    assert server.client.head(f"{server.url}/save/{_URL}").status_code == 405
    refused = server.client.delete(f"{server.url}/save/{_URL}")
    assert (refused.status_code, refused.headers["allow"]) == (405, "GET, POST")
    assert server.get("/save/").headers["location"] == "/save"
    assert server.get("/save/status/user").json()["processing"] == 0


def test_without_a_queue_saving_is_off(tmp_path: Path) -> None:
    with open_site(f"sqlite:///{tmp_path}/index.db") as site, served(site) as server:
        for answer in (_post(server, data={"url": _URL}), server.get("/save/status/system")):
            assert answer.status_code == 501
            assert "contact" in answer.json()["message"]
