from __future__ import annotations

from pathlib import Path
from urllib.robotparser import RobotFileParser

from tests.archive.web.serving import open_site, served


def test_no_crawler_is_welcome_at_either_origin(tmp_path: Path) -> None:
    with open_site(f"sqlite:///{tmp_path}/index.db") as site, served(site) as server:
        for host in ("127.0.0.1", "replay.localhost"):
            answer = server.get("/robots.txt", host=host)
            assert (answer.status_code, answer.headers["content-type"].split(";")[0]) == (
                200,
                "text/plain",
            )
            told = RobotFileParser()
            told.parse(answer.text.splitlines())
            assert not told.can_fetch("anybody", f"{server.url}/web/2026/http://example.org/")
