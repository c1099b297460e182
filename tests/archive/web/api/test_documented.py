"""The page for people names every address of the API, and none that there is not."""

from __future__ import annotations

import re
from pathlib import Path

from tests.archive.web.serving import Served

PAGE = Path(__file__).resolve().parents[4] / "docs/retrieval.md"


def test_every_address_is_in_the_documentation(api: Served) -> None:
    document = api.get("/api/v1/openapi.json").json()
    prefix = document["servers"][0]["url"]
    there = {f"{prefix}{path}".translate(str.maketrans("{}", "<>")) for path in document["paths"]}
    section = PAGE.read_text().split("\n## API\n")[1].split("\n## ")[0]
    rows = "\n".join(line.split("|")[1] for line in section.splitlines() if line.startswith("|"))
    assert set(re.findall(r"`(/[^`]*)`", rows)) == there


def test_examples_are_answered(api: Served) -> None:
    section = PAGE.read_text().split("\n## API\n")[1].split("\n## ")[0]
    examples = re.findall(r'\$ curl "http://127.0.0.1:8080(/[^"]+)"', section)
    assert len(examples) == 4
    for example in examples:
        answer = api.get(example)
        assert answer.status_code == 200, example
        assert any(answer.json().get(name) for name in ("hits", "captures", "url", "document"))
