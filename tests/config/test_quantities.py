from __future__ import annotations

from contextlib import suppress
from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.quantities import (
    check_schedule,
    interval,
    parse_duration,
    parse_network,
    parse_size,
)


@pytest.mark.parametrize(
    ("written", "seconds"),
    [(60, 60), ("60", 60), (0.1, 0.1), ("30s", 30), ("5 m", 300), ("1.5h", 5400), ("1D", 86400)],
)
def test_durations(written: object, seconds: float) -> None:
    assert parse_duration(written) == seconds


@pytest.mark.parametrize(
    "written", ["", "soon", "5 weeks", -1, "-1", True, None, float("nan"), float("inf"), [1], "٣s"]
)
def test_what_is_no_duration(written: object) -> None:
    with pytest.raises(ValueError, match="is not a length of time"):
        parse_duration(written)


@pytest.mark.parametrize(
    ("written", "size"),
    [
        (1000000, 1000000),
        ("32MiB", 32 << 20),
        ("32 mib", 32 << 20),
        ("1 GB", 10**9),
        ("1.5KiB", 1536),
        ("7b", 7),
        ("2TB", 2 * 10**12),
    ],
)
def test_sizes(written: object, size: int) -> None:
    assert parse_size(written) == size
    assert isinstance(parse_size(written), int)


@pytest.mark.parametrize("written", ["", "big", "1.5", 0.5, False, -3, "1 XB", {}])
def test_what_is_no_size(written: object) -> None:
    with pytest.raises(ValueError, match="is not"):
        parse_size(written)


@given(st.text())
def test_no_text_breaks_the_parsers(text: str) -> None:
    for parse in (parse_duration, parse_size, parse_network, check_schedule):
        with suppress(ValueError):
            parse(text)


@pytest.mark.parametrize("written", ["10.0.0.0/8", " 127.0.0.1 ", "::1", "fd00::/8"])
def test_networks(written: str) -> None:
    assert parse_network(written) == ip_network(written.strip())


def test_a_network_with_host_bits_names_what_is_meant() -> None:
    with pytest.raises(ValueError, match=r"10\.1\.0\.0/16 is meant"):
        parse_network("10.1.2.3/16")


@pytest.mark.parametrize(
    "line",
    [
        "0 */2 * * *",
        "30 0 */2 * * *",
        "5,35 6-18/2 1 jan-mar,DEC mon-fri",
        "0 0 * * 7",
        "* * * * *",
    ],
)
def test_cron_lines(line: str) -> None:
    assert check_schedule(line) == line
    assert interval(line) is None


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("0 */2 * *", "4 fields"),
        ("* * * * * * *", "7 fields"),
        ("60 * * * *", "'60' is no minute"),
        ("0 24 * * *", "'24' is no hour"),
        ("0 0 0 * *", "'0' is no day of the month"),
        ("0 0 1 13 *", "'13' is no month"),
        ("0 0 * * 8", "'8' is no day of the week"),
        ("5-1 * * * *", "'5-1' is no minute"),
        ("*/0 * * * *", r"'\*/0' is no minute"),
        ("1, * * * *", "'' is no minute"),
        ("hourly", "1 fields"),
        ("every soon", "'soon' is not a length of time"),
        ("every 5s", "more often than once a minute"),
    ],
)
def test_what_is_no_schedule(line: str, named: str) -> None:
    with pytest.raises(ValueError, match=named):
        check_schedule(line)


def test_intervals() -> None:
    assert interval("every 2h") == 7200
    assert interval("every  90 m") == 5400
