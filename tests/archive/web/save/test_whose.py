"""Whose jobs are whose, where saving takes a token."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from archive.jobs import ARCHIVE, Limits
from archive.state import State
from archive.tokens import Tokens
from archive.web.guard.register import TokenRegister
from archive.web.site import WebSettings
from crawler.jobs.local import LocalQueue
from tests.archive.web.save.told import Told
from tests.archive.web.serving import Served, open_site, served

_URL = "https://news.example.org/a"
_PUBLIC = WebSettings(local=False, public_read=True)


@pytest.fixture
def secrets() -> dict[str, str]:
    """Of the tokens, by their names."""
    return {}


@pytest.fixture
def server(tmp_path: Path, secrets: dict[str, str]) -> Iterator[Served]:
    """A server that everybody may read, whose work never ends by itself."""
    queue = LocalQueue({ARCHIVE: Told()}, Limits(waiting=5, running=1))
    with (
        closing(State(f"sqlite:///{tmp_path}/state.db")) as state,
        open_site(f"sqlite:///{tmp_path}/index.db") as site,
    ):
        tokens = Tokens(state)
        for name, scope in (("ana", "save"), ("ben", "save"), ("root", "admin")):
            secrets[name] = tokens.create(name, scope)[1]
        chosen = replace(site, settings=_PUBLIC, jobs=queue, tokens=TokenRegister(tokens))
        with served(chosen) as running:
            yield running


def test_who_may_only_read_sees_no_jobs_and_saves_nothing(server: Served) -> None:
    for path in ("/api/v1/jobs", "/jobs", "/save/status/user", f"/save/{_URL}"):
        assert server.get(path).status_code == 401
    assert server.client.post(f"{server.url}/save", data={"url": _URL}).status_code == 401
    checked = server.get(f"/api/v1/check?url={_URL}").json()
    assert (checked["archived"], checked["may_save"]) == (False, False)


def test_a_job_is_of_the_token_that_it_was_handed_in_with(
    server: Served, secrets: dict[str, str]
) -> None:
    def headers(name: str) -> dict[str, str]:
        return {"Authorization": f"LOW any:{secrets[name]}", "Accept": "application/json"}

    def cancel(name: str, job: str) -> int:
        path = f"{server.url}/api/v1/jobs/{job}/cancel"
        return server.client.post(path, headers=headers(name)).status_code

    def processing(name: str) -> int:
        answer = server.client.get(f"{server.url}/save/status/user", headers=headers(name))
        return int(answer.json()["processing"])

    jobs = []
    for number in range(2):
        form = {"url": f"{_URL}/{number}"}
        taken = server.client.post(f"{server.url}/save", data=form, headers=headers("ana"))
        jobs.append(taken.json()["job_id"].removeprefix("spn2-"))
    assert (processing("ana"), processing("ben")) == (2, 0)
    found = server.client.get(f"{server.url}/api/v1/jobs/{jobs[0]}", headers=headers("ben")).json()
    assert found["by"] == "ana"
    assert cancel("ben", jobs[1]) == 403
    assert cancel("ana", jobs[1]) == 200
    assert cancel("root", jobs[0]) == 200
