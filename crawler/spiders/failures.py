"""What went wrong with a URL: a word for programs, and one plain sentence that says what to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from scrapy import Request
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    IgnoreRequest,
    NotSupported,
    ResponseDataLossError,
    StopDownload,
    UnsupportedURLSchemeError,
)
from twisted.python.failure import Failure

from archive.errors import AddressRefused, ArchiveError, WriteError
from archive.model import Capture
from crawler.pace import NotBegun

Reason = Literal[
    "invalid-url",
    "address-refused",
    "host-not-found",
    "connection-refused",
    "no-answer",
    "no-tls",
    "timeout",
    "incomplete",
    "too-large",
    "too-slow",
    "too-many-redirects",
    "robots",
    "not-stored",
    "interrupted",
    "failed",
]
"""What went wrong, in a word, for programs."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """What went wrong with a URL."""

    reason: Reason
    sentence: str  #: the thing, the cause, the remedy


_SENTENCES: tuple[tuple[tuple[type[BaseException], ...], Reason, str], ...] = (
    (
        (CannotResolveHostError,),
        "host-not-found",
        "the host of {url} does not resolve; check the spelling and this machine's network",
    ),
    (
        (DownloadTimeoutError,),
        "timeout",
        "{url} did not answer in time; try again later, or raise limits.timeout",
    ),
    (
        (DownloadConnectionRefusedError,),
        "connection-refused",
        "the server of {url} refuses connections; try again later",
    ),
    (
        (ResponseDataLossError,),
        "incomplete",
        "the connection ended before all of {url} had come; try again later",
    ),
    (
        (UnsupportedURLSchemeError, NotSupported),
        "invalid-url",
        "{url} is neither http nor https; only those can be archived",
    ),
    (
        (DownloadCancelledError, StopDownload),
        "interrupted",
        "the download of {url} was stopped before its end; try again later",
    ),
)

_TRUNCATED: dict[str, tuple[Reason, str]] = {
    "length": (
        "too-large",
        "{url} is too large, so only its beginning is kept; raise limits.page",
    ),
    "time": (
        "too-slow",
        "{url} came too slowly, so only its beginning is kept; try again later",
    ),
    "disconnect": (
        "incomplete",
        "the connection ended before all of {url} had come; try again later",
    ),
    "unspecified": (
        "interrupted",
        "the download of {url} was stopped before its end; try again later",
    ),
}

_MANY = "max redirections"
_TLS = ("SSL", "TLS", "certificate")


def explain(failure: Failure, url: str, capture: Capture | None = None) -> Explanation:
    """Why `url` could not be had. `capture` is what was kept of it all the same."""
    error = failure.value
    if isinstance(error, ArchiveError):
        return Explanation(_reason(error), _of_ours(error, url))
    if capture is not None and capture.truncated is not None:
        return explain_truncated(capture, url)
    for kinds, reason, sentence in _SENTENCES:
        if isinstance(error, kinds):
            return Explanation(reason, sentence.format(url=url))
    if isinstance(error, IgnoreRequest):
        return _ignored(error, url)
    if isinstance(error, DownloadFailedError) and any(word in str(error) for word in _TLS):
        return Explanation(
            "no-tls",
            f"no TLS connection to the server of {url} could be made; check the port and scheme",
        )
    if isinstance(error, DownloadFailedError):
        return Explanation(
            "no-answer",
            f"the server of {url} closed the connection without a whole answer; try again later",
        )
    return Explanation(
        "failed",
        f"{url} could not be fetched ({type(error).__name__}: {error}); try again later",
    )


def explain_redirected(failure: Failure, asked: str, capture: Capture | None = None) -> Explanation:
    """`explain` for a request that may come of a redirect of the URL that was asked for."""
    request: Request = failure.request  # type: ignore[attr-defined]  # set by Scrapy
    of_target = "redirect_urls" in request.meta and not isinstance(failure.value, WriteError)
    if not of_target or _MANY in str(failure.value):
        return explain(failure, asked, capture)
    why = explain(failure, request.url, capture)
    sentence = f"{asked} redirects, and that is kept, but not its target: {why.sentence}"
    return Explanation(why.reason, sentence)


def explain_truncated(capture: Capture, url: str) -> Explanation:
    """Why only a part of `url` is kept."""
    reason, sentence = _TRUNCATED[capture.truncated or "unspecified"]
    return Explanation(reason, sentence.format(url=url))


def _reason(error: ArchiveError) -> Reason:
    if isinstance(error, AddressRefused):
        return "address-refused"
    if isinstance(error, WriteError):
        return "not-stored"
    return "failed"


def _of_ours(error: ArchiveError, url: str) -> str:
    if isinstance(error, WriteError):
        return str(WriteError(url, error.cause))
    text = str(error)
    return text if url in text else f"{url} could not be archived: {text}"


def _ignored(error: IgnoreRequest, url: str) -> Explanation:
    text = str(error)
    if isinstance(error, NotBegun):
        return Explanation(
            "interrupted", f"the work was stopped before {url} had its turn; archive it again"
        )
    if _MANY in text:
        return Explanation(
            "too-many-redirects", f"{url} redirects in a loop, or too often; correct the URL"
        )
    if "robots.txt" in text:
        return Explanation(
            "robots",
            f"robots.txt of its site forbids {url}; set robots to ignore if you may fetch it",
        )
    return Explanation("failed", f"{url} was not fetched: {text or 'the request was dropped'}")
