"""Errors of every kind are problems (RFC 9457), and the index and the description are whole."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from archive.collection import Collection
from archive.index import Index
from archive.store.memory import MemoryStore
from archive.view import View
from archive.web.site import Site
from tests.archive.web.api.conftest import NEWS
from tests.archive.web.serving import Served, served
from tests.waiting import until

MEDIA_TYPE = "application/problem+json"


def problem(answer: Any, status: int) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == MEDIA_TYPE
    assert answer.headers["x-content-type-options"] == "nosniff"
    found: dict[str, Any] = answer.json()
    assert (found["type"], found["status"]) == ("about:blank", status)
    assert found["title"]
    assert found["message"] == found["detail"] != ""
    return found


def test_the_index_names_everything(api: Served) -> None:
    answer = api.get("/api/v1").json()
    assert answer == api.get("/api/v1/").json()
    links = answer["links"]
    assert links["get_capture"] == f"{api.url}/api/v1/captures/{{timestamp}}/{{url}}"
    assert links["list_versions"] == f"{api.url}/api/v1/versions{{?url}}"
    paths = api.get("/api/v1/openapi.json").json()["paths"]
    assert len(links) == sum(map(len, paths.values()))
    assert links["submit_job"] == f"{api.url}/api/v1/jobs"
    assert {"cancel_job", "retry_job", "restrict", "lift"} <= links.keys()
    assert api.client.get(answer["openapi"]).status_code == 200


def test_head_is_answered_as_get_without_a_body(api: Served) -> None:
    for path in ("/api/v1", "/api/v1/sources", f"/api/v1/captures/2026/{NEWS}"):
        get, head = api.get(path), api.client.head(f"{api.url}{path}")
        assert head.status_code == 200
        assert head.content == b""
        assert head.headers["content-length"] == get.headers["content-length"]


def test_nothing_there(api: Served) -> None:
    for path in ("/api/v1/none", "/api/v1/none?x=<b>", "/api/", "/api/v2", "/api/v1/captures/2026"):
        assert "there is nothing" in problem(api.get(path), 404)["detail"]


def test_other_methods(api: Served) -> None:
    answer = api.client.delete(f"{api.url}/api/v1/search?q=a", headers={"Origin": api.url})
    problem(answer, 405)
    assert answer.headers["allow"] == "GET"


def test_forms_that_there_are_not(api: Served) -> None:
    for accept in ("text/css", "application/xml, text/css;q=0.5"):
        found = problem(api.get("/api/v1/sources", accept=accept), 406)
        assert "application/json" in found["detail"]
    for accept in ("*/*", "application/*", "text/html,*/*;q=0.8", "application/json", MEDIA_TYPE):
        assert api.get("/api/v1/sources", accept=accept).status_code == 200
    text = f"/api/v1/documents/text?url={NEWS.replace('&', '%26')}"
    assert api.get(text, accept="text/plain").status_code == 200
    problem(api.get(text, accept="application/json"), 406)


def test_each_wrong_parameter_is_named(api: Served) -> None:
    found = problem(api.get("/api/v1/captures?limit=x&match=all"), 400)
    assert [error["parameter"] for error in found["errors"]] == [
        "query.url",
        "query.match",
        "query.limit",
    ]


_TIME = "is not a time: give 4 to 14 digits (20261122093000) or a date (2026-11-22)"
_NONE = "is not an http or https URL"


@pytest.mark.parametrize(
    ("asked", "parameter", "detail"),
    [
        ("captures", "query.url", "it is missing"),
        ("captures?url=", "query.url", "it is empty"),
        ("captures?url=ftp://x.org/", "query.url", f"'ftp://x.org/' {_NONE}"),
        ("captures?url=x.org&from=zz", "query.from", f"'zz' {_TIME}"),
        ("captures?url=x.org&to=2026-13", "query.to", f"'2026-13' {_TIME}"),
        ("captures?url=x.org&limit=x", "query.limit", "'x' is not a whole number"),
        ("captures?url=x.org&limit=0", "query.limit", "'0' is too small: give at least 1"),
        ("captures?url=x.org&limit=1001", "query.limit", "'1001' is too large: give at most 1000"),
        ("captures?url=x.org&match=all", "query.match",
         "'all' is not known: give 'exact', 'prefix', 'host' or 'domain'"),
        ("captures?url=x.org&status=ok", "query.status",
         "'ok' is not a status such as 404, or a class of them such as 4xx"),
        ("captures?url=x.org&cursor=x", "query.cursor",
         "it is not one of this list: begin without one, or take it from `next`"),
        ("captures/2026-11/http://x.org/", "path.timestamp",
         "'2026-11' is not a time of 1 to 14 digits, such as 20261122"),
        ("captures/warc?url=x.org&at=soon", "query.at", f"'soon' {_TIME}"),
        ("documents?url=x.org&at=nonsense", "query.at", f"'nonsense' {_TIME}"),
        ("documents/text?url=x.org&at=1", "query.at", f"'1' {_TIME}"),
        ("versions?url=mailto:a", "query.url", f"'mailto:a' {_NONE}"),
        ("diff?url=x.org&from=a", "query.from", f"'a' {_TIME}"),
        ("search?q=a&language=english", "query.language",
         "'english' is not the code of a language: two or three letters, such as en"),
        ("check?url=x.org&within=banana", "query.within",
         "'banana' is not a time span: give it as 3d, 15h or 3600 (seconds)"),
        ("check?url=ftp://x.org/", "query.url", f"'ftp://x.org/' {_NONE}"),
        (f"captures?url=x.org&source={'a' * 101}", "query.source",
         "it is too long: at most 100 characters are allowed"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_it_is_a_plain_sentence(
    api: Served, asked: str, parameter: str, detail: str
) -> None:
    found = problem(api.get(f"/api/v1/{asked}"), 400)
    assert found["errors"] == [{"parameter": parameter, "detail": detail}]
    assert found["detail"] == f"{parameter}: {detail}"


def test_everything_that_is_wrong_is_told_at_once(api: Served) -> None:
    found = problem(api.get("/api/v1/search?from=a&to=b&language=english"), 400)
    names = [error["parameter"] for error in found["errors"]]
    assert sorted(names) == ["query.from", "query.language", "query.q", "query.to"]


class Broken(Index):
    """With a defect."""

    def counts(self) -> Any:
        raise AssertionError("secret detail")

    sources = counts


@pytest.fixture
def broken(tmp_path: Path) -> Iterator[Served]:
    """A server whose index has a defect."""
    collection = Collection(MemoryStore(), Broken(f"sqlite:///{tmp_path}/index.db"))
    try:
        with served(Site(collection=collection, view=View(collection))) as running:
            yield running
    finally:
        collection.close()


def test_a_defect_is_logged_and_not_told(broken: Served, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        answer = broken.get("/api/v1/sources")
        # It is written when the answer has been sent.
        assert until(lambda: any(record.exc_info for record in caplog.records))
    assert "secret" not in answer.text
    assert "log" in problem(answer, 500)["detail"]


def test_an_index_that_fails_is_said_to_be_away(tmp_path: Path) -> None:
    collection = Collection(MemoryStore(), Index(f"sqlite:///{tmp_path}/index.db"))
    with served(Site(collection=collection, view=View(collection))) as running:
        collection.index.close()
        for file in tmp_path.iterdir():
            file.unlink()
        answer = running.get("/api/v1/captures?url=example.org")
    assert "index.db" not in problem(answer, 503)["detail"]
    assert answer.headers["retry-after"]


def test_the_description_is_complete(api: Served) -> None:
    document = api.get("/api/v1/openapi.json").json()
    assert document["servers"] == [{"url": "/api/v1"}]
    assert document["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"
    names = set()
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            where = f"{method} {path}"
            assert operation["summary"], where
            assert operation["description"], where
            names.add(operation["operationId"])
            for parameter in operation.get("parameters", []):
                assert parameter["description"], (where, parameter["name"])
            _check_responses(where, operation["responses"])
    assert len(names) == sum(len(operations) for operations in document["paths"].values())
    # Whatever is referred to is there.
    text = json.dumps(document)
    schemas = set(re.findall(r'"#/components/schemas/([^"]+)"', text))
    assert schemas <= document["components"]["schemas"].keys()
    assert "HTTPValidationError" not in text


def test_each_operation_says_what_its_token_has_to_permit(api: Served) -> None:
    paths = api.get("/api/v1/openapi.json").json()["paths"]
    assert paths["/openapi.json"]["get"]["security"] == [{}]
    assert paths["/search"]["get"]["security"] == [{"bearer": ["read"]}, {}]
    assert paths["/jobs"]["post"]["security"] == [{"bearer": ["save"]}, {}]
    assert paths["/restrictions"]["get"]["security"] == [{"bearer": ["admin"]}]


def _check_responses(where: str, responses: dict[str, Any]) -> None:
    assert "422" not in responses, where
    for status, response in responses.items():
        content = response.get("content", {})
        if status.startswith("2"):
            assert all(form["schema"] for form in content.values()), where
            assert content or status == "204", where
        elif status != "431":
            assert MEDIA_TYPE in content, (where, status)
