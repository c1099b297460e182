from __future__ import annotations

from archive.versions import Paragraph, ParagraphKind, Span
from archive.web.pages.difference import runs_of
from tests.archive.web.pages.library import RUSSIAN, STRIKE, UNKNOWN
from tests.archive.web.pages.looking import at, links, opened, texts
from tests.archive.web.serving import Served

KINDS: tuple[ParagraphKind, ...] = ("same", "changed", "added")


def paragraph(kind: ParagraphKind) -> Paragraph:
    return Paragraph(kind=kind, spans=(Span(kind="same", old="a", new="a"),))


def test_long_unchanged_parts_are_folded_and_what_is_beside_a_change_is_not() -> None:
    same, changed, added = map(paragraph, KINDS)
    text = [*[same] * 5, changed, *[same] * 3, added]
    runs = [(len(run.paragraphs), run.folded) for run in runs_of(text)]
    assert runs == [(4, True), (3, False), (1, False), (2, False)]
    assert list(runs_of([])) == []


def test_title_authors_and_dates_are_told_apart_from_the_text(pages: Served) -> None:
    page = opened(pages, at("/diff", url=STRIKE))
    told = dict(zip(texts(page, "dl.facts dt"), texts(page, "dl.facts dd"), strict=True))
    assert told["Title"] == "Miners [added: end ]strike at Verhold"
    assert told["Authors"] == "Ada Pereira, [removed: Jonas Lind]"
    assert told["Published"].startswith("[removed: 2026-11-21")
    assert "headline" in texts(page, ".tag.change")


def test_words_that_changed_are_marked_without_colours_too(pages: Served) -> None:
    page = opened(pages, at("/diff", url=STRIKE, from_="20261122150000", to="20270101100000"))
    shown = texts(page, ".diff .text > p")
    assert (
        "± Their union [removed: asks for][added: has won] a second rest day "
        "[removed: and for masks that fit]."
    ) in shown
    assert any(line.startswith("+ [added: Work begins again on Thursday") for line in shown)
    assert texts(page, "details.folded summary") == ["7 paragraphs that did not change"]
    assert len(page.cssselect("details.folded p")) == 7


def test_a_small_correction_is_found(pages: Served) -> None:
    page = opened(pages, at("/diff", url=STRIKE, from_="20261122100000", to="20261122150000"))
    assert texts(page, ".diff del") == ["[removed: 300]"]
    assert texts(page, ".diff ins") == ["[added: 450]"]
    assert texts(page, ".tag.change") == ["correction"]


def test_the_newer_one_may_be_chosen_first(pages: Served) -> None:
    forth = opened(pages, at("/diff", url=STRIKE, from_="20261122100000", to="20261122150000"))
    back = opened(pages, at("/diff", url=STRIKE, from_="20261122150000", to="20261122100000"))
    assert texts(back, "main") == texts(forth, "main")


def test_nothing_to_compare_is_told_with_a_way_on(pages: Served) -> None:
    page = opened(pages, at("/diff", url=RUSSIAN))
    assert texts(page, ".notice h2") == ["Nothing to compare"]
    assert links(page)["Choose two other captures"] == at("/captures", url=RUSSIAN)
    same = opened(pages, at("/diff", url=STRIKE, from_="20261122150000", to="20261122160000"))
    assert texts(same, ".notice h2") == ["Nothing to compare"]
    assert pages.get(at("/diff", url=UNKNOWN)).status_code == 404
    assert pages.get(at("/diff", url=STRIKE, from_="x")).status_code == 400
    assert pages.get("/diff").headers["location"] == "/"
