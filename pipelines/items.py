"""Page: the Scrapy item that carries a page through the pipelines."""

from __future__ import annotations

from dataclasses import dataclass, field

from archive.model import Article, Capture, Document


@dataclass(slots=True, kw_only=True)
class Page:
    """One HTML page as it was fetched, and what the pipelines find out about it."""

    url: str  #: as answered, after redirects
    capture: Capture | None  #: None only for what came out of Scrapy's HTTP cache
    status: int  #: of the HTTP response
    content_type: str | None  #: value of the header
    body: bytes = field(repr=False)  #: transfer and content coding undone
    source: str = "ondemand"  #: name of the source
    article: Article | None = field(default=None, repr=False)  #: set by pipelines.text
    document: Document | None = field(default=None, repr=False)  #: set by pipelines.documents
