"""Saving over HTTP from end to end: the server, the process that archives, a real site."""

from __future__ import annotations

import asyncio
import signal
from typing import Any

import httpx
import pytest

from tests.acceptance.command import Pressmark, finish
from tests.acceptance.serving import Server, serving
from tests.servers.routes import html, site
from tests.servers.wire import Wire, reply
from tests.waiting import until

_BODY = bytes(range(256)) * 40 + b"\r\n\r\n"


def _save(server: Server, **form: str) -> dict[str, Any]:
    answer = httpx.post(f"{server.url}/save", data=form, timeout=60)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def _ended(server: Server, job: str) -> dict[str, Any]:
    def look() -> dict[str, Any] | None:
        shape: dict[str, Any] = server.get(f"/save/status/{job}").json()
        return None if shape["status"] == "pending" else shape

    found = until(look, 90)
    assert found is not None
    return found


def test_what_is_saved_over_http_is_read_back_byte_for_byte(pressmark: Pressmark) -> None:
    binary = reply(_BODY, b"Content-Type: application/octet-stream")
    page = html('<p>Good.<img src="/a.png">')
    routes, source = site({"/a?b=%2Fc": binary, "/": page, "/a.png": reply(b"png")})
    with source, serving(pressmark) as server:
        url = f"{source.url}/a?b=%2Fc"
        assert server.get(f"/api/v1/check?url={source.url}/").json()["archived"] is False
        job = _save(server, url=url)["job_id"]
        # These wait for the first, and are then archived together.
        others = [
            _save(server, url=wanted)["job_id"]
            for wanted in (f"{source.url}/", f"{source.url}/none", "http://no-such-host.invalid/")
        ]
        done = _ended(server, job)
        assert (done["status"], done["http_status"]) == ("success", 200)
        raw = server.get(f"/web/{done['timestamp']}id_/{done['original_url']}")
        assert raw.content == _BODY
        ended = [_ended(server, other) for other in others]
        names = [shape.get("status_ext", shape["status"]) for shape in ended]
        assert names == ["success", "error:not-found", "error:invalid-host-resolution"]
        assert ended[0]["counters"]["embeds"] == 1
        checked = server.get(f"/api/v1/check?url={source.url}/&within=1h").json()
        assert (checked["archived"], checked["recent"]) == (True, True)
        assert _save(server, url=url)["job_id"] == job
        assert routes.asked.count("/a?b=%2Fc") == 1
        assert _ended(server, _save(server, url="http://10.1.2.3/")["job_id"])["status_ext"] == (
            "error:blocked-url"
        )
    listed = pressmark("list", url, "--json").line
    assert (listed["status"], listed["timestamp"]) == (200, done["timestamp"])


@pytest.mark.slow
def test_a_server_that_is_ended_stores_what_its_jobs_have_captured(pressmark: Pressmark) -> None:
    async def stall(wire: Wire) -> None:
        await asyncio.sleep(600)

    page = html('<p>Good.<link rel="stylesheet" href="/stalls.css">')
    routes, source = site({"/": page, "/stalls.css": stall})
    with source, serving(pressmark) as server:
        _save(server, url=f"{source.url}/")
        until(lambda: "/stalls.css" in routes.asked)
        server.process.send_signal(signal.SIGTERM)
        assert finish(server.process).status == 0
    assert not list((pressmark.home / "spool").glob("*/*.warc.gz*"))
    assert pressmark("get", f"{source.url}/").text.startswith("<p>Good.")


def test_without_a_contact_nothing_is_fetched(pressmark: Pressmark) -> None:
    pressmark.configure("home: data\n")
    with serving(pressmark) as server:
        answer = httpx.post(f"{server.url}/save", data={"url": "http://127.0.0.1:1/"}, timeout=60)
        assert answer.status_code == 501
        assert "contact" in answer.json()["message"]
        assert server.get("/health").status_code == 200
