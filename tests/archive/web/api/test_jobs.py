"""`/api/v1/jobs` and `/api/v1/check`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from archive.jobs import ARCHIVE, Limits
from archive.timestamps import now, to_warc_date
from archive.warc.writing import WarcRecord
from crawler.jobs.local import LocalQueue
from tests.archive.restrictions.deciding import withhold
from tests.archive.web.save.told import AT, Told
from tests.archive.web.serving import Served, open_site, served
from tests.exchanges import page
from tests.keeping import store_records
from tests.waiting import until

_URL = "https://news.example.org/a"


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


def _post(server: Served, path: str = "/jobs", **body: Any) -> httpx.Response:
    return server.client.post(f"{server.url}/api/v1{path}", json=body)


def _get(server: Served, path: str) -> dict[str, Any]:
    answer = server.get(f"/api/v1{path}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def _ended(server: Served, job: str) -> dict[str, Any]:
    def look() -> dict[str, Any] | None:
        found = _get(server, f"/jobs/{job}")
        return found if found["ended"] else None

    found = until(look)
    assert found is not None
    return found


def test_that_nothing_is_fetched_is_said(server: Served) -> None:
    first = _post(server, url=_URL).json()
    assert first["message"] is None
    assert _ended(server, first["id"])["message"] is None
    second = _post(server, url=_URL).json()
    assert second["id"] == first["id"]
    assert f"nothing is fetched: the URL was archived at {AT}" in second["message"]
    assert _post(server, url=_URL, if_not_archived_within="0").json()["message"] is None


def test_a_url_is_handed_in_and_its_job_looked_at(server: Served) -> None:
    answer = _post(server, url="news.example.org/a")
    assert answer.status_code == 202
    job = answer.json()
    assert answer.headers["location"] == f"{server.url}/api/v1/jobs/{job['id']}"
    assert (job["kind"], job["url"]) == (ARCHIVE, "http://news.example.org/a")
    done = _ended(server, job["id"])
    assert (done["state"], done["attempts"], done["error"]) == ("success", 1, None)
    assert done["result"]["memento"] == f"/web/{AT}/http://news.example.org/a"


def test_what_failed_is_told_and_can_be_retried(server: Served, told: Told) -> None:
    told.errors[_URL] = "timeout"
    job = _post(server, url=_URL).json()["id"]
    failed = _ended(server, job)
    assert (failed["state"], failed["error"]["reason"]) == ("error", "timeout")
    told.errors.clear()
    assert _post(server, f"/jobs/{job}/retry").json()["state"] in ("waiting", "running")
    assert _ended(server, job)["state"] == "success"
    again = _post(server, f"/jobs/{job}/retry")
    assert again.status_code == 409
    assert again.headers["content-type"] == "application/problem+json"


def test_a_job_is_cancelled(server: Served, told: Told) -> None:
    told.go.clear()
    running = _post(server, url=_URL).json()["id"]
    waiting = _post(server, url=f"{_URL}/2").json()["id"]
    assert _post(server, f"/jobs/{waiting}/cancel").json()["state"] == "cancelled"
    _post(server, f"/jobs/{running}/cancel")
    assert _ended(server, running)["state"] == "cancelled"


def test_jobs_come_in_pages_the_newest_first(server: Served) -> None:
    ids = []
    for number in range(3):
        ids.append(_post(server, url=f"{_URL}/{number}").json()["id"])
        _ended(server, ids[-1])
    first = _get(server, "/jobs?limit=2&kind=archive&state=success")
    assert [job["id"] for job in first["jobs"]] == [ids[2], ids[1]]
    second = server.client.get(first["next"]).json()
    assert ([job["id"] for job in second["jobs"]], second["next"]) == ([ids[0]], None)
    assert _get(server, "/jobs?state=error")["jobs"] == []


def test_a_full_queue(server: Served, told: Told) -> None:
    told.go.clear()
    first = _post(server, url=_URL).json()["id"]
    until(lambda: _get(server, f"/jobs/{first}")["state"] == "running")
    assert [_post(server, url=f"{_URL}/{n}").status_code for n in range(3)] == [202, 202, 429]


@pytest.mark.parametrize(
    ("body", "parameter", "said"),
    [
        ({}, "url", "it is missing"),
        ({"url": ""}, "url", "it is empty"),
        ({"url": "ftp://example.org/"}, "url", "not an http or https URL"),
        ({"url": "http://name:secret@example.org/"}, "url", "leave them out"),
        ({"url": _URL, "if_not_archived_within": "soon"}, "if_not_archived_within", "a time span"),
    ],
)
def test_what_is_wrong_is_a_problem(
    server: Served, body: dict[str, str], parameter: str, said: str
) -> None:
    answer = _post(server, **body)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    (error,) = answer.json()["errors"]
    assert error["parameter"] == f"body.{parameter}"
    assert said in error["detail"]


@pytest.mark.parametrize("path", ["/jobs/none", "/jobs/none/cancel", "/jobs/none/retry"])
def test_an_unknown_job(server: Served, path: str) -> None:
    answer = _post(server, path) if path.count("/") > 2 else server.get(f"/api/v1{path}")
    assert answer.status_code == 404


def _keep(server: Served, url: str, ago: timedelta) -> None:
    block = page()
    fields = (("WARC-Target-URI", url), ("WARC-Date", to_warc_date(now() - ago)))
    record = WarcRecord(type="response", fields=fields, block=[block], length=len(block))
    store_records(server.site.collection, [record])


def test_check_before_and_after(server: Served) -> None:
    before = _get(server, f"/check?url={_URL}%23part&within=2h")
    assert (before["url"], before["archived"], before["last"]) == (_URL, False, None)
    assert (before["recent"], before["may_save"]) == (False, True)
    assert before["save"] == f"{server.url}/api/v1/jobs"
    _keep(server, _URL, timedelta(hours=3))
    after = _get(server, f"/check?url={_URL}&within=2h")
    assert (after["archived"], after["recent"]) == (True, False)
    assert after["last"]["url"] == _URL
    assert _get(server, f"/check?url={_URL}&within=4h")["recent"] is True
    assert _get(server, f"/check?url={_URL}")["recent"] is None


def test_a_recent_capture_answers_for_a_job(server: Served, told: Told) -> None:
    told.go.clear()  # no work is needed
    _keep(server, _URL, timedelta(hours=3))
    job = _post(server, url=_URL, if_not_archived_within="4h").json()
    assert (job["state"], job["attempts"]) == ("success", 0)
    raw = server.get(job["result"]["memento"].replace("/http", "id_/http", 1))
    assert b"A page" in raw.content
    assert _post(server, url=_URL, if_not_archived_within="2h").json()["state"] != "success"


def test_check_of_what_is_withheld(server: Served) -> None:
    _keep(server, _URL, timedelta(hours=3))
    withhold(server.site.collection, url=_URL)
    assert server.get(f"/api/v1/check?url={_URL}").status_code == 451
    assert server.get("/api/v1/check?url=ftp://example.org/").status_code == 400
    assert server.get(f"/api/v1/check?url={_URL}&within=soon").status_code == 400


def test_without_a_queue_nothing_may_be_saved(tmp_path: Path) -> None:
    with open_site(f"sqlite:///{tmp_path}/index.db") as site, served(site) as server:
        assert _post(server, url=_URL).status_code == 501
        assert server.get("/api/v1/jobs").status_code == 501
        checked = _get(server, f"/check?url={_URL}")
    assert (checked["may_save"], checked["save"]) == (False, None)
