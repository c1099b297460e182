"""Options and arguments that several commands share."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeVar

import click

from archive.timestamps import TimestampError, parse_time
from archive.web.targets import repaired

F = TypeVar("F", bound=Callable[..., Any])

_HOSTED = re.compile(r"[^\s/?#]*[.:]\S*\Z")


class Moment(click.ParamType[str]):
    """4 to 14 digits or an ISO 8601 date; becomes 14 digits."""

    name = "time"

    def __init__(self, *, end: bool = False) -> None:
        self._end = end

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        try:
            return parse_time(str(value), end=self._end)
        except TimestampError as error:
            self.fail(str(error), param, ctx)


class Url(click.ParamType[str]):
    """A URL as people type it: one without a scheme is of http. Raises UrlError."""

    name = "url"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:  # noqa: ARG002 - click's
        return url_of(str(value))


def url_of(text: str) -> str:
    """The URL that was typed; one without a scheme has a host with a dot or a port. Raises UrlError
    for what has a scheme of another kind."""
    return repaired(text) if _HOSTED.match(text) else text


class Language(click.ParamType[str]):
    """Two letters (ISO 639-1), as documents have them."""

    name = "language"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if not re.fullmatch("[A-Za-z]{2}", str(value)):
            self.fail(f"{value!r} is no language code: two letters, such as en", param, ctx)
        return str(value).lower()


def as_json(function: F) -> F:
    """The option `--json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")(
        function
    )


def limit(function: F) -> F:
    """The option `--limit N`."""
    return click.option(
        "--limit", type=click.IntRange(min=1), metavar="N", help="At most N results."
    )(function)


def since_until(function: F) -> F:
    """The options `--from TIME` and `--to TIME`, as 14 digits."""
    function = click.option(
        "--to", "end", type=Moment(end=True), metavar="TIME", help="Not later than this."
    )(function)
    return click.option(
        "--from", "start", type=Moment(), metavar="TIME", help="Not earlier than this."
    )(function)
