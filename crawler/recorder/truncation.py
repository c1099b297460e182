"""Why a response is not whole, as WARC-Truncated (WARC/1.1, 5.13) puts it."""

from __future__ import annotations

from scrapy.exceptions import DownloadCancelledError, DownloadTimeoutError, StopDownload
from scrapy.http import Response

from archive.model import Truncation
from crawler.guard.errors import BodyTooSlow
from crawler.recorder.recording import Recording

Outcome = Response | BaseException
"""What a download came to."""


def truncation(recording: Recording, outcome: Outcome, limit: int) -> Truncation | None:
    """None when the recording, which is closed, is of a whole message.

    `outcome` is that of the download whose last exchange this is; `limit` is the bytes that a body
    may have, 0 for no limit.
    """
    stopped = _stopped(outcome)
    ours = stopped or isinstance(outcome, DownloadCancelledError | DownloadTimeoutError)
    # With no length of its own a message also seems to end when it is we who close.
    if recording.ending == "boundary" or (recording.ending == "close" and not ours):
        return None
    if recording.refusal is not None:
        return "time" if isinstance(recording.refusal, BodyTooSlow) else "length"
    if stopped:
        return "unspecified"
    if isinstance(outcome, DownloadTimeoutError):
        return "time"
    if isinstance(outcome, DownloadCancelledError):
        # Scrapy makes this of every cancelled download, also of one that a shutdown cut.
        return "length" if limit and _size(recording) > limit else "unspecified"
    if isinstance(outcome, Response):
        return "disconnect"
    if not isinstance(outcome, Exception):
        return "unspecified"  # asyncio.CancelledError: a shutdown
    return "disconnect"


def _stopped(outcome: Outcome) -> bool:
    """Whether a handler of Scrapy's signals raised StopDownload."""
    if isinstance(outcome, Response):
        return "download_stopped" in outcome.flags
    return isinstance(outcome, StopDownload)


def _size(recording: Recording) -> int:
    """Bytes of the body, as announced or as received, whichever is more."""
    head = recording.head
    if head is None:
        return 0
    announced = head.get(b"content-length") or b""
    received = recording.response.size - head.length
    return max(received, int(announced) if announced.isdigit() else 0)
