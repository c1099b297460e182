"""What can be asked of the index, and what search answers."""

from __future__ import annotations

from dataclasses import dataclass

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
    limit: int | None = None  #: the first so many in the order of keys; None: all


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
    limit: int = 20


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
class Counts:
    """Rows in the index."""

    segments: int
    captures: int
    documents: int
    unextracted: int  #: pages without a document, those being extracted in this moment included
