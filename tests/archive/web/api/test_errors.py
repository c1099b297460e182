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
    wrong = problem(api.get("/api/v1/captures?url=ftp://example.org/"), 400)
    assert "ftp://example.org/" in wrong["detail"]
    problem(api.get("/api/v1/captures?url=example.org&from=2026-13"), 400)


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
