"""The values that the rest speaks in: Exchange, Capture, Document, and what they are made of."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from archive.block import Block
from archive.response_digest import ResponseDigest

Truncation = Literal["length", "time", "disconnect", "unspecified"]
"""Values of WARC-Truncated (WARC/1.1, 5.13) that Pressmark writes."""

Kind = Literal["requisite", "list"]
"""What else than a page an exchange was for: something that a page needs (with it robots.txt), or a
feed or sitemap. No document is made of these."""

ExtractionStatus = Literal[
    "ok", "empty", "too_large", "too_complex", "timeout", "crash", "encoding"
]
"""How the text extraction of a page ended. Everything but `ok` comes with an empty text."""

Quality = Literal["article", "thin", "error"]
"""What a document is worth to a reader; only `article` and `thin` enter the full-text index."""

HTML = frozenset({"text/html", "application/xhtml+xml"})
"""Media types of pages, without parameters."""

SegmentState = Literal["spooled", "stored"]
"""`spooled`: fsynced on one machine and indexed. `stored`: objects written and verified."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """The connection that an exchange went over, read when its first byte had arrived."""

    ip: str | None = None  #: address of the peer (of the proxy, where one is configured)
    tls_version: str | None = None  #: as OpenSSL names it, e.g. "TLSv1.3"; None: not encrypted
    cipher: str | None = None  #: OpenSSL's name, e.g. "TLS_AES_256_GCM_SHA384"
    certificates: tuple[bytes, ...] = ()  #: DER, the server's own first, as it sent them
    verified: bool | None = None  #: whether the chain verifies for the host; None: no TLS
    verification: str | None = None  #: why it does not verify, one line


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One request and its response as they crossed the wire. The blocks are written to no more."""

    url: str  #: as requested, without userinfo and fragment
    method: str  #: request method, upper case
    started: datetime  #: when the request was sent; aware, UTC, microseconds
    request: Block  #: exact bytes sent, but for headers named in `redacted`
    response: Block  #: exact bytes from the final status line to the end of the message
    head_length: int  #: bytes of `response` up to and with the blank line; 0: no whole head came
    status: int  #: of the final response; 0: no whole head came
    mime: str  #: media type without parameters, lower case; "unk" when the response names none
    connection: Connection = field(default_factory=Connection)
    truncated: Truncation | None = None  #: why the response is not whole
    redacted: tuple[str, ...] = ()  #: names of request headers whose values were withheld
    via: str | None = None  #: URL that led here: the redirecting page, or the page of a requisite
    source: str = "ondemand"  #: [a-z0-9][a-z0-9_]{0,39}
    job: str | None = None  #: id of the job
    kind: Kind | None = None  #: None: a page, or a step on the way to one
    #: of `response`: fed while it arrived where that went to disk, otherwise at the first question
    digest: ResponseDigest = field(default_factory=ResponseDigest, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.started.utcoffset() != timedelta(0):
            raise ValueError(f"started must be aware UTC, got {self.started!r}")

    def block_digest(self) -> str:
        """`sha256:<hex>` of `response`. Reads the block once; best asked in the writer's thread."""
        return self._digested().block

    def payload_digest(self) -> str:
        """`sha256:<hex>` of the payload: transfer coding undone, content coding kept."""
        return self._digested().payload

    def _digested(self) -> ResponseDigest:
        if not self.digest.size:
            for piece in self.response.pieces():
                self.digest.feed(piece)
        return self.digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture:
    """Where one exchange is kept: one line of the CDXJ index, with the field names of CDXJ."""

    urlkey: str  #: SURT of `url`, e.g. "org,example)/news?id=7"; sorted bytewise
    timestamp: str  #: start of the exchange, 14 digits, UTC
    url: str  #: as requested, without userinfo and fragment
    mime: str  #: without parameters; "warc/revisit" for a revisit record
    status: int  #: of the archived response, also on a revisit; 0: none was received
    digest: str  #: "sha256:<hex>" of the payload: transfer coding undone, content coding kept
    filename: str  #: NAME.warc.gz, the same before and after sealing; keys derive from it
    offset: int  #: first byte of the gzip member that holds the record
    length: int  #: compressed bytes; [offset, offset + length) is exactly one member
    record_id: str  #: "<urn:uuid:...>", WARC-Record-ID of the record
    source: str  #: name of the source
    job: str | None = None  #: id of the job
    request_length: int | None = None  #: bytes of the request's member, which ends at `offset`
    truncated: Truncation | None = None  #: why the response is not whole
    kind: Kind | None = None  #: None: a page, as far as is known

    @property
    def is_revisit(self) -> bool:
        """Whether its payload is held by another capture."""
        return self.mime == "warc/revisit"

    @property
    def may_be_page(self) -> bool:
        """Whether a text may be made of its payload, as far as its media type tells."""
        return self.is_revisit or self.mime in HTML

    @property
    def memento(self) -> str:
        """Its path on the web server."""
        return f"/web/{self.timestamp}/{self.url}"


_STORED = ("status", "timestamp", "digest", "filename", "offset", "length", "memento")


def stored_fields(capture: Capture | None) -> dict[str, Any]:
    """What results of archiving say of a capture, with the names of the contract; of none: None."""
    return {name: None if capture is None else getattr(capture, name) for name in _STORED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """Clean text and metadata, as an extractor finds them in one page."""

    title: str | None = None
    authors: tuple[str, ...] = ()  #: names of persons or organisations, in page order
    published: str | None = None  #: ISO 8601, as precise as the page says
    modified: str | None = None  #: ISO 8601
    language: str | None = None  #: BCP 47 primary language, "en"; None: not enough text to tell
    site: str | None = None  #: name of the publication
    section: str | None = None
    tags: tuple[str, ...] = ()
    image: str | None = None  #: URL of the lead picture
    canonical_url: str | None = None  #: absolute; what the page says that its address is
    text: str = ""  #: one paragraph a line
    quality: Quality = "error"
    extraction_status: ExtractionStatus = "empty"
    extractor: str = ""  #: name and version, and the site rule that was used, if any


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """The article of one capture. `filename`, `offset` and `record_id` name the capture."""

    url: str
    timestamp: str  #: 14 digits, of the capture
    digest: str  #: of the capture's payload
    filename: str
    offset: int
    record_id: str
    source: str
    run: str  #: 17 digits and a random part: the extraction run; of several the greatest is current
    article: Article

    @property
    def date(self) -> str | None:
        """The day of `published`, YYYY-MM-DD."""
        return self.article.published[:10] if self.article.published else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """One WARC file as the index knows it."""

    filename: str  #: NAME.warc.gz
    source: str
    state: SegmentState
    node: str | None = None  #: host name of the machine whose spool holds it; None when stored
    path: str | None = None  #: folder of the spool on that machine; None when stored
