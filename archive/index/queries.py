"""What can be asked of the index, and what search answers."""

from __future__ import annotations

from dataclasses import dataclass

from archive.model import Quality
from archive.urlkey import Match

CapturePlace = tuple[str, str, str, int]
"""urlkey, timestamp, filename, offset: where a capture stands in the order of CDXJ lines."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptureQuery:
    """Captures of one URL, or of all URLs that begin with it, of its host, of its domain."""

    url: str
    match: Match = "exact"
    start: str | None = None  #: 14 digits, inclusive
    end: str | None = None  #: 14 digits, inclusive
    after: CapturePlace | None = None  #: those that stand behind this place alone
    before: CapturePlace | None = None  #: those that stand before this place alone
    reverse: bool = False  #: from the last to the first
    limit: int | None = None  #: the first so many in that order; None: all


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Times, of 14 digits, of the captures of a URL around a time; RFC 7089 calls these relations
    of mementos."""

    first: str | None
    previous: str | None  #: None: there is none before
    next: str | None  #: None: there is none after
    last: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchQuery:
    """Documents that contain all the words.

    `start` and `end` compare the day of publication, or where the page gives none, of capture.
    """

    words: str  #: as typed; words are parted by white space, what is joined is a phrase
    language: str | None = None  #: BCP 47; None: any
    source: str | None = None
    start: str | None = None  #: 8 or 14 digits, inclusive
    end: str | None = None  #: 8 or 14 digits, inclusive
    quality: Quality | None = None  #: `article` or `thin`; others have no words to be found by
    limit: int = 20
    offset: int = 0  #: how many of the best hits to leave out
    #: urlkey of a hit: those behind it instead, if it still stands near that place
    after: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchHit:
    """The version of a page that matches best, of equals the newest; one hit a page."""

    url: str
    timestamp: str  #: 14 digits, of the capture
    digest: str  #: of the capture's payload
    source: str
    title: str | None
    date: str | None  #: YYYY-MM-DD of publication
    language: str | None
    score: float  #: BM25, greater is better; comparable within one answer
    snippet: str  #: plain text around the first match, "…" where it is cut
    spans: tuple[tuple[int, int], ...]  #: [start, end) of the matching words in `snippet`


@dataclass(frozen=True, slots=True, kw_only=True)
class Matching:
    """A document that has the words: what it is, to be counted."""

    urlkey: str
    timestamp: str  #: 14 digits, of the capture
    digest: str  #: of the capture's payload
    source: str
    language: str | None
    quality: Quality
    day: int  #: YYYYMMDD of publication, or where the page gives none, of capture

    @property
    def year(self) -> int:
        """Of the same."""
        return self.day // 10000


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceCounts:
    """What there is of a source."""

    name: str
    segments: int
    newest: str  #: when its newest segment was begun, 14 digits
    captures: int  #: in its segments
    documents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Rows in the index."""

    segments: int
    captures: int
    documents: int
    unextracted: int  #: pages without a document, those being extracted in this moment included
