"""Content codings of a response that are not undone for the spider."""

from __future__ import annotations

import logging
import zlib
from typing import TYPE_CHECKING

import brotli
from backports.zstd import ZstdError  # what Scrapy decodes with
from scrapy.downloadermiddlewares.httpcompression import HttpCompressionMiddleware
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response

from archive.codings import LAYERS

if TYPE_CHECKING:
    from scrapy import Request

logger = logging.getLogger(__name__)

UNDECODED = "undecoded"
"""Flag of a response whose body is as it was sent, because its coding could not be undone."""

_BROKEN = (OSError, EOFError, ValueError, zlib.error, brotli.error, ZstdError)


class BoundedCompression(HttpCompressionMiddleware):
    """Scrapy's middleware, but a response that it cannot decode is passed on as it was sent.

    That is one with more than `LAYERS` codings, one that grows beyond `download_maxsize`, and one
    that is not of the coding it names. It was received whole and is archived, so it is no failure;
    the spider gets a plain Response without text, flagged `UNDECODED`.
    """

    def process_response(  # type: ignore[override]  # Scrapy's own has a deprecated `spider` too
        self, request: Request, response: Response
    ) -> Request | Response:
        """As Scrapy's, which raises IgnoreRequest or whatever the decoder raised."""
        codings = b",".join(response.headers.getlist("Content-Encoding")).split(b",")
        layers = [coding for coding in codings if coding.strip().lower() not in (b"", b"identity")]
        if len(layers) > LAYERS:
            reason = f"{len(layers)} content codings on top of each other, more than {LAYERS}"
            return self._undecoded(response, reason)
        try:
            return super().process_response(request, response)
        except IgnoreRequest as refusal:
            return self._undecoded(response, str(refusal))
        except _BROKEN as error:
            return self._undecoded(response, f"not of the content coding it names ({error})")

    @staticmethod
    def _undecoded(response: Response, reason: str) -> Response:
        logger.warning(
            "The body of %(response)s is left as it was sent: %(reason)s",
            {"response": response, "reason": reason},
        )
        return Response(
            response.url,
            status=response.status,
            headers=response.headers,
            body=response.body,
            flags=[*response.flags, UNDECODED],
            request=response.request,
            certificate=response.certificate,
            ip_address=response.ip_address,
            protocol=response.protocol,
        )
