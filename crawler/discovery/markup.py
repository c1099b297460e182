"""HTML parsed once, for everything that is looked for in it."""

from __future__ import annotations

from dataclasses import dataclass

from lxml import etree

from crawler.discovery.urls import Base


@dataclass(frozen=True, slots=True)
class Markup:
    """A parsed page. Nothing in it was fetched, and no script ran."""

    root: etree._Element | None  #: None when there is no element at all
    base: Base  #: <base href>, else the page's URL


def parse_markup(html: str, url: str) -> Markup:
    """Parse a page that was found at `url`; never raises.

    The time grows with the square of the attributes in one tag: let
    `pipelines.extraction.prescan.refusal` judge untrusted pages first.
    """
    # As UTF-8: lxml refuses a str that begins with an XML declaration.
    data = html.replace("\0", "\ufffd").encode("utf-8", "replace")
    parser = etree.HTMLParser(encoding="utf-8", recover=True, remove_comments=True, remove_pis=True)
    try:
        root = etree.fromstring(data, parser) if data.strip() else None
    except etree.ParserError:
        root = None
    except etree.XMLSyntaxError:
        root = None  # nothing that could be recovered, e.g. a lone "<!"
    page = Base(url)
    if root is None:
        return Markup(None, page)
    for element in root.iter("base"):
        href = element.get("href")
        if href is not None:
            base = page.resolve(href)
            return Markup(root, Base(base) if base else page)
    return Markup(root, page)
