"""One capture as the fields of a CDX line."""

from __future__ import annotations

from archive.index import CapturePlace
from archive.model import Capture

Line = dict[str, str]
"""Values by the names of CDXJ. They hold no white space, and are never empty."""

Found = Line | str
"""A line, or the time (14 digits) of a capture that was looked at and passed over or held back."""

NONE = "-"

DUPLICATES, SKIPPED, LAST_SKIPPED = "dupecount", "skipcount", "endtimestamp"
ORIGINAL = ("orig.length", "orig.offset", "orig.filename")

KNOWN = frozenset(
    {
        "urlkey",
        "timestamp",
        "url",
        "mime",
        "status",
        "digest",
        "length",
        "offset",
        "filename",
        "redirect",
        "robotflags",
        "source",
        "source-coll",
        "access",
        DUPLICATES,
        SKIPPED,
        LAST_SKIPPED,
        *ORIGINAL,
    }
)
"""What may be asked for; what a line does not have is "-"."""

_SHA1 = "sha1:"


def line_of(capture: Capture) -> Line:
    """The line of a capture. SHA-1 digests, which imported ones have, go without their name, as
    clients of other archives expect them."""
    return {
        "urlkey": capture.urlkey,
        "timestamp": capture.timestamp,
        "url": _word(capture.url),
        "mime": _word(capture.mime),
        "status": str(capture.status) if capture.status else NONE,
        "digest": _word(capture.digest.removeprefix(_SHA1)),
        "length": str(capture.length),
        "offset": str(capture.offset),
        "filename": capture.filename,
        "source": capture.source,
    }


def place_of(line: Line) -> CapturePlace:
    """Where its capture stands in the index."""
    return line["urlkey"], line["timestamp"], line["filename"], int(line["offset"])


def _word(text: str) -> str:
    """The text as one word: lines are parted at white space."""
    parts = text.split()
    return parts[0] if len(parts) == 1 else "%20".join(parts) or NONE
