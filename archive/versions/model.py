"""The values that tell how an article changed: Version, Versions, Difference and their parts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from archive.model import Capture

Kind = Literal[
    "headline",
    "correction",
    "addition",
    "removal",
    "rewrite",
    "metadata",
    "paywalled",
    "deleted",
    "returned",
]
"""How a version differs from the one before.

`headline`: its title. `correction`: a small edit, a name or a number. `addition`, `removal`: a
sentence or more. `rewrite`: most of the text, both ways; it stands for the three before it.
`metadata`: authors or date of publication and nothing else. `paywalled`: the rest of the text is
for subscribers. `deleted`: a 404, 410 or 451, or a page that says as much. `returned`: it can be
read again after that, with what is different from when it could be.
"""

State = Literal["present", "paywalled", "deleted"]
"""Whether the article could be read."""

SpanKind = Literal["same", "removed", "added", "moved"]
"""`moved`: found word for word elsewhere; the one of two such spans has `old`, the other `new`."""

ParagraphKind = Literal["same", "changed", "removed", "added", "moved"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """Captures of an article, one after the other, that have the same text, title, authors and
    date of publication."""

    last_timestamp: str  #: of its last capture, 14 digits
    captures: int  #: how many show it
    capture: Capture  #: the first of them, which stands for it
    state: State
    text_digest: str | None  #: "sha256:<hex>"; None: deleted, or not a page with text
    title: str | None
    authors: tuple[str, ...]
    published: str | None  #: ISO 8601, as precise as the page says
    modified: str | None  #: ISO 8601
    language: str | None  #: BCP 47 primary language
    words: int  #: of the text
    kinds: tuple[Kind, ...]  #: against the version before; none: the first, or not compared

    @property
    def url(self) -> str:
        """Of `capture`."""
        return self.capture.url

    @property
    def timestamp(self) -> str:
        """Of `capture`, 14 digits."""
        return self.capture.timestamp

    @property
    def memento(self) -> str:
        """Path of `capture` on the web server."""
        return self.capture.memento


@dataclass(frozen=True, slots=True, kw_only=True)
class Versions:
    """The history of an article."""

    url: str  #: that was asked for
    urls: tuple[str, ...]  #: addresses of the article, that one first, whose captures were read
    versions: tuple[Version, ...]  #: oldest first
    captures: int  #: that were read
    #: of these, how many say nothing of the article: a server's error, a page not yet extracted
    skipped: int
    whole: bool  #: whether these are all captures; else they are the newest


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A piece of a text. All `old` of a text, joined, are the old text; all `new` are the new."""

    kind: SpanKind
    old: str  #: "" where added
    new: str  #: "" where removed; where the same it may differ in white space, quotes and the like

    @property
    def text(self) -> str:
        """What to show."""
        return self.new or self.old


@dataclass(frozen=True, slots=True, kw_only=True)
class Paragraph:
    """A paragraph of the new text or, where it was removed, of the old one; the line's end is in
    its last span."""

    kind: ParagraphKind
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Of a value of a document."""

    old: str | None
    new: str | None
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListChange:
    """Of several values."""

    old: tuple[str, ...]
    new: tuple[str, ...]

    @property
    def removed(self) -> tuple[str, ...]:
        """Values that are there no more."""
        return tuple(value for value in self.old if value not in self.new)

    @property
    def added(self) -> tuple[str, ...]:
        """Values that are new."""
        return tuple(value for value in self.new if value not in self.old)


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Of two documents. What is None did not change, but for white space, quotes and the like."""

    title: Change | None
    authors: ListChange | None
    published: Change | None
    modified: Change | None
    section: Change | None
    tags: ListChange | None
    paragraphs: tuple[Paragraph, ...]  #: the whole text, also what did not change
    added: int  #: words of the text that are new; a headline above it is no part of it
    removed: int  #: words of the text that are there no more
    ratio: float  #: share of the words of both texts that stayed, 0 to 1; 1: the same text
    kinds: tuple[Kind, ...]

    @property
    def is_empty(self) -> bool:
        """Whether a reader would notice nothing."""
        values = (self.title, self.authors, self.published, self.modified, self.section, self.tags)
        return not any(values) and all(p.kind in ("same", "moved") for p in self.paragraphs)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Two versions of an article, and what changed from the one to the other."""

    url: str  #: that was asked for
    older: Version
    newer: Version
    difference: Difference
