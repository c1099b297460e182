"""Exit statuses, and which error leads to which."""

from __future__ import annotations

from archive.errors import (
    ArchiveError,
    IndexFailure,
    OtherCollection,
    SourceBusy,
    StateFailure,
    StateTaken,
    StoreError,
    TokenNameTaken,
    TokenUnknown,
    UrlError,
    WriteError,
)

CHECKS_FAILED = 1
"""Some URLs or checks failed."""

WRONG_USAGE = 2
"""Wrong usage or configuration."""

UNAVAILABLE = 3
"""Storage or database unavailable."""

INTERRUPTED = 130


def exit_status(error: ArchiveError) -> int:
    """The status that a command ends with when this error ends it."""
    if isinstance(error, UrlError | StateTaken | OtherCollection | TokenNameTaken | TokenUnknown):
        return WRONG_USAGE
    if isinstance(error, StoreError | IndexFailure | StateFailure | WriteError | SourceBusy):
        return UNAVAILABLE
    return CHECKS_FAILED
