"""In Chromium: where reading takes a token, the replay is told by the page that frames it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import httpx
import pytest

from archive.state import State
from archive.tokens import Tokens
from tests.archive.web.replay.staging import AT, PNG, Stage, file, html, shown, staged
from tests.servers.chromium import Chromium

URL = "http://news.example/"
MESSAGES = [
    html(URL, "<h1>Guarded</h1><img id=i src=/a.png>"),
    file(f"{URL}a.png", PNG, "image/png"),
]


@pytest.fixture(scope="module")
def secret_and_stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Stage]]:
    folder = tmp_path_factory.mktemp("stage")
    with closing(State(f"sqlite:///{folder}/state.db")) as state:
        tokens = Tokens(state)
        _, secret = tokens.create("reader", "read")
        with staged(folder, MESSAGES, tokens=tokens) as running:
            yield secret, running


@pytest.mark.parametrize(
    "host", ["archive.localhost", pytest.param("127.0.0.1", marks=pytest.mark.slow)]
)
def test_who_signs_in_sees_pages(
    secret_and_stage: tuple[str, Stage], chromium: Chromium, host: str
) -> None:
    secret, stage = secret_and_stage
    main = f"http://{host}:{stage.port}"
    with chromium.page() as page:
        page.goto(stage.url(URL, main=main))
        page.fill("#token", secret)
        page.click("main button.first")
        frame = shown(page)
        assert frame.inner_text("h1") == "Guarded"
        assert frame.evaluate("document.getElementById('i').naturalWidth") == 1
        assert frame.evaluate("document.cookie") == ""
        cookies = {cookie["name"]: cookie for cookie in page.context.cookies()}
    assert set(cookies) == {"pressmark_session", "pressmark_replay"}
    assert all(cookie["httpOnly"] for cookie in cookies.values())
    replay = host if host == "127.0.0.1" else f"replay.{host}"
    assert cookies["pressmark_replay"]["domain"] == replay
    assert cookies["pressmark_session"]["domain"] == host


@pytest.mark.parametrize("path", [f"/raw/{AT}/{URL}", f"/view/{AT}/{URL}"])
def test_who_does_not_sees_nothing(secret_and_stage: tuple[str, Stage], path: str) -> None:
    _, stage = secret_and_stage
    answer = httpx.get(f"http://127.0.0.1:{stage.replay_port}{path}")
    assert answer.status_code == 401
    assert "Guarded" not in answer.text
