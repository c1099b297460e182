"""What a page says, for tests that read it as a browser without scripts does."""

from __future__ import annotations

from urllib.parse import quote

import httpx
from lxml import html

from tests.archive.web.serving import Served


def at(path: str, **parameters: str) -> str:
    """A path with parameters; `from_` is `from`."""
    query = "&".join(
        f"{name.rstrip('_')}={quote(value, safe='')}" for name, value in parameters.items()
    )
    return f"{path}?{query}" if query else path


def parsed(response: httpx.Response) -> html.HtmlElement:
    """The page as a tree."""
    assert response.headers["content-type"].startswith("text/html")
    return html.document_fromstring(response.text)


def opened(pages: Served, path: str, status: int = 200) -> html.HtmlElement:
    """GET a page."""
    response = pages.get(path)
    assert response.status_code == status, response.text
    return parsed(response)


def texts(page: html.HtmlElement, selector: str) -> list[str]:
    """Of all elements, in order, with single spaces."""
    return [" ".join(found.text_content().split()) for found in page.cssselect(selector)]


def links(page: html.HtmlElement, within: str = "main") -> dict[str, str]:
    """Addresses of links by what they are called."""
    return {
        " ".join(link.text_content().split()): link.get("href")
        for link in page.cssselect(f"{within} a[href]")
    }
