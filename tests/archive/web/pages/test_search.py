from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import pytest

from archive.model import Article
from tests.archive.web.pages import library
from tests.archive.web.pages.conftest import site
from tests.archive.web.pages.library import ARABIC, CHINESE, HOSTILE, RUSSIAN, STRIKE, Kept, fill
from tests.archive.web.pages.looking import at, links, opened, parsed, texts
from tests.archive.web.serving import Served, served
from tests.exchanges import page as page_message

HOSTILE_TITLE = library.HOSTILE_ARTICLE.title


def test_the_front_page_tells_what_there_is(pages: Served) -> None:
    page = opened(pages, "/")
    assert texts(page, ".stock dd") == ["12", "8", "4"]
    assert texts(page, ".hits h3")[:2] == ["Miners end strike at Verhold", HOSTILE_TITLE]
    assert texts(page, ".hits p.url") == [STRIKE, HOSTILE, RUSSIAN, CHINESE, ARABIC]
    assert [title.get("lang") for title in page.cssselect(".hits h3")][-1] == "ar"
    (field,) = page.cssselect("input[name=q]")
    assert field.get("dir") == "auto"


def test_an_empty_archive_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "collection").mkdir()
    empty = site(tmp_path, None)
    try:
        with served(empty) as running:
            page = opened(running, "/")
            assert texts(page, ".notice h2") == ["Nothing is archived yet"]
            assert texts(opened(running, "/?q=word"), ".notice h2") == [
                "No text has all these words"
            ]
            assert "silent" in links(opened(running, "/sources"))
    finally:
        empty.collection.close()


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        (STRIKE, f"/captures?url={quote(STRIKE, safe='')}"),
        ("news.example.org/2026/*", "/captures?url=news.example.org%2F2026%2F&match=prefix"),
        ("*.example.org", "/captures?url=example.org&match=domain"),
    ],
)
def test_an_address_leads_to_its_page(pages: Served, typed: str, address: str) -> None:
    response = pages.get(at("/", q=typed))
    assert (response.status_code, response.headers["location"]) == (303, address)
    assert pages.get(address).status_code == 200
    assert pages.get(at("/", q=typed, as_="words")).status_code == 200


def test_hits_have_their_words_marked_and_everything_escaped(pages: Served) -> None:
    response = pages.get("/?q=strike")
    page = parsed(response)
    assert texts(page, ".hits h2") == ["Miners strike at Verhold", HOSTILE_TITLE]
    assert texts(page, ".hits mark") == ["strike"]
    assert "<script>alert" not in response.text
    assert "<img src=x" not in response.text
    assert texts(page, "p [role=status]") == ["2 pages."]
    assert links(page)["Miners strike at Verhold"].startswith(
        f"/document?url={quote(STRIKE, safe='')}&at=2026112"
    )


@pytest.mark.parametrize(
    ("words", "url", "language"),
    [("إضراب", ARABIC, "ar"), ("矿工", CHINESE, "zh"), ("забастовка", RUSSIAN, "ru")],
)
def test_every_language_is_found_and_marked_as_what_it_is(
    pages: Served, words: str, url: str, language: str
) -> None:
    page = opened(pages, at("/", q=words))
    (snippet,) = page.cssselect(".hits .snippet")
    assert (snippet.get("lang"), snippet.get("dir")) == (language, "auto")
    (title,) = page.cssselect(".hits h2")
    assert title.get("lang") == language
    assert texts(page, ".hits p.url") == [url]


def test_results_are_narrowed_and_widened_by_links_alone(pages: Served) -> None:
    page = opened(pages, "/?q=strike")
    narrowed = opened(pages, links(page)["Short texts 1"])
    assert texts(narrowed, ".hits h2") == [HOSTILE_TITLE]
    back = links(narrowed)["Short texts (chosen: take back) 1"]
    assert len(texts(opened(pages, back), ".hits h2")) == 2
    assert links(narrowed)["Remove all of these"] == "/?q=strike"


def test_dates_narrow_results_and_a_wrong_one_is_told(pages: Served) -> None:
    page = opened(pages, "/?q=strike&from=2026-11-21&to=2026-11")
    assert texts(page, ".hits h2") == ["Miners strike at Verhold"]
    wrong = opened(pages, "/?q=strike&from=yesterday", 400)
    (alert,) = texts(wrong, "[role=alert]")
    assert "give 4 to 14 digits" in alert
    (field,) = wrong.cssselect("#from")
    assert (field.get("value"), field.get("aria-invalid")) == ("yesterday", "true")


def test_a_language_is_two_letters_and_that_is_said(pages: Served) -> None:
    page = opened(pages, "/?q=the&language=english", 400)
    assert "'english' is not a language: give its two letters" in texts(page, "[role=alert]")[0]
    assert texts(opened(pages, "/?q=strike&language=EN"), "ol.hits h2")


def test_nothing_found_says_what_to_try(pages: Served) -> None:
    page = opened(pages, "/?q=zebra&language=en")
    assert texts(page, "p [role=status]") == ["Nothing found."]
    assert links(page)["Search all sources, languages and dates"] == "/?q=zebra"
    assert links(page)["English (chosen: take back) 0"] == "/?q=zebra"


def test_results_come_page_by_page(tmp_path: Path) -> None:
    def article(number: int) -> Article:
        return Article(
            title=f"Number {number}",
            text="word " * (number + 1),
            language="en",
            quality="article",
            extraction_status="ok",
        )

    fill(
        tmp_path,
        [
            Kept(
                url=f"https://many.example/{number}",
                message=page_message(),
                hours=timedelta(hours=number).total_seconds() / 3600,
                article=article(number),
            )
            for number in range(45)
        ],
    )
    many = site(tmp_path, None)
    try:
        with served(many) as running:
            seen, path = [], "/?q=word"
            for expected in (20, 20, 5):
                page = opened(running, path)
                assert len(texts(page, ".hits > li")) == expected
                assert texts(page, "p [role=status]")[0].startswith("45 pages")
                seen += texts(page, ".hits h2")
                path = links(page, ".pages").get("Next", "")
            assert path == ""
            assert len(set(seen)) == 45
            past = opened(running, "/?q=word&page=9")
            assert texts(past, "p [role=status]") == ["Nothing more."]
    finally:
        many.collection.close()
