"""A command and the collection that it reads."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from archive.collection import Collection
from config.load import load
from crawler.cli.logs import _OURS
from crawler.opening import open_collection
from tests.crawler.cli.command import Command


@pytest.fixture
def command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> Iterator[Command]:
    """`pressmark` in an empty folder with a configuration."""
    monkeypatch.chdir(tmp_path)
    for name in ("CONFIG", "HOME", "COLLECTION", "DATABASE_URL", "ALLOW_NETWORKS"):
        monkeypatch.delenv(f"PRESSMARK_{name}", raising=False)
    Path("pressmark.yaml").write_text("contact: a@example.org\n")
    loggers = [logging.getLogger(name) for name in ("", *_OURS)]
    before = [(logger, logger.handlers, logger.level) for logger in loggers]
    yield Command(monkeypatch, capfdbinary)
    for logger, handlers, level in before:
        logger.handlers = handlers
        logger.setLevel(level)


@pytest.fixture
def collection(command: Command) -> Iterator[Collection]:
    """The collection that the command reads."""
    opened = open_collection(load())
    yield opened
    opened.close()
