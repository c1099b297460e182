"""What went wrong with a URL, as one plain sentence that says what to do."""

from __future__ import annotations

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

from archive.errors import ArchiveError, WriteError
from archive.model import Capture

_SENTENCES: tuple[tuple[tuple[type[BaseException], ...], str], ...] = (
    (
        (CannotResolveHostError,),
        "the host of {url} does not resolve; check the spelling and this machine's network",
    ),
    (
        (DownloadTimeoutError,),
        "{url} did not answer in time; try again later, or raise limits.timeout",
    ),
    (
        (DownloadConnectionRefusedError,),
        "the server of {url} refuses connections; try again later",
    ),
    (
        (ResponseDataLossError,),
        "the connection ended before all of {url} had come; try again later",
    ),
    (
        (UnsupportedURLSchemeError, NotSupported),
        "{url} is neither http nor https; only those can be archived",
    ),
    (
        (DownloadCancelledError, StopDownload),
        "the download of {url} was stopped before its end; try again later",
    ),
)

_TRUNCATED = {
    "length": "{url} is too large, so only its beginning is kept; raise limits.page",
    "time": "{url} came too slowly, so only its beginning is kept; try again later",
    "disconnect": "the connection ended before all of {url} had come; try again later",
    "unspecified": "the download of {url} was stopped before its end; try again later",
}

_MANY = "max redirections"
_TLS = ("SSL", "TLS", "certificate")


def explain(failure: Failure, url: str, capture: Capture | None = None) -> str:
    """Why `url` could not be had. `capture` is what was kept of it all the same."""
    error = failure.value
    if isinstance(error, WriteError):
        return str(WriteError(url, error.cause))
    if isinstance(error, ArchiveError):
        text = str(error)
        return text if url in text else f"{url} could not be archived: {text}"
    if capture is not None and capture.truncated is not None:
        return explain_truncated(capture, url)
    for kinds, sentence in _SENTENCES:
        if isinstance(error, kinds):
            return sentence.format(url=url)
    if isinstance(error, IgnoreRequest):
        return _ignored(error, url)
    if isinstance(error, DownloadFailedError) and any(word in str(error) for word in _TLS):
        return f"no TLS connection to the server of {url} could be made; check the port and scheme"
    if isinstance(error, DownloadFailedError):
        return f"the server of {url} closed the connection without a whole answer; try again later"
    return f"{url} could not be fetched ({type(error).__name__}: {error}); try again later"


def explain_redirected(failure: Failure, asked: str, capture: Capture | None = None) -> str:
    """`explain` for a request that may come of a redirect of the URL that was asked for."""
    request: Request = failure.request  # type: ignore[attr-defined]  # set by Scrapy
    of_target = "redirect_urls" in request.meta and not isinstance(failure.value, WriteError)
    if not of_target or _MANY in str(failure.value):
        return explain(failure, asked, capture)
    why = explain(failure, request.url, capture)
    return f"{asked} redirects, and that is kept, but not its target: {why}"


def explain_truncated(capture: Capture, url: str) -> str:
    """Why only a part of `url` is kept."""
    return _TRUNCATED[capture.truncated or "unspecified"].format(url=url)


def _ignored(error: IgnoreRequest, url: str) -> str:
    text = str(error)
    if _MANY in text:
        return f"{url} redirects in a loop, or too often; correct the URL"
    if "robots.txt" in text:
        return f"robots.txt of its site forbids {url}; set robots to ignore if you may fetch it"
    return f"{url} was not fetched: {text or 'the request was dropped'}"
