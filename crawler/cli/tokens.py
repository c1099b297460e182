"""`token create|list|revoke`: who may use the server, and for what."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from typing import Any

import click

from archive.state import State
from archive.timestamps import TimestampError, now, parse_time, to_datetime
from archive.tokens import SCOPES, Token, Tokens, check_name
from config.quantities import parse_duration
from crawler.cli.elsewhere import load_of_existing
from crawler.cli.options import as_json
from crawler.cli.output import complain, print_json, show_moment, table


class _Name(click.ParamType[str]):
    """A name of a token."""

    name = "name"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        try:
            return check_name(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)


class _End(click.ParamType[datetime]):
    """A length of time from now on, or a time to come."""

    name = "time"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        time = now()
        try:
            end = _moment(str(value), time)
        except (ValueError, OverflowError, TimestampError):
            self.fail(f"{value!r} is neither 90d or 12h nor a date (2027-01-31)", param, ctx)
        if end <= time:
            self.fail(f"{value!r} is over already", param, ctx)
        return end


def _moment(text: str, time: datetime) -> datetime:
    # Digits alone are a year or a date: nobody gives seconds here.
    if text.strip()[-1:].isalpha():
        return time + timedelta(seconds=parse_duration(text))
    return to_datetime(parse_time(text, end=True))


@click.group("token")
def token() -> None:
    """Give access to the server, and take it away."""


@token.command("create")
@click.argument("name", type=_Name())
@click.option(
    "--scope",
    type=click.Choice(SCOPES),
    default="read",
    show_default=True,
    help="What it is for; each includes those before it.",
)
@click.option("--expires", type=_End(), metavar="TIME", help="90d, 12h or a date; else never.")
@as_json
def create(name: str, scope: str, expires: datetime | None, as_json: bool) -> None:
    """Make a token and print it, this once: only its digest is kept."""
    with _tokens() as tokens:
        made, secret = tokens.create(name, scope, expires)
    if as_json:
        print_json(_fields(made) | {"token": secret})
        return
    click.echo(secret)
    end = f"until {show_moment(made.expires)}" if made.expires else "until it is revoked"
    complain(f"token {name} is for {' and '.join(made.scopes)}, {end}; it is not shown again")


@token.command("list")
@as_json
def list_tokens(as_json: bool) -> None:
    """List all tokens that there ever were, the oldest first; never the secrets."""
    with _tokens() as tokens:
        found = tokens.all()
    if as_json:
        for one in found:
            print_json(_fields(one))
    elif not found:
        click.echo("There is no token; `pressmark token create NAME` makes one.")
    else:
        head = ("NAME", "ID", "SCOPE", "CREATED", "EXPIRES", "LAST USED", "STATE")
        table([head, *(_row(one) for one in found)])


@token.command("revoke")
@click.argument("name_or_id", metavar="NAME|ID")
@as_json
def revoke(name_or_id: str, as_json: bool) -> None:
    """End a token. Servers that run notice it within 2 seconds."""
    with _tokens() as tokens:
        ended = tokens.revoke(name_or_id)
    if as_json:
        print_json(_fields(ended))
    else:
        click.echo(f"token {ended.name} ({ended.id}) is revoked")


@contextmanager
def _tokens() -> Iterator[Tokens]:
    with closing(State(load_of_existing().state_url)) as state:
        yield Tokens(state)


def _fields(one: Token) -> dict[str, Any]:
    return {
        "id": one.id,
        "name": one.name,
        "scope": one.scope,
        "created": one.created,
        "expires": one.expires,
        "last_used": one.last_used,
        "revoked": one.revoked,
        "in_force": one.in_force(now()),
    }


def _row(one: Token) -> tuple[object, ...]:
    state = "in force" if one.in_force(now()) else "revoked" if one.revoked else "expired"
    times = (show_moment(at) if at else None for at in (one.expires, one.last_used))
    return one.name, one.id, one.scope, show_moment(one.created), *times, state
