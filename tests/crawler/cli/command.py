"""The command in this process: for what needs no crawl, and no reactor."""

from __future__ import annotations

import pytest

from crawler.cli.main import _run


class Command:
    """Runs commands in a home of its own; `(status, standard output, standard error)`."""

    def __init__(
        self,
        monkeypatch: pytest.MonkeyPatch,
        capture: pytest.CaptureFixture[bytes],
    ) -> None:
        self._monkeypatch = monkeypatch
        self._capture = capture

    def __call__(self, *arguments: str) -> tuple[int, bytes, str]:
        self._capture.readouterr()
        self._monkeypatch.setattr("sys.argv", ["pressmark", *arguments])
        status = _run()
        out, err = self._capture.readouterr()
        assert b"Traceback" not in err
        assert b"defect" not in err, err
        return status, out, err.decode()
