"""What `diff` prints for people: readable without colours, harmless on a terminal."""

from __future__ import annotations

import click
import pytest

from archive.model import Article
from archive.versions import difference
from crawler.cli.versions import _of_change, _print_text
from tests.archive.versions.texts import ENGLISH, of


def printed(old: Article, new: Article, capsys: pytest.CaptureFixture[str]) -> str:
    """The text of a difference."""
    _print_text(difference(old, new).paragraphs)
    return capsys.readouterr().out


def test_changes_are_marked_and_the_rest_is_counted(capsys: pytest.CaptureFixture[str]) -> None:
    lines = [f"This is what stands in paragraph number {n}." for n in range(9)]
    old = "\n".join(lines)
    new = old.replace("number 4", "number four").replace("number 5", "number five")
    assert printed(of(old), of(new), capsys).strip("\n").split("\n\n") == [
        "(3 more paragraphs that did not change)",
        lines[3],
        "This is what stands in paragraph number [-4-]{+four+}.",
        "This is what stands in paragraph number [-5-]{+five+}.",
        lines[6],
        "(2 more paragraphs that did not change)",
    ]


def test_marks_stand_within_the_white_space(capsys: pytest.CaptureFixture[str]) -> None:
    shown = printed(of(ENGLISH), of(f"{ENGLISH}\nA new line."), capsys)
    assert shown.endswith("\n\n{+A new line.+}\n")


def test_what_a_terminal_would_obey_is_not_printed(capsys: pytest.CaptureFixture[str]) -> None:
    shown = printed(of("Nothing."), of("Nothing.\nRed \x1b[31m alert\u202e."), capsys)
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert "{+Red" in shown


def test_a_changed_headline_and_changed_authors() -> None:
    old = of("Text.", "Twelve dead", authors=("Ana Diaz", "Bo Li"))
    found = difference(old, of("Text.", "Fourteen dead", authors=("Bo Li", "Eva Ruiz")))
    assert found.title
    assert found.authors
    assert click.unstyle(_of_change(found.title)) == "[-Twelve-]{+Fourteen+} dead"
    assert click.unstyle(_of_change(found.authors)) == "[-Ana Diaz-], {+Eva Ruiz+}"
