"""The progress bar: on a terminal, and nowhere else."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable

import pytest

from crawler.cli.logs import BesideBar
from crawler.cli.output import complain, progress


def _work() -> None:
    with progress("Verifying") as bar:
        bar(3, 10)
        bar.say("the disk is \x1b[31mfull")


def _complain() -> None:
    with progress("Verifying") as bar:
        bar(3, 10)
        complain("it is broken")
        bar(4, 10)
        late = logging.Logger("late")
        late.addHandler(BesideBar(sys.stderr))
        late.warning("pressmark: it is late")


def _seen(work: Callable[[], None], monkeypatch: pytest.MonkeyPatch) -> str:
    """What is written to a terminal."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    other, end = os.openpty()
    with os.fdopen(end, "w") as terminal:
        monkeypatch.setattr(sys, "stderr", terminal)
        work()
        terminal.flush()
        os.set_blocking(other, False)
        shown = b""
        while piece := _read(other):
            shown += piece
    os.close(other)
    return shown.decode()


def test_it_shows_what_is_done_and_what_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = _seen(_work, monkeypatch)
    assert "Verifying (the disk is \ufffd[31mfull)" in shown
    assert "3/10" in shown


def test_sentences_stand_where_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = _seen(_complain, monkeypatch)
    erased = "\x1b[1A\x1b[2K"
    assert shown.count(erased) == 3
    assert f"{erased}pressmark: it is broken\r\n" in shown
    assert f"{erased}pressmark: it is late\r\n" in shown
    assert "4/10" in shown.partition("it is late")[2]


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 1 << 16)
    except BlockingIOError:
        return b""


def test_in_a_pipe_there_is_silence(capfd: pytest.CaptureFixture[str]) -> None:
    _work()
    assert capfd.readouterr() == ("", "")
