"""The progress bar: on a terminal, and nowhere else."""

from __future__ import annotations

import os
import sys

import pytest

from crawler.cli.output import progress


def _work() -> None:
    with progress("Verifying") as bar:
        bar(3, 10)
        bar.say("the disk is \x1b[31mfull")


def test_it_shows_what_is_done_and_what_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    other, end = os.openpty()
    with os.fdopen(end, "w") as terminal:
        monkeypatch.setattr(sys, "stderr", terminal)
        _work()
        terminal.flush()
        os.set_blocking(other, False)
        shown = b""
        while piece := _read(other):
            shown += piece
    os.close(other)
    assert "Verifying (the disk is \ufffd[31mfull)" in shown.decode()
    assert "3/10" in shown.decode()


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 1 << 16)
    except BlockingIOError:
        return b""


def test_in_a_pipe_there_is_silence(capfd: pytest.CaptureFixture[str]) -> None:
    _work()
    assert capfd.readouterr() == ("", "")
