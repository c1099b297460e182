"""What a server sends cannot move the cursor of a terminal or forge a line of the log."""

from __future__ import annotations

import logging
import re
import traceback
from typing import Any

_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def escape(text: str) -> str:
    r"""Control characters and changes of writing direction as \xNN or \uNNNN.

    Lines after the first are indented: none of them looks like the beginning of a record.
    """
    return _CONTROL.sub(_code, text).replace("\n", "\n  ")


def _code(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode("ascii")


class EscapedRecord(logging.LogRecord):
    """A record whose message and traceback are escaped, whichever handler writes it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.exc_info and self.exc_info[0] is not None:
            # Formatters take this text where there is one already.
            self.exc_text = escape("".join(traceback.format_exception(*self.exc_info)).rstrip("\n"))

    def getMessage(self) -> str:  # noqa: N802 (logging's name)
        """The message as it is written."""
        return escape(super().getMessage())


def escape_log_records() -> None:
    """Make every log record of this process an `EscapedRecord`.

    A record factory that someone else has set is left in place.
    """
    if logging.getLogRecordFactory() is logging.LogRecord:
        logging.setLogRecordFactory(EscapedRecord)
