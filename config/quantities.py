"""Lengths of time, sizes, schedules and networks as people write them."""

from __future__ import annotations

import math
import re
from ipaddress import IPv4Network, IPv6Network, ip_network

_AMOUNT = re.compile(r"(\d+(?:\.\d+)?)\s*([A-Za-z]*)", re.ASCII)
_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}
_BYTES = {
    "": 1,
    "b": 1,
    **{f"{letter}b": 1000**power for power, letter in enumerate("kmgt", 1)},
    **{f"{letter}ib": 1024**power for power, letter in enumerate("kmgt", 1)},
}
_EVERY = re.compile(r"every\s+(.+)")


def parse_duration(value: object) -> float:
    """Seconds from 60, "60", "30s", "5m", "2h" or "1d". Raises ValueError."""
    return _amount(value, _SECONDS, "a length of time")


def parse_size(value: object) -> int:
    """Bytes from 1000000, "32MiB", "1 GB"; kB is 1000 bytes, KiB 1024. Raises ValueError."""
    amount = _amount(value, _BYTES, "a size")
    if amount != int(amount):
        raise ValueError(f"{value!r} is not a whole number of bytes")
    return int(amount)


def show_size(size: int) -> str:
    """Bytes as people read them: "3.4 GB"."""
    for unit, factor in (("TB", 10**12), ("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if size >= factor:
            return f"{size / factor:.1f} {unit}"
    return f"{size} B"


def _amount(value: object, units: dict[str, int], kind: str) -> float:
    # bool is a kind of int, and YAML reads `yes` as one.
    if isinstance(value, int | float) and not isinstance(value, bool):
        if math.isfinite(value) and value >= 0:
            return value
    elif isinstance(value, str):
        match = _AMOUNT.fullmatch(value.strip())
        if match and match[2].lower() in units:
            return float(match[1]) * units[match[2].lower()]
    raise ValueError(f"{_shown(value)} is not {kind}")


def parse_network(value: object) -> IPv4Network | IPv6Network:
    """An address range from "10.1.0.0/16" or one address. Raises ValueError."""
    if isinstance(value, IPv4Network | IPv6Network):
        return value
    if not isinstance(value, str):
        raise ValueError(f"{_shown(value)} is not a network")
    try:
        return ip_network(value.strip())
    except ValueError as error:
        try:
            meant = ip_network(value.strip(), strict=False)
        except ValueError:
            raise ValueError(f"{value!r} is not a network") from error
        raise ValueError(f"{value!r} has bits set behind its prefix; {meant} is meant?") from error


def _shown(value: object) -> str:
    return repr(value) if isinstance(value, str | int | float) else f"a {type(value).__name__}"


def interval(schedule: str) -> float | None:
    """Seconds between the runs of an "every 2h" schedule; None for a cron line.

    Raises ValueError when the length of time is none, or is below one minute.
    """
    match = _EVERY.fullmatch(schedule.strip())
    if not match:
        return None
    seconds = parse_duration(match[1])
    if seconds < 60:
        raise ValueError(f"{schedule!r} is more often than once a minute")
    return seconds


def check_schedule(schedule: str) -> str:
    """The schedule itself, if it is "every <length of time>" or a cron line. Raises ValueError."""
    if interval(schedule) is None:
        _check_cron(schedule)
    return schedule


_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_DAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
_FIELDS: tuple[tuple[str, int, int, dict[str, int]], ...] = (
    ("second", 0, 59, {}),
    ("minute", 0, 59, {}),
    ("hour", 0, 23, {}),
    ("day of the month", 1, 31, {}),
    ("month", 1, 12, {name: number for number, name in enumerate(_MONTHS, 1)}),
    ("day of the week", 0, 7, {name: number for number, name in enumerate(_DAYS)}),
)


def _check_cron(line: str) -> None:
    fields = line.split()
    if len(fields) not in (5, 6):
        raise ValueError(f"{line!r} is no schedule: it has {len(fields)} fields, not 5 or 6")
    for text, (name, low, high, names) in zip(fields, _FIELDS[-len(fields) :], strict=True):
        for part in text.split(","):
            if not _cron_part(part, low, high, names):
                raise ValueError(f"{part!r} is no {name} ({low}-{high}) in the schedule {line!r}")


def _cron_part(part: str, low: int, high: int, names: dict[str, int]) -> bool:
    span, slash, step = part.partition("/")
    if slash and not (step.isdecimal() and step.isascii() and 0 < int(step) <= high):
        return False
    if span == "*":
        return True
    first, dash, last = span.partition("-")
    start = _cron_number(first, low, high, names)
    end = _cron_number(last, low, high, names) if dash else start
    return start is not None and end is not None and start <= end


def _cron_number(text: str, low: int, high: int, names: dict[str, int]) -> int | None:
    if text.lower() in names:
        return names[text.lower()]
    if not (text.isdecimal() and text.isascii()) or len(text) > 2:
        return None
    return int(text) if low <= int(text) <= high else None


def show_count(number: int, one: str, many: str = "") -> str:
    """`1 file`, `2 files`; `many` where that is not `one` with an s."""
    return f"{number} {one if number == 1 else many or f'{one}s'}"
