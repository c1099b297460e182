"""Logging of the command: sentences of our own on standard error, everything with `--debug`."""

from __future__ import annotations

import logging
import sys
from typing import TextIO

from crawler.cli.output import aside, printable

_OURS = ("archive", "config", "crawler", "pipelines")


class _Sentences(logging.Formatter):
    """The message alone: no traceback, no character that a terminal would obey."""

    def format(self, record: logging.LogRecord) -> str:
        return f"pressmark: {printable(record.getMessage())}"


class BesideBar(logging.StreamHandler[TextIO]):
    """Leaves a progress bar whole."""

    def emit(self, record: logging.LogRecord) -> None:
        with aside():
            super().emit(record)


def set_up_logging(*, debug: bool) -> None:
    """Warnings of ours as sentences; of the libraries only what is critical. Not twice."""
    root = logging.getLogger()
    handler = BesideBar(sys.stderr)
    if debug:
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
        root.setLevel(logging.INFO)
    else:
        handler.setFormatter(_Sentences())
        # What fails in a library reaches the user as an error of ours, with its traceback cut off.
        root.setLevel(logging.CRITICAL)
        for name in _OURS:
            logging.getLogger(name).setLevel(logging.WARNING)
    root.handlers = [handler]
