"""What is known of a page before any parser sees it. Light: the crawler's process imports this."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib.metadata import version

from archive.model import HTML, Article, ExtractionStatus
from pipelines.extraction.prescan import MAX_SIZE

EXTRACTOR = f"trafilatura {version('trafilatura')} / pressmark {version('pressmark')}"
"""Name and version of the extractor, as documents carry it."""

# Types that servers give to anything: the body has to tell.
_VAGUE = frozenset({"", "text/plain", "application/octet-stream", "application/xml", "text/xml"})
_MAGIC = (
    *(b"\x1f\x8b", b"%PDF-", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"PK\x03\x04", b"RIFF"),
    *(b"\x28\xb5\x2f\xfd", b"BZh", b"\xfd7zXZ", b"OggS", b"ID3", b"\0\0\x01\0", b"wOF"),
)
_TAG = re.compile(rb"<(?:!doctype\s+html|html|head|body|article|main|section|div|p)\b", re.I)
_OTHER = re.compile(rb"\s*+(?:[\[{]|<\?xml|<(?:rss|feed|urlset|sitemapindex|svg)\b)", re.I)
_BEGINNING = 4_096


@dataclass(frozen=True, slots=True, kw_only=True)
class RawPage:
    """A response whose text is wanted."""

    url: str  #: that it was fetched from
    content_type: str | None  #: value of the header
    body: bytes  #: content coding undone
    status: int = 200  #: of the response


def refused(page: RawPage) -> Article | None:
    """The result for what is no HTML or far too much of it; None for a page to work on.

    Quick: it looks at the type, the size and the first 4 KiB.
    """
    if not _may_be_html(page):
        return failed("empty")
    return failed("too_large") if len(page.body) > MAX_SIZE else None


def failed(status: ExtractionStatus) -> Article:
    """What stands for a page that gave no text."""
    return Article(quality="error", extraction_status=status, extractor=EXTRACTOR)


def _may_be_html(page: RawPage) -> bool:
    mime = (page.content_type or "").partition(";")[0].strip().lower()
    if mime not in HTML and mime not in _VAGUE:
        return False
    if page.body.startswith(_MAGIC):
        return False
    # UTF-16 becomes legible without its NULs.
    beginning = page.body[:_BEGINNING].replace(b"\0", b"")
    if _TAG.search(beginning):
        return True
    return mime in HTML and bool(beginning.strip()) and not _OTHER.match(beginning)
