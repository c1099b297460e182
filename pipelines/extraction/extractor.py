"""The article of one page: trafilatura for the text, own reading of metadata, rules for sites."""

from __future__ import annotations

import re
from dataclasses import replace

import py3langid
from lxml.html import HtmlElement
from trafilatura import bare_extraction
from trafilatura.settings import Document
from trafilatura.utils import load_html

from archive.model import Article, Quality
from pipelines.extraction.charset import decode_html, is_legible
from pipelines.extraction.lines import clean_lines
from pipelines.extraction.metadata import Metadata
from pipelines.extraction.page import EXTRACTOR, RawPage, failed, refused
from pipelines.extraction.prescan import refusal
from pipelines.extraction.site_rules import SiteRule, rule_for

_FIRST_ERROR = 400  # status codes from here on: RFC 9110, 15.5 and 15.6
_LANGUAGE_SAMPLE = 2_000
_LANGUAGE_LEAST = 100
_WORDS_OF_ARTICLE = 60
_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\u0e00-\u0e7f\u1000-\u109f]|\w+")


def extract_page(page: RawPage) -> Article:
    """The article in a response of any type and size; every `extraction_status` but those of the
    worker process ("timeout", "crash").

    May take long, may use much memory, and may crash the process: call it in a worker
    (pipelines.text.pool).
    """
    if (refused_article := refused(page)) is not None:
        return refused_article
    html, _ = decode_html(page.body, page.content_type)
    if not is_legible(html):
        return failed("encoding")
    if (reason := refusal(html)) is not None:
        return failed(reason)
    article = extract(html, page.url)
    return article if page.status < _FIRST_ERROR else replace(article, quality="error")


def extract(html: str, url: str) -> Article:
    """The article in a page that `prescan.refusal` lets pass; `extraction_status` "ok" or "empty".

    `url` is the address it was fetched from. The caution of `extract_page` holds here too.
    """
    tree = load_html(html.replace("\0", ""))
    if tree is None:
        return failed("empty")
    metadata = Metadata(tree, url)
    rule = rule_for(url, metadata.canonical_url, metadata.og_url)
    text = rule.text(tree) if rule else None
    if text is None:
        rule, text = None, _text(tree, url)
    return _article(tree, metadata, rule, text)


def language_of(text: str) -> str | None:
    """ISO 639-1 code, or None for less than about 100 letters (35 of a script of three bytes)."""
    sample = text[:_LANGUAGE_SAMPLE]
    if len(sample.encode("utf-8", "replace")) < _LANGUAGE_LEAST:
        return None
    language: str = py3langid.classify(sample)[0]
    return language


def quality_of(text: str) -> Quality:
    """By the number of words; in scripts without spaces a character counts as one."""
    if not text:
        return "error"
    words = sum(1 for _ in zip(range(_WORDS_OF_ARTICLE), _WORD.finditer(text), strict=False))
    return "article" if words == _WORDS_OF_ARTICLE else "thin"


def _text(tree: HtmlElement, url: str) -> str:
    # deduplicate would remember paragraphs from one page to the next.
    document = bare_extraction(
        tree, url=url, include_comments=False, with_metadata=False, deduplicate=False
    )
    return clean_lines(document.text or "") if isinstance(document, Document) else ""


def _article(tree: HtmlElement, metadata: Metadata, rule: SiteRule | None, text: str) -> Article:
    title = (rule and rule.find_title(tree)) or metadata.title()
    # One sentence is too little to tell the language from, with the headline it often is not.
    sample = text if len(text) >= _LANGUAGE_LEAST or not text else f"{title or ''}\n{text}"
    return Article(
        title=title,
        authors=(rule and rule.find_authors(tree)) or metadata.authors(),
        published=(rule and rule.find_date(tree)) or metadata.published(),
        modified=metadata.modified(),
        language=language_of(sample),
        site=metadata.site(),
        section=metadata.section(),
        tags=metadata.tags(),
        image=metadata.image(),
        canonical_url=metadata.canonical_url,
        text=text,
        quality=quality_of(text),
        extraction_status="ok" if text else "empty",
        extractor=f"{EXTRACTOR} / {rule.name}" if rule else EXTRACTOR,
    )
