"""`demo`, as a newcomer types it."""

from __future__ import annotations

import json
from pathlib import Path

from tests.acceptance.command import Pressmark
from tests.validators import check_by_commands

_EXPECTED = Path(__file__).parents[2] / "crawler/demo/bhrrc/expected.json"


def test_a_page_and_a_site_are_archived_and_read_back(pressmark: Pressmark) -> None:
    result = pressmark("demo", timeout=180)
    assert result.status == 0, result.text + result.stderr
    expected = json.loads(_EXPECTED.read_text())
    assert expected["text"] in result.text
    assert result.text.rstrip().endswith("it prints the address to open.")
    home = pressmark.folder / "data/demo"
    assert check_by_commands(home) > 2
    (home / "page.warc.gz").unlink()  # no name of a collection, which the check wants
    pressmark.environment["PRESSMARK_CONFIG"] = str(home / "pressmark.yaml")
    assert pressmark("verify", "--json").line["findings"] == []
