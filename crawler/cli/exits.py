"""Exit statuses, and which error leads to which."""

from __future__ import annotations

import os
import sys
from typing import NoReturn

from archive.errors import (
    ArchiveError,
    IndexFailure,
    OtherCollection,
    ServerError,
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

_WRONG = (UrlError, StateTaken, OtherCollection, TokenNameTaken, TokenUnknown, ServerError)


def exit_status(error: ArchiveError) -> int:
    """The status that a command ends with when this error ends it."""
    if isinstance(error, _WRONG):
        return WRONG_USAGE
    if isinstance(error, StoreError | IndexFailure | StateFailure | WriteError | SourceBusy):
        return UNAVAILABLE
    return CHECKS_FAILED


def leave(status: int) -> NoReturn:
    """End the process although threads still talk to a store, perhaps one that does not answer."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)
