from __future__ import annotations

import logging
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.guard.logs import EscapedRecord, escape, escape_log_records
from tests.crawler.guard.harness import Asked, HostileServer, crawl, respond


@pytest.fixture
def _factory() -> Iterator[None]:
    before = logging.getLogRecordFactory()
    yield
    logging.setLogRecordFactory(before)


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("plain\ttext é 工", "plain\ttext é 工"),
        ("\x1b[2Jgone", r"\x1b[2Jgone"),
        ("a\rb", r"a\rb"),
        ("a\x00b\x7f\x9b", r"a\x00b\x7f\x9b"),
        ("a\u2028b\u202ec", r"a\u2028b\u202ec"),
        ("ok\n2026-01-01 INFO: forged", "ok\n  2026-01-01 INFO: forged"),
    ],
)
def test_escape(text: str, escaped: str) -> None:
    assert escape(text) == escaped


@given(st.text())
def test_no_line_but_the_first_begins_at_the_margin(text: str) -> None:
    first, *others = escape(text).split("\n")
    assert all(line.startswith("  ") for line in others)
    assert first.isprintable() or not set(first) & set(map(chr, [*range(9), *range(11, 32), 127]))


def test_a_record_is_escaped_with_its_traceback() -> None:
    try:
        raise ValueError("\x1b[31mred")
    except ValueError:
        error = sys.exc_info()
    record = EscapedRecord("n", logging.INFO, "p", 1, "said %s", ("\x07",), error)
    text = logging.Formatter().format(record)
    assert text.startswith("said \\x07\nTraceback")
    assert "\x1b" not in text
    assert r"ValueError: \x1b[31mred" in text


@pytest.mark.usefixtures("_factory")
def test_it_leaves_another_factory_alone() -> None:
    escape_log_records()
    escape_log_records()
    assert logging.getLogRecordFactory() is EscapedRecord

    def own(*args: object, **kwargs: object) -> logging.LogRecord:
        raise AssertionError

    logging.setLogRecordFactory(own)
    escape_log_records()
    assert logging.getLogRecordFactory() is own


def test_a_header_does_not_reach_the_log_raw(tmp_path: Path) -> None:
    def answer(_: Asked, connection: socket.socket) -> bool:
        return respond(connection, b"body", "Content-Encoding: \x1b[2J\x1b]0;owned\x07")

    with HostileServer(answer) as server:
        plain = crawl(tmp_path, [server.url()], guarded=False)
        assert "\x1b]0;owned\x07" in plain.log
        allow = {"PRESSMARK_ALLOW_NETWORKS": ["127.0.0.0/8"]}
        guarded = crawl(tmp_path, [server.url()], settings=allow)
    assert "\x1b" not in guarded.log
    assert r"\x1b]0;owned\x07" in guarded.log
