"""Saving and jobs as forms and links, without a script."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from lxml import html

from tests.archive.web.pages.conftest import shown, site
from tests.archive.web.pages.library import STRIKE
from tests.archive.web.pages.looking import links, opened, parsed, texts
from tests.archive.web.save.told import AT, Told
from tests.archive.web.serving import Served, served
from tests.waiting import until

URL = "https://late.example/page"


@pytest.fixture
def told() -> Told:
    """What does the jobs."""
    return Told()


@pytest.fixture
def pages(home: Path, told: Told) -> Iterator[Served]:
    """A server of its own for each test."""
    with shown(home, told) as running:
        yield running


def post(pages: Served, form: html.HtmlElement, **more: str) -> html.HtmlElement:
    """Send a form as it stands, and go where the answer leads."""
    assert form.get("method") == "post"
    values = {**dict(form.form_values()), **more}
    response = pages.client.post(pages.url + form.get("action"), data=values)
    assert response.status_code == 303, response.text
    return opened(pages, response.headers["location"])


def form_of(page: html.HtmlElement) -> html.HtmlElement:
    (form,) = page.cssselect("main form")
    return form


def save(pages: Served, url: str = URL) -> str:
    """Save a page; the address of its job."""
    form = form_of(opened(pages, "/save"))
    page = post(pages, form, url=url)
    return f"/jobs/{texts(page, '.facts code')[0]}"


def heading(pages: Served, job: str) -> str:
    return texts(opened(pages, job), ".notice h2")[0]


def test_a_page_is_saved_and_found_by_reloading(pages: Served, told: Told) -> None:
    job = save(pages)
    page = opened(pages, job)
    assert heading(pages, job) in ("It waits for its turn", "It is being archived")
    (asks,) = page.cssselect("#job")
    assert (asks.get("hx-get"), asks.get("hx-select")) == (job, "#job")
    told.go.set()
    until(lambda: heading(pages, job) == "It is archived")
    done = opened(pages, job)
    assert links(done)["See it"] == f"/web/{AT}/{URL}"
    assert not done.cssselect("[hx-get]"), "what has ended is not asked for again"
    listed = opened(pages, "/jobs")
    assert links(listed)[f"archive {URL}"] == job
    assert texts(listed, "tbody .tag") == ["success", "200"]


def test_what_is_known_lately_is_said_to_be_from_then(pages: Served, told: Told) -> None:
    told.go.set()
    job = save(pages)
    until(lambda: heading(pages, job) == "It is archived")
    again = post(pages, form_of(opened(pages, "/save")), url=URL)
    assert texts(again, ".notice h2") == ["It was archived already"]
    assert "Nothing was fetched now" in texts(again, ".notice")[0]
    anew = post(pages, form_of(again))
    assert texts(anew, ".notice h2") != ["It was archived already"]
    assert heading(pages, job) == "It is archived", (
        "whoever looks at the job itself sees its result"
    )


def test_saving_again_fetches_again(pages: Served, told: Told) -> None:
    told.go.set()
    job = save(pages)
    until(lambda: heading(pages, job) == "It is archived")
    form = form_of(opened(pages, f"/save?url={URL}&again=1"))
    assert dict(form.form_values()) == {"url": URL, "if_not_archived_within": "0"}
    assert "if_not_archived_within" not in dict(form_of(opened(pages, "/save")).form_values())
    page = opened(pages, f"/captures?url={quote(STRIKE, safe='')}")
    assert links(page)["Save it again"].endswith("&again=1")


def test_an_error_that_is_archived_does_not_look_like_a_page(pages: Served, told: Told) -> None:
    told.statuses[URL] = 404
    told.go.set()
    job = save(pages)
    headline = "The site answered with an error, and that is archived"
    until(lambda: heading(pages, job) == headline)
    assert not opened(pages, job).cssselect(".notice.good")
    marks = opened(pages, "/jobs").cssselect("tbody .tag")
    assert [(mark.text, "good" in mark.get("class")) for mark in marks] == [
        ("success", False),
        ("404", False),
    ]


def test_a_job_is_cancelled_and_tried_again(pages: Served, told: Told) -> None:
    job = save(pages)
    post(pages, form_of(opened(pages, job)))
    until(lambda: heading(pages, job) == "It was cancelled")
    told.go.set()
    post(pages, form_of(opened(pages, job)))
    until(lambda: heading(pages, job) == "It is archived")


def test_why_a_job_failed_is_told(pages: Served, told: Told) -> None:
    told.errors[URL] = "timeout"
    told.go.set()
    form = form_of(opened(pages, "/save"))
    response = pages.client.post(pages.url + form.get("action"), data={"url": URL})
    job = response.headers["location"]
    until(lambda: heading(pages, job) == "It could not be archived")
    assert f"timeout: {URL}" in texts(opened(pages, job), ".notice")[0]
    assert form_of(opened(pages, job)).get("action") == f"{job}/retry"


def test_a_wrong_address_is_told(pages: Served) -> None:
    response = pages.client.post(f"{pages.url}/save", data={"url": "ftp://a"})
    assert response.status_code == 400
    page = parsed(response)
    assert texts(page, "h1") == ["That cannot be archived"]
    assert "not an http or https URL" in texts(page, "[role=alert]")[0]
    assert dict(form_of(page).form_values())["url"] == "ftp://a"
    data = {"url": "not a url", "if_not_archived_within": "0"}
    page = parsed(pages.client.post(f"{pages.url}/save", data=data))
    assert dict(form_of(page).form_values()) == data
    assert texts(opened(pages, "/jobs/0", 404), "h1") == ["There is nothing here"]


def test_jobs_none_yet_and_saving_off(pages: Served, home: Path) -> None:
    assert "Nothing was handed in of late" in texts(opened(pages, "/jobs"), ".notice")[0]
    off = site(home, None)
    try:
        with served(off) as running:
            assert texts(opened(running, "/jobs"), ".notice h2") == ["No jobs are run here"]
            assert texts(opened(running, "/save"), ".notice h2") == ["Saving is off here"]
    finally:
        off.collection.close()
