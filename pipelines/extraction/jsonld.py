"""What a page says of itself in JSON-LD (schema.org), read leniently."""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Iterator
from html import unescape
from typing import Any

from lxml.html import HtmlElement

Node = dict[str, Any]
"""A JSON object."""

_LARGEST = 1 << 20
_NODES = 5_000
_ARTICLE = re.compile(r"(?:Article|Posting|Report|Review|Column|NewsAnalysis)$")
_WRAPPERS = ("//<![CDATA[", "<![CDATA[", "//]]>", "]]>", "<!--", "-->", "//", ";")
# What a page holds besides its own article: other articles, comments on it.
_FOREIGN = frozenset({"itemListElement", "comment", "citation", "isBasedOn", "relatedLink"})


class JsonLd:
    """The objects of all JSON-LD blocks of one page, outer ones first."""

    def __init__(self, tree: HtmlElement) -> None:
        self.nodes = list(_nodes(tree))
        self._by_id = {
            node["@id"]: node
            for node in reversed(self.nodes)
            if isinstance(node.get("@id"), str) and len(node) > 1
        }

    def article(self, *urls: str | None) -> Node:
        """The object for the article of the page: one that names a URL of the page, else the first
        with a headline or a date; {} when there is none."""
        articles = [node for node in self.nodes if _is_article(node)]
        known = {_bare(url) for url in urls if url}
        for node in articles:
            if known & {_bare(url) for url in _addresses(node)}:
                return node
        return next((n for n in articles if n.get("headline") or n.get("datePublished")), {})

    def names(self, value: Any) -> list[str]:
        """Names in a string, an object, a reference by `@id`, or a list of these."""
        names = []
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, str):
                names.append(unescape(item))
            elif isinstance(item, dict):
                known = item if "name" in item else self._by_id.get(str(item.get("@id")), item)
                names += strings(known.get("name")) or _parts_of_name(known)
        return names


def strings(value: Any) -> list[str]:
    """The strings in a value that is a string, an object with a `@value` or a list of these."""
    found = []
    for item in value if isinstance(value, list) else [value]:
        text = item.get("@value") if isinstance(item, dict) else item
        if isinstance(text, str) and text.strip():
            found.append(unescape(text).strip())
    return found


def url_of(value: Any) -> str | None:
    """The URL in a value that is a string, an object with `url` or `@id`, or a list of these."""
    for item in value if isinstance(value, list) else [value]:
        text = (item.get("url") or item.get("@id")) if isinstance(item, dict) else item
        if isinstance(text, str) and text:
            return text
    return None


def _nodes(tree: HtmlElement) -> Iterator[Node]:
    count = 0
    for script in tree.iter("script"):
        if "ld+json" not in (script.get("type") or "").lower():
            continue
        queue = deque([_load(script.text or "")])
        while queue and count < _NODES:
            value = queue.popleft()
            if isinstance(value, list):
                queue.extend(value)
            elif isinstance(value, dict):
                count += 1
                yield value
                queue.extend(v for k, v in value.items() if k not in _FOREIGN)


def _load(text: str) -> Any:
    """The JSON value, None for what is not JSON, or far too much of it."""
    if len(text) > _LARGEST:
        return None
    for candidate in (text, _unwrapped(text)):
        try:
            return json.loads(candidate, strict=False)
        except (ValueError, RecursionError):
            continue
    return None


def _unwrapped(text: str) -> str:
    for wrapper in _WRAPPERS:
        text = text.strip().removeprefix(wrapper).removesuffix(wrapper)
    return text


def _is_article(node: Node) -> bool:
    return any(_ARTICLE.search(kind) for kind in strings(node.get("@type")))


def _addresses(node: Node) -> Iterator[str]:
    for key in ("url", "mainEntityOfPage", "@id"):
        if address := url_of(node.get(key)):
            yield address


def _bare(url: str) -> str:
    return re.sub(r"^https?://(?:www\.)?", "", url.partition("#")[0]).rstrip("/")


def _parts_of_name(person: Node) -> list[str]:
    parts = [part for key in ("givenName", "familyName") for part in strings(person.get(key))]
    return [" ".join(parts)] if parts else []
