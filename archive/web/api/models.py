"""What several routes answer with: captures, documents, and links to what belongs to them."""

from __future__ import annotations

from typing import Self
from urllib.parse import urlencode

from pydantic import BaseModel, Field

from archive.model import Capture
from archive.timestamps import datetime_or_none
from archive.web import links

API = "/api/v1"


class CaptureLinks(BaseModel):
    """Addresses of what belongs to a capture."""

    capture: str = Field(description="This capture, by the API.")
    memento: str = Field(description="The page as it looked.")
    raw: str = Field(description="Its body as it was archived.")
    document: str = Field(description="Its text and metadata.")
    text: str = Field(description="Its text alone, as a file.")
    warc: str = Field(description="Its records, as a WARC file.")
    timemap: str = Field(description="All captures of its URL (RFC 7089).")
    versions: str = Field(description="The versions of its text.")


class CaptureModel(BaseModel):
    """Where one answer of a site is kept, with the names of CDXJ."""

    urlkey: str = Field(description="SURT of the URL, by which captures are sorted.")
    timestamp: str = Field(description="When it was captured: 14 digits, UTC.")
    datetime: str | None = Field(
        description="The same in ISO 8601; null where it is no date that there is."
    )
    url: str = Field(description="As it was requested.")
    mime: str = Field(description="Media type; `warc/revisit`: the payload is that of another one.")
    status: int = Field(description="HTTP status; 0: no whole head came.")
    digest: str = Field(description="Of the payload: `sha256:` and hex, or as its tool wrote it.")
    filename: str = Field(description="The WARC file.")
    offset: int = Field(description="Where in it the record's gzip member begins.")
    length: int = Field(description="Bytes of that member.")
    record_id: str = Field(description="WARC-Record-ID.")
    source: str = Field(description="Name of the source.")
    job: str | None = Field(description="The job that captured it.")
    truncated: str | None = Field(description="Why it is not whole (WARC-Truncated).")
    kind: str | None = Field(description="`requisite` or `list`; null: a page.")
    links: CaptureLinks

    @classmethod
    def of(cls, capture: Capture, base: str) -> Self:
        """`base` is our scheme and host."""
        return cls(
            urlkey=capture.urlkey,
            timestamp=capture.timestamp,
            datetime=iso(capture.timestamp),
            url=capture.url,
            mime=capture.mime,
            status=capture.status,
            digest=capture.digest,
            filename=capture.filename,
            offset=capture.offset,
            length=capture.length,
            record_id=capture.record_id,
            source=capture.source,
            job=capture.job,
            truncated=capture.truncated,
            kind=capture.kind,
            links=links_of(capture.url, capture.timestamp, base, capture.record_id),
        )


def links_of(url: str, timestamp: str, base: str, record_id: str = "") -> CaptureLinks:
    """Of the capture of a URL at a time; `record_id`: of which one, where there may be several."""
    api = f"{base}{API}"
    asked = {"url": url, "at": timestamp}
    here = urlencode(asked | {"record_id": record_id} if record_id else asked)
    return CaptureLinks(
        capture=f"{api}/captures/{timestamp}/{links.sent(url)}",
        memento=links.memento(base, url, timestamp),
        raw=links.memento(base, url, timestamp, "id_"),
        document=f"{api}/documents?{here}",
        text=f"{api}/documents/text?{here}",
        warc=f"{api}/captures/warc?{here}",
        timemap=links.timemap(base, url),
        versions=f"{api}/versions?{urlencode({'url': url})}",
    )


def iso(timestamp: str) -> str | None:
    """ISO 8601 of 14 digits; None for a day that there is not."""
    moment = datetime_or_none(timestamp)
    return None if moment is None else f"{moment.replace(tzinfo=None).isoformat()}Z"
