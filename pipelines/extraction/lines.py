"""Text of a page as lines: one paragraph, list item or table row each."""

from __future__ import annotations

import re

from lxml.html import HtmlElement

_BLOCKS = {
    *("address", "article", "aside", "blockquote", "body", "br", "caption"),
    *("center", "dd", "details", "dialog", "div", "dl", "dt", "fieldset"),
    *("figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6"),
    *("header", "hr", "li", "main", "nav", "ol", "p", "pre", "section", "summary"),
    *("table", "tbody", "tfoot", "thead", "tr", "ul"),
}
_UNSEEN = {
    *("audio", "button", "canvas", "embed", "head", "iframe", "input", "math"),
    *("noscript", "object", "script", "select", "style", "svg", "template"),
    *("textarea", "title", "video"),
}
# So that a list or a table reads here as trafilatura writes it.
_BEFORE = {"li": "- ", "td": "| ", "th": "| "}
_AFTER = {"td": " ", "th": " ", "tr": "|"}
# Control characters, zero-width marks, and halves of surrogate pairs, which JSON can hold and
# UTF-8 cannot.
_UNWANTED = re.compile(r"[\x00-\x08\x0e-\x1f\x7f\u200b\ufeff\ud800-\udfff]")


def clean_lines(text: str) -> str:
    """The lines that are not empty, white space collapsed, control characters left out.

    Soft hyphens go too: they would part words for whoever searches.
    """
    visible = _UNWANTED.sub("", text.replace("\u00ad", ""))
    lines = (" ".join(line.split()) for line in visible.split("\n"))
    return "\n".join(line for line in lines if line)


def block_text(element: HtmlElement) -> str:
    """The visible text within an element, a line for each block, cleaned."""
    parts: list[str] = []
    _collect(element, parts)
    return clean_lines("".join(parts))


def inline_text(element: HtmlElement) -> str:
    """The text within an element on one line."""
    parts: list[str] = []
    _collect(element, parts)
    return one_line("".join(parts))


def one_line(text: str) -> str:
    """White space collapsed, control characters left out."""
    return " ".join(_UNWANTED.sub("", text).split())


def _collect(element: HtmlElement, parts: list[str]) -> None:
    # Recursion is safe: libxml2 gives no tree deeper than 256.
    tag = element.tag
    if isinstance(tag, str) and tag not in _UNSEEN:
        block = tag in _BLOCKS
        if block:
            parts.append("\n")
        parts.append(_BEFORE.get(tag, ""))
        parts.append((element.text or "").replace("\n", " "))
        for child in element:
            _collect(child, parts)
            parts.append((child.tail or "").replace("\n", " "))
        parts.append(_AFTER.get(tag, ""))
        if block:
            parts.append("\n")
