"""`/documents`: the clean text of a capture with its metadata, and where all of it comes from."""

from __future__ import annotations

from typing import Self

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from archive.documents import to_json
from archive.errors import NotArchived
from archive.memento import Memento
from archive.model import Capture, Document, ExtractionStatus, Quality
from archive.view import View
from archive.web.api.choosing import RecordId, chosen
from archive.web.api.models import CaptureModel
from archive.web.api.parameters import At, Url
from archive.web.api.problems import problems
from archive.web.raw import saved_as
from archive.web.site import site_of

router = APIRouter(tags=["documents"])

TEXT = "text/plain; charset=utf-8"


class DocumentModel(BaseModel):
    """Text and metadata as the extractor found them in the page."""

    title: str | None
    authors: list[str] = Field(description="Persons or organisations, in the page's order.")
    published: str | None = Field(description="ISO 8601, as precise as the page says.")
    modified: str | None = Field(description="ISO 8601.")
    date: str | None = Field(description="The day of `published`.")
    language: str | None = Field(description="BCP 47; null: not enough text to tell.")
    site: str | None = Field(description="Name of the publication.")
    section: str | None
    tags: list[str]
    image: str | None = Field(description="URL of the lead picture.")
    canonical_url: str | None = Field(description="What the page says that its address is.")
    text: str = Field(description="One paragraph a line.")
    text_digest: str = Field(description="`sha256:` and hex, of the text in UTF-8.")
    words: int
    quality: Quality = Field(description="Only `article` and `thin` are found by search.")
    extraction_status: ExtractionStatus = Field(
        description="Everything but `ok` comes with an empty text."
    )
    extractor: str = Field(description="Name, version, and the site rule that was used, if any.")

    @classmethod
    def of(cls, document: Document) -> Self:
        """With what is derived from it."""
        fields = to_json(document)
        return cls(**{name: fields[name] for name in cls.model_fields})


class Provenance(BaseModel):
    """Where the text comes from, as far as the WARC records tell; the rest stands in `capture`."""

    run: str = Field(description="The extraction run that made the text.")
    warc_date: str | None = Field(description="When the request was sent (WARC-Date).")
    block_digest: str | None = Field(description="Of the message as it crossed the wire.")
    request_record_id: str | None = Field(description="The record of the request.")
    ip: str | None = Field(description="Address of the server.")
    protocols: list[str] = Field(description="Of the connection, such as `http/1.1`, `tls/1.3`.")
    cipher_suite: str | None = Field(description="Of TLS; null: not encrypted, or not recorded.")
    certificate_verified: str | None = Field(
        description="`yes`, or `no; ` and why not; null: no TLS, or not recorded."
    )
    certificate_chain: str | None = Field(description="The record of the chain, in the same file.")
    via: str | None = Field(description="The URL that led there.")
    original_record_id: str | None = Field(
        description="Of a revisit: the record that holds the payload."
    )

    @classmethod
    def of(cls, memento: Memento, run: str) -> Self:
        """From the records of a capture."""
        record = memento.record
        protocols = [value for name, value in record.headers if name.lower() == "warc-protocol"]
        revisit = memento.original is not record
        return cls(
            run=run,
            warc_date=record.get("WARC-Date"),
            block_digest=record.get("WARC-Block-Digest"),
            request_record_id=record.get("WARC-Concurrent-To"),
            ip=record.get("WARC-IP-Address"),
            protocols=protocols,
            cipher_suite=record.get("WARC-Cipher-Suite"),
            certificate_verified=record.get("Pressmark-Certificate-Verified"),
            certificate_chain=record.get("Pressmark-Certificate-Chain"),
            via=record.get("Pressmark-Via"),
            original_record_id=memento.original.record_id if revisit else None,
        )


class DocumentAnswer(BaseModel):
    """The document of a capture."""

    document: DocumentModel
    capture: CaptureModel = Field(
        description="What it was made of: where archived redirects lead, if it is one."
    )
    provenance: Provenance


@router.get("/documents", summary="The text of a page", responses=problems(404, 451, 502))
async def get_document(
    request: Request, url: Url, at: At = None, record_id: RecordId = None
) -> DocumentAnswer:
    """Clean text and metadata of one snapshot. Archived redirects are followed, ten at most."""
    site = site_of(request.scope)
    base = site.base_url(request.scope)

    def work() -> DocumentAnswer:
        view = site.view.settled()
        memento, document = _document(view, chosen(view, url, at, record_id))
        return DocumentAnswer(
            document=DocumentModel.of(document),
            capture=CaptureModel.of(memento.capture, base),
            provenance=Provenance.of(memento, document.run),
        )

    return await site.read(work)


@router.get(
    "/documents/text",
    summary="The text of a page as a file",
    responses=problems(404, 451, 502)
    | {200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
    response_class=Response,
)
async def download_text(
    request: Request, url: Url, at: At = None, record_id: RecordId = None
) -> Response:
    """One paragraph a line, in UTF-8."""
    site = site_of(request.scope)

    def work() -> Response:
        view = site.view.settled()
        memento, document = _document(view, chosen(view, url, at, record_id))
        text = document.article.text
        if not text:
            status = document.article.extraction_status
            raise NotArchived(f"the text of {url}", f"its extraction ended with {status!r}")
        headers = saved_as(memento.capture, ".txt")
        return Response(f"{text}\n".encode(), headers=headers, media_type=TEXT)

    return await site.read(work)


def _document(view: View, capture: Capture) -> tuple[Memento, Document]:
    """The snapshot that redirects lead to, and its document. Raises NotArchived."""
    memento = view.follow(view.open(capture))
    document = view.document(memento.capture)
    if document is None:
        raise NotArchived(f"the text of {capture.url}", "only pages of HTML have one")
    return memento, document
