"""Jobs whose captures are withheld: none of the ways to ask for a job tells of the capture."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from archive.jobs import ARCHIVE, Limits
from archive.timestamps import now, to_timestamp, to_warc_date
from archive.warc.writing import WarcRecord
from crawler.jobs.local import LocalQueue
from tests.archive.restrictions.deciding import withhold
from tests.archive.web.save.told import AT, Told
from tests.archive.web.serving import Served, open_site, served
from tests.exchanges import page
from tests.keeping import store_records
from tests.waiting import until

_URL = "https://news.example.org/a"
_BROWSER = "text/html"
_JSON = {"Accept": "application/json"}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Served]:
    told = Told()
    told.go.set()
    queue = LocalQueue({ARCHIVE: told}, Limits(waiting=5, running=1))
    with (
        open_site(f"sqlite:///{tmp_path}/index.db") as site,
        served(replace(site, jobs=queue)) as running,
    ):
        yield running


def _submit(server: Served) -> dict[str, Any]:
    answer = server.client.post(f"{server.url}/api/v1/jobs", json={"url": _URL})
    assert answer.status_code == 202
    job: dict[str, Any] = answer.json()
    return job


def _saved(server: Served) -> str:
    id_ = str(_submit(server)["id"])
    until(lambda: server.get(f"/api/v1/jobs/{id_}").json()["ended"])
    return id_


def _told(server: Served, job: str) -> dict[str, str]:
    """What is said of a job, by where."""
    ways = {
        "/api/v1/jobs": "*/*",
        f"/api/v1/jobs/{job}": "*/*",
        f"/save/status/{job}": "*/*",
        f"/save/status/?job_ids={job}": "*/*",
        "/jobs": _BROWSER,
        f"/jobs/{job}": _BROWSER,
    }
    return {path: server.get(path, accept=accept).text for path, accept in ways.items()}


def test_no_way_to_ask_for_a_job_tells_of_what_is_withheld(server: Served) -> None:
    job = _saved(server)
    before = _told(server, job)
    assert all(AT in text for path, text in before.items() if path != "/jobs")
    withhold(server.site.collection, url=_URL)
    for path, text in _told(server, job).items():
        assert job in text, path
        assert AT not in text, path
    result = server.get(f"/api/v1/jobs/{job}").json()["result"]
    assert result == {"ok": True, "state": "stored", "url": _URL, "withheld": True}
    status = server.get(f"/save/status/{job}").json()
    assert (status["status"], status["status_ext"]) == ("error", "error:no-access")
    assert "withheld" in status["message"]
    assert "withheld" in server.get(f"/jobs/{job}", accept=_BROWSER).text


def test_who_ends_or_retries_a_job_is_told_no_more(server: Served) -> None:
    job = _saved(server)
    withhold(server.site.collection, url=_URL)
    cancelled = server.client.post(f"{server.url}/api/v1/jobs/{job}/cancel").json()
    assert cancelled["result"]["withheld"] is True
    assert AT not in str(cancelled)


def test_nobody_is_served_with_a_job_whose_capture_is_withheld(server: Served) -> None:
    job = _saved(server)
    assert _submit(server)["id"] == job
    withhold(server.site.collection, url=_URL)
    answer = server.client.post(f"{server.url}/save", data={"url": _URL}, headers=_JSON)
    assert answer.json()["job_id"] != f"spn2-{job}"
    assert AT not in answer.text + str(answer.headers)
    old = server.get(f"/save/{_URL}")
    assert old.status_code == 403
    assert AT not in old.text + str(old.headers)
    assert _submit(server)["id"] != job


def test_a_decision_about_a_time(server: Served) -> None:
    moment = to_timestamp(now())
    view = server.site.view
    withhold(server.site.collection, url=_URL, start=moment)
    assert view.withholds(_URL, moment, "")
    assert not view.withholds(_URL, AT, "")
    assert not view.withholds(f"{_URL}/b", moment, "")


def test_captures_are_looked_up_where_they_lie(server: Served) -> None:
    block = page()
    fields = (("WARC-Target-URI", _URL), ("WARC-Date", to_warc_date(now() - timedelta(minutes=5))))
    record = WarcRecord(type="response", fields=fields, block=[block], length=len(block))
    collection = server.site.collection
    store_records(collection, [record])
    capture = server.site.view.find(_URL)
    job = _submit(server)
    assert job["result"]["digest"] == capture.digest
    place = capture.filename, capture.offset
    assert not server.site.view.withholds_at(*place)
    withhold(collection, digest=capture.digest)
    assert server.site.view.withholds_at(*place)
    assert not server.site.view.withholds_at(capture.filename, capture.offset + 1)
    for path, text in _told(server, job["id"]).items():
        assert capture.timestamp not in text, path
        assert capture.digest not in text, path
