"""What somebody typed into a search box, and the parameters of a search."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from starlette.datastructures import QueryParams

from archive.index import SearchQuery
from archive.model import Quality
from archive.timestamps import parse_time
from archive.urlkey import Match

PAGE_SIZE = 20
LAST_PAGE = 50

_LABEL = r"[^\s/:@?#.*]+"
_PORT = r":\d{1,5}"
_IP = r"(?:\d{1,3}(?:\.\d{1,3}){3}|\[[0-9a-f:.]+\])"
_URL = re.compile(
    # An address as people copy it, or type it: with its scheme; a host with a top-level domain of
    # letters, the number of a host, or localhost, alone or with a path; a host with port and path.
    rf"https?://\S+"
    rf"|(?:(?:\*\.)?{_LABEL}(?:\.{_LABEL})*\.[^\W\d_]{{2,}}\.?|{_IP})(?:{_PORT})?(?:[/?]\S*)?"
    rf"|localhost(?:{_PORT}|(?=/))(?:[/?]\S*)?|{_LABEL}{_PORT}/\S*",
    re.IGNORECASE,
)
_QUALITIES: dict[str, Quality] = {"article": "article", "thin": "thin"}


def as_url(text: str) -> tuple[str, Match] | None:
    """The URL that a text is, and what it stands for; None where it is words.

    `example.org/a*` stands for what begins so, `*.example.org` for the host and those below it.
    """
    text = text.strip()
    if not _URL.fullmatch(text):
        return None
    if text.startswith("*."):
        return text.removeprefix("*."), "domain"
    if text.endswith("*"):
        return text.removesuffix("*"), "prefix"
    return text, "exact"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A search as it stands in the address of its page; every value as it was typed."""

    words: str = ""
    source: str = ""
    language: str = ""
    quality: str = ""
    start: str = ""
    end: str = ""
    page: int = 1

    @classmethod
    def of(cls, query: QueryParams) -> Asked:
        """From the parameters of a request; a page that is no number is the first."""
        page = query.get("page", "")
        number = int(page) if page.isascii() and page.isdigit() and len(page) < 4 else 1
        return cls(
            words=query.get("q", "").strip(),
            source=query.get("source", ""),
            language=query.get("language", "").strip().lower(),
            quality=_QUALITIES.get(query.get("quality", ""), ""),
            start=query.get("from", "").strip(),
            end=query.get("to", "").strip(),
            page=min(max(1, number), LAST_PAGE),
        )

    def search_query(self) -> SearchQuery:
        """For the index. Raises TimestampError."""
        return SearchQuery(
            words=self.words,
            source=self.source or None,
            language=self.language or None,
            quality=_QUALITIES.get(self.quality),
            start=parse_time(self.start) if self.start else None,
            end=parse_time(self.end, end=True) if self.end else None,
            limit=PAGE_SIZE,
            offset=(self.page - 1) * PAGE_SIZE,
        )

    def address(self, **changes: str | int) -> str:
        """Of the same search with other values; from its first page, if no other is given."""
        asked = replace(self, **{"page": 1, **changes})  # type: ignore[arg-type]  # names of fields
        values = {
            "q": asked.words,
            "source": asked.source,
            "language": asked.language,
            "quality": asked.quality,
            "from": asked.start,
            "to": asked.end,
            "page": "" if asked.page == 1 else str(asked.page),
        }
        return "/?" + urlencode({name: value for name, value in values.items() if value})

    @property
    def is_narrowed(self) -> bool:
        """Whether anything but words was asked for."""
        return bool(self.source or self.language or self.quality or self.start or self.end)
