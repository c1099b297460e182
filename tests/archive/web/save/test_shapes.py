"""What clients of Save Page Now are told of a job."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest

from archive.jobs import ARCHIVE, Failure, Job
from archive.web.save.shapes import extension_of, private_id, public_id, status_of
from crawler.spiders.failures import Reason

_URL = "https://news.example.org/a"
_NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
_JOB = Job(id="0" * 40, kind=ARCHIVE, arguments={"url": _URL}, state="waiting", submitted=_NOW)
_RESULT = {
    "url": _URL,
    "final_url": f"{_URL}/b",
    "status": 200,
    "timestamp": "20261122100000",
    "memento": f"/web/20261122100000/{_URL}/b",
    "requisites": {"ok": 3, "failed": 1},
}
_DONE = replace(
    _JOB,
    state="success",
    started=_NOW,
    ended=_NOW + timedelta(seconds=1.5),
    result=_RESULT,
)

_KNOWN = frozenset(
    """
    not-found no-access blocked blocked-url invalid-url-syntax bad-gateway bad-request
    bandwidth-limit-exceeded browsing-timeout cannot-fetch filesize-limit gateway-timeout
    http-version-not-supported internal-server-error invalid-host-resolution
    invalid-server-response job-failed method-not-allowed network-authentication-required
    not-implemented protocol-error proxy-error read-timeout service-unavailable
    soft-time-limit-exceeded too-many-redirects too-many-requests unauthorized
    """.split()  # noqa: SIM905 - a list of so many is not read
)
"""Names that Save Page Now 2 has, as far as they concern one page."""


def _answered(status: int, **arguments: object) -> Job:
    result = {**_RESULT, "status": status}
    return replace(_DONE, arguments={**_JOB.arguments, **arguments}, result=result)


def test_ids_have_the_prefix_and_40_hex_digits() -> None:
    assert public_id(_JOB) == f"spn2-{'0' * 40}"
    assert private_id(public_id(_JOB)) == _JOB.id


@pytest.mark.parametrize("state", ["waiting", "running"])
def test_pending(state: str) -> None:
    job = replace(_JOB, state=state)  # type: ignore[arg-type]  # of the parameter
    assert status_of(job) == {"status": "pending", "job_id": public_id(job), "resources": []}


def test_success() -> None:
    assert status_of(_DONE) == {
        "status": "success",
        "job_id": public_id(_DONE),
        "original_url": _URL,
        "timestamp": "20261122100000",
        "duration_sec": 1.5,
        "http_status": 200,
        "outlinks": [],
        "counters": {"outlinks": 0, "embeds": 3},
        "resources": [_URL, f"{_URL}/b"],
        "memento": f"/web/20261122100000/{_URL}/b",
    }


@pytest.mark.parametrize("reason", get_args(Reason))
def test_every_reason_has_one_of_their_names(reason: str) -> None:
    job = replace(_DONE, state="error", result=None, error=Failure(reason=reason, message="why"))
    shape = status_of(job)
    assert shape["status"] == "error"
    assert shape["status_ext"].removeprefix("error:") in _KNOWN
    assert (shape["exception"], shape["message"]) == (reason, "why")


def test_names_of_errors_that_clients_act_on() -> None:
    def name(reason: str) -> str | None:
        return extension_of(
            replace(_DONE, state="error", error=Failure(reason=reason, message="why"))
        )

    assert name("address-refused") == "blocked-url"
    assert name("invalid-url") == "invalid-url-syntax"
    assert name("host-not-found") == "invalid-host-resolution"
    assert name("too-many-redirects") == "too-many-redirects"
    assert name("a reason of tomorrow") == "job-failed"


@pytest.mark.parametrize("status", [*range(400, 431), *range(500, 512), 599, 999])
def test_an_answer_that_is_an_error_has_one_of_their_names(status: int) -> None:
    assert extension_of(_answered(status)) in _KNOWN
    shape = status_of(_answered(status))
    assert (shape["status"], shape["http_status"]) == ("error", status)
    assert _RESULT["memento"] in shape["message"]  # it is kept all the same


def test_an_answer_that_is_an_error_is_a_success_for_who_wants_all() -> None:
    assert extension_of(_answered(404)) == "not-found"
    assert status_of(_answered(404, capture_all=True))["status"] == "success"
    assert status_of(_answered(304))["status"] == "success"


def test_a_cancelled_job() -> None:
    shape = status_of(replace(_DONE, state="cancelled", result=None))
    assert (shape["status"], shape["status_ext"]) == ("error", "error:job-failed")
