"""Rules for single sites, where the generic extraction goes wrong: config/sites/*.yaml.

A rule names its hosts and CSS selectors: `body` (its text is the article), `drop` (what is left out
of the body), and optionally `title`, `authors` (one element an author) and `date`.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any
from urllib.parse import urlsplit

import yaml
from lxml.cssselect import CSSSelector
from lxml.html import HtmlElement

from pipelines.extraction.authors import clean_authors
from pipelines.extraction.dates import iso_date
from pipelines.extraction.lines import block_text, inline_text


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteRule:
    """Where the parts of an article stand in the pages of some hosts."""

    name: str  #: stem of the rule's file
    hosts: frozenset[str]  #: lower case
    body: CSSSelector
    drop: CSSSelector | None = None
    title: CSSSelector | None = None
    authors: CSSSelector | None = None
    date: CSSSelector | None = None

    def text(self, tree: HtmlElement) -> str | None:
        """The article, one paragraph a line, "" for an empty one; None where the page has none."""
        bodies = self.body(tree)
        if not bodies:
            return None
        body = deepcopy(bodies[0])
        if self.drop is not None:
            for element in self.drop(body):
                if element is not body:
                    element.clear(keep_tail=True)
        return block_text(body)

    def find_title(self, tree: HtmlElement) -> str | None:
        """The first title that is not empty."""
        return next((text for text in _texts(self.title, tree) if text), None)

    def find_authors(self, tree: HtmlElement) -> tuple[str, ...]:
        """The authors in page order, cleaned."""
        return clean_authors(_texts(self.authors, tree))

    def find_date(self, tree: HtmlElement) -> str | None:
        """ISO 8601, of the first element that holds a date."""
        dates = (iso_date(text) for text in _texts(self.date, tree))
        return next((found for found in dates if found), None)


def rule_for(*urls: str | None) -> SiteRule | None:
    """The rule for the host of one of these URLs, the first that has one."""
    for url in urls:
        host = _host(url) if url else None
        if host in (rules := _rules()):
            return rules[host]
    return None


def parse_rule(name: str, text: str) -> SiteRule:
    """The rule in a YAML text. Raises ValueError that names the rule and the key."""
    data: Any = yaml.safe_load(text)
    if not isinstance(data, dict) or not data.get("hosts") or not data.get("body"):
        raise ValueError(f"site rule {name}: needs 'hosts' and 'body'")
    unknown = set(data) - {"hosts", "body", "drop", "title", "authors", "date"}
    if unknown:
        raise ValueError(f"site rule {name}: unknown key {min(unknown)!r}")
    selectors = {key: _selector(name, key, value) for key, value in data.items() if key != "hosts"}
    return SiteRule(name=name, hosts=frozenset(host.lower() for host in data["hosts"]), **selectors)


def _selector(name: str, key: str, value: str | list[str]) -> CSSSelector:
    try:
        return CSSSelector(value if isinstance(value, str) else ", ".join(value))
    except (SyntaxError, TypeError) as error:
        raise ValueError(f"site rule {name}: {key!r} is not a CSS selector: {error}") from error


@lru_cache(maxsize=1)
def _rules() -> dict[str, SiteRule]:
    rules = {}
    for file in sorted((files("config") / "sites").iterdir(), key=lambda file: file.name):
        if file.name.endswith(".yaml"):
            rule = parse_rule(file.name.removesuffix(".yaml"), file.read_text(encoding="utf-8"))
            rules.update(dict.fromkeys(rule.hosts, rule))
    return rules


def _host(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None


def _texts(selector: CSSSelector | None, tree: HtmlElement) -> list[str]:
    return [inline_text(element) for element in selector(tree)] if selector is not None else []
