"""The page of the demo: exact, in each of the forms that a generic extractor stumbles over."""

from __future__ import annotations

import json
import re
from importlib.resources import files
from typing import Any

import pytest

from archive.model import Article
from pipelines.extraction.extractor import extract

FOLDER = files("crawler.demo") / "bhrrc"
EXPECTED: dict[str, Any] = json.loads((FOLDER / "expected.json").read_text("utf-8"))
PARAGRAPHS: list[str] = EXPECTED["paragraphs"]
BODY = re.compile(r'(<div class="article__body rich-text">)(.*?)(</div>\n</article>)', re.DOTALL)
URLS = [EXPECTED["url"], "http://127.0.0.1:8000/en/latest-news/kazakhstan/"]


@pytest.fixture(params=["bhrrc.html", "bhrrc_jsonld.html"])
def page(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return (FOLDER / name).read_text("utf-8")


def with_body(page: str, paragraphs: list[str]) -> str:
    body = "\n".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)
    changed, count = BODY.subn(lambda match: match[1] + body + match[3], page)
    assert count == 1
    return changed


def check(article: Article, paragraphs: list[str]) -> None:
    assert article.text == "\n".join(paragraphs)
    assert article.title == EXPECTED["title"]
    assert list(article.authors) == EXPECTED["authors"]
    assert article.published == EXPECTED["date"]
    assert article.canonical_url == EXPECTED["url"]
    for text in EXPECTED["must_not_contain"]:
        assert text not in article.text
    assert article.extractor.endswith("/ bhrrc")


@pytest.mark.parametrize("url", URLS)
def test_whole(page: str, url: str) -> None:
    article = extract(page, url)
    check(article, PARAGRAPHS)
    assert article.language == EXPECTED["language"]
    assert article.extraction_status == "ok"
    assert article.quality == "article"
    assert article.site == "Business & Human Rights Resource Centre"


def test_without_the_lead(page: str) -> None:
    article = extract(with_body(page, PARAGRAPHS[1:]), URLS[1])
    check(article, PARAGRAPHS[1:])
    assert article.language == "en"


@pytest.mark.parametrize("paragraph", [PARAGRAPHS[0], PARAGRAPHS[7], "One sentence."])
def test_one_sentence(page: str, paragraph: str) -> None:
    article = extract(with_body(page, [paragraph]), URLS[1])
    check(article, [paragraph])
    assert article.language == "en"
    assert article.extraction_status == "ok"
    assert article.quality == "thin"


def test_empty_body(page: str) -> None:
    article = extract(with_body(page, []), URLS[1])
    check(article, [])
    assert article.extraction_status == "empty"
    assert article.quality == "error"
    assert article.language is None


def test_matches_by_open_graph_alone(page: str) -> None:
    changed = re.sub(r'<link rel="canonical"[^>]*>', "", page)
    assert changed != page
    check(extract(changed, URLS[1]), PARAGRAPHS)


def test_a_page_of_that_site_without_an_article(page: str) -> None:
    """The rule does not fit; the generic extractor has its turn."""
    changed = page.replace("<article", "<div").replace("</article", "</div")
    assert changed != page
    article = extract(changed, URLS[0])
    assert not article.extractor.endswith("/ bhrrc")
    assert PARAGRAPHS[7] in article.text
