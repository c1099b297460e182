from __future__ import annotations

import gzip
import json
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.extraction.extractor import extract, extract_page, language_of, quality_of
from pipelines.extraction.page import RawPage

URL = "https://news.example/politics/2024/budget.html"
SENTENCES = [
    f"Sentence number {number} of the report says something that no other sentence of it says."
    for number in range(9)
]
ARTICLE = "".join(f"<p>{sentence}</p>" for sentence in SENTENCES)


def page(
    head: str = "", body: str = ARTICLE, title: str = "Budget passes after a long night"
) -> str:
    return (
        f"<!doctype html><html lang=en><head><title>{title} - Example</title>{head}</head>"
        f"<body><nav><a href=/>Home</a></nav><article><h1>{title}</h1>{body}</article>"
    )


def jsonld(data: object) -> str:
    return f'<script type="application/ld+json">{json.dumps(data)}</script>'


def test_text_is_one_paragraph_a_line() -> None:
    article = extract(page(body=ARTICLE + "<ul><li>one  item<li>two\n items</ul>"), URL)
    lines = article.text.split("\n")
    assert [line for line in lines if line in SENTENCES] == SENTENCES
    assert lines[-2:] == ["- one item", "- two items"]
    assert all(line == " ".join(line.split()) and line for line in lines)
    assert article.extraction_status == "ok"


def test_tables_are_kept_as_lines() -> None:
    table = "<table><tr><td>North</td><td>12</td></tr><tr><td>South</td><td>34</td></tr></table>"
    lines = extract(page(body=ARTICLE + table + ARTICLE.replace("report", "review")), URL).text
    assert "| North | 12 |\n| South | 34 |" in lines


def test_repeated_pages_keep_their_text() -> None:
    """A cache of paragraphs across pages would take them away."""
    texts = {extract(page(), URL).text for _ in range(5)}
    assert len(texts) == 1
    assert SENTENCES[0] in texts.pop()


def test_jsonld_graph() -> None:
    data = {
        "@context": "https://schema.org",
        "@graph": [
            {"@type": "Person", "@id": "#jane", "name": "Jane Roe"},
            {"@type": "Organization", "@id": "#wire", "name": "Example Wire"},
            {
                "@type": ["NewsArticle"],
                "headline": "Budget passes after a long night",
                "author": [
                    {"@id": "#jane"},
                    {"@id": "#wire"},
                    {"@type": "Person", "name": "by Max Mo"},
                ],
                "datePublished": "2024-03-01T23:10:00.000+02:00",
                "dateModified": "2024-03-02T08:00:00Z",
                "articleSection": "Politics",
                "keywords": "budget, parliament,budget",
                "image": {"@type": "ImageObject", "url": "/lead.jpg"},
                "publisher": {"@id": "#wire"},
            },
        ],
    }
    article = extract(page(jsonld(data)), URL)
    assert article.authors == ("Jane Roe", "Example Wire", "Max Mo")
    assert article.published == "2024-03-01T23:10:00+02:00"
    assert article.modified == "2024-03-02T08:00:00+00:00"
    assert article.section == "Politics"
    assert article.tags == ("budget", "parliament")
    assert article.image == "https://news.example/lead.jpg"
    assert article.site == "Example Wire"
    assert article.title == "Budget passes after a long night"
    assert article.language == "en"


def test_jsonld_of_another_article_is_not_taken() -> None:
    other = {"@type": "NewsArticle", "url": "https://news.example/other", "author": "Otto Other"}
    own = {"@type": "NewsArticle", "mainEntityOfPage": URL, "author": "Olga Own", "headline": "H"}
    assert extract(page(jsonld([other, own])), URL).authors == ("Olga Own",)


@pytest.mark.parametrize(
    "block",
    [
        "{", "null", "[1, 2]", "[" * 100_000, '"text"', '{"@type": 7, "author": {"name": [1]}}',
        '{"@type": "NewsArticle", "headline": " ", "author": [null, 1, {"@id": []}]}',
        '{"@type": "NewsArticle", "headline": [], "datePublished": {"x": 1}, "keywords": [[1]]}',
    ],
)  # fmt: skip
def test_jsonld_that_is_nonsense(block: str) -> None:
    head = f'<script type="application/ld+json">{block}</script>'
    assert extract(page(head), URL).title == "Budget passes after a long night"


def test_metadata_of_the_head() -> None:
    head = """
    <link rel=canonical href="/politics/budget"><meta property=og:title content="A short title">
    <meta name=author content="Jane Roe and Max Mo"><meta property=og:site_name content="Example">
    <meta property=article:published_time content="2024-03-01">
    <meta property=og:image content="//cdn.example/a.jpg">"""
    article = extract(page(head, title="An h1 that says another thing"), URL)
    assert article.title == "A short title"
    assert article.authors == ("Jane Roe", "Max Mo")
    assert article.published == "2024-03-01"
    assert article.site == "Example"
    assert article.canonical_url == "https://news.example/politics/budget"
    assert article.image == "https://cdn.example/a.jpg"


def test_what_utf8_cannot_hold_is_left_out() -> None:
    data = {"@type": "NewsArticle", "headline": "He\ud800llo\0 world", "author": "Jane\udfff Roe"}
    article = extract(page(jsonld(data), title="x"), URL)
    assert (article.title, article.authors) == ("Hello world", ("Jane Roe",))


def test_a_byline_in_the_head_comes_before_the_publication() -> None:
    data = {
        "@type": "NewsArticle",
        "headline": "Budget passes after a long night",
        "author": {"@type": "Organization", "name": "The Example"},
        "publisher": {"@type": "Organization", "name": "The Example"},
    }
    head = jsonld(data) + '<meta name="author" content="Jane Roe">'
    assert extract(page(head), URL).authors == ("Jane Roe",)
    assert extract(page(jsonld(data)), URL).authors == ("The Example",)


@pytest.mark.parametrize(
    "href", ["javascript:alert(1)", "http://[bad", "data:text/html,x", "http://"]
)
def test_canonical_url_is_http(href: str) -> None:
    assert extract(page(f'<link rel=canonical href="{href}">'), URL).canonical_url is None


def test_language_needs_text() -> None:
    assert language_of("Too short to tell.") is None
    assert (
        language_of("Dies ist ein längerer deutscher Satz, der von der Regierung handelt. " * 3)
        == "de"
    )
    assert (
        language_of(
            "これは日本語で書かれた新聞記事の一部です。政府は昨日、新しい法律を発表しました。"
        )
        == "ja"
    )


def test_quality() -> None:
    assert quality_of("") == "error"
    assert quality_of("A sentence.") == "thin"
    assert quality_of("word " * 60) == "article"
    assert quality_of("新" * 60) == "article"


@pytest.mark.parametrize(
    ("content_type", "body", "status"),
    [
        ("text/html", b"", "empty"),
        ("text/html", b" \n", "empty"),
        ("application/pdf", b"%PDF-1.7", "empty"),
        ("text/html", b"%PDF-1.7 <p>", "empty"),
        ("application/json", b'{"a": "<p>"}', "empty"),
        ("text/html", b'{"a": 1}', "empty"),
        ("application/rss+xml", b"<rss><channel/></rss>", "empty"),
        ("text/html", b"<?xml version='1.0'?><rss><channel><item/></channel></rss>", "empty"),
        ("image/png", b"\x89PNG", "empty"),
        ("text/html", gzip.compress(page().encode()), "empty"),
        ("text/html; charset=utf-8", b"<html>" + bytes(range(128, 160)) * 99, "encoding"),
        ("text/html", b"<html>" + b"x" * 10_000_001, "too_large"),
        ("text/html", b"<html>" + b"<div>" * 999, "too_complex"),
        ("TEXT/HTML; charset=x", page().encode(), "ok"),
        (None, page().encode(), "ok"),
        ("application/octet-stream", page().encode(), "ok"),
        ("text/html", page().encode("utf-16"), "ok"),
        ("text/html", page().replace("report", "re\0port").encode(), "ok"),
    ],
)
def test_status_of_a_body(content_type: str | None, body: bytes, status: str) -> None:
    article = extract_page(RawPage(url=URL, content_type=content_type, body=body))
    assert article.extraction_status == status
    assert bool(article.text) == (status == "ok")
    assert article.extractor


def test_an_error_page_is_no_article() -> None:
    raw = RawPage(url=URL, content_type="text/html", body=page().encode(), status=404)
    assert extract_page(raw).quality == "error"


def test_charset_of_the_header_is_used() -> None:
    body = page(body=ARTICLE.replace("report", "élève français")).encode("latin-1")
    for content_type in ("text/html; charset=iso-8859-1", "text/html; charset=utf-8", "text/html"):
        article = extract_page(RawPage(url=URL, content_type=content_type, body=body))
        assert "élève français" in article.text


def test_scores_of_the_development_set(shared: Path, tmp_path: Path) -> None:
    """Text no worse than plain trafilatura, metadata better: a floor, not a target."""
    folder = shared / "data/articles-dev"
    gold = folder / "gold.jsonl"
    predictions = tmp_path / "predictions.jsonl"
    with predictions.open("w", encoding="utf-8") as file:
        for line in gold.read_text("utf-8").splitlines():
            row = json.loads(line)
            html = gzip.decompress((folder / "html" / f"{row['id']}.html.gz").read_bytes()).decode()
            article = extract(html, row["url"])
            found = {"id": row["id"], "text": article.text, "title": article.title}
            found |= {"author": list(article.authors), "date": (article.published or "")[:10]}
            file.write(json.dumps(found) + "\n")
    command = [sys.executable, str(folder / "score.py"), str(gold), str(predictions), "--json"]
    result = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    assert result["f1"] >= 0.9462 - 5e-5
    assert result["meta"]["title_exact"] >= 0.85
    assert result["meta"]["date_exact"] >= 0.98
    assert result["meta"]["author_exact"] >= 0.85
