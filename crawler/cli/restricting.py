"""`restrict`: what is kept and not shown."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, get_args

import click

from archive.collection import Collection
from archive.errors import StoreError
from archive.restrictions.model import Restriction, Standing
from archive.restrictions.objects import is_digest, new_restriction
from archive.restrictions.register import Restrictions
from archive.restrictions.shapes import in_words, to_json
from archive.timestamps import to_timestamp
from archive.urlkey import Match
from config.quantities import show_count
from crawler.cli.elsewhere import load_of_existing
from crawler.cli.exits import UNAVAILABLE, exit_status
from crawler.cli.options import Moment, as_json, since_until, url_of
from crawler.cli.output import complain, print_json, print_row, show_moment
from crawler.opening import open_collection


@click.command("restrict")
@click.argument("what", metavar="URL|DIGEST", required=False)
@click.option(
    "--match",
    type=click.Choice(get_args(Match)),
    default=None,
    help="What URL stands for; exact if not given.",
)
@since_until
@click.option(
    "--until", type=Moment(), metavar="TIME", help="It ends by itself then; not given: never."
)
@click.option(
    "--reason", metavar="TEXT", help="Why it is withheld, or lifted; shown to administrators alone."
)
@click.option("--lift", metavar="ID", help="End a restriction.")
@click.option("--list", "listing", is_flag=True, help="Show all restrictions there ever were.")
@as_json
def restrict(
    what: str | None,
    match: Match | None,
    start: str | None,
    end: str | None,
    until: str | None,
    reason: str | None,
    lift: str | None,
    listing: bool,
    as_json: bool,
) -> int:
    """Withhold the captures of URL, or all whose payload has DIGEST (sha256:...), from everybody
    who reads; nothing is deleted.

    --from and --to withhold only captures of that time. --reason is needed, also to --lift.
    """
    given = {"--match": match, "--from": start, "--to": end, "--until": until}
    if listing or lift is not None:
        unfit = [name for name, value in given.items() if value is not None]
        unfit += ["URL|DIGEST"] if what is not None else []
        unfit += ["--lift"] if listing and lift is not None else []
        unfit += ["--reason"] if listing and reason is not None else []
        if unfit:
            option = "--list" if listing else "--lift"
            raise click.UsageError(f"{option} goes without {', '.join(unfit)}")
        if lift is None:
            return _list(as_json)
        if not (reason or "").strip():
            raise click.UsageError(
                "--lift goes with --reason: why it may be shown again, for whoever asks later"
            )
        return _lift(lift, reason or "", as_json)
    asked = _Asked(what=what, match=match, start=start, end=end, until=until, reason=reason)
    return _withhold(*asked.decision(), as_json)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    what: str | None
    match: Match | None
    start: str | None
    end: str | None
    until: str | None
    reason: str | None

    def decision(self) -> tuple[Restriction, bytes]:
        """Raises click.UsageError, UrlError."""
        if not self.what:
            raise click.UsageError(
                "name what is to be withheld: a URL, or the digest of a payload (sha256:...) as "
                "`pressmark list --json` prints it"
            )
        of_payload = is_digest(self.what)
        try:
            return new_restriction(
                url=None if of_payload else url_of(self.what),
                match=self.match or "exact",
                start=self.start,
                end=self.end,
                digest=self.what if of_payload else None,
                until=self.until,
                reason=self.reason or "",
            )
        except ValueError as error:
            raise click.UsageError(str(error)) from error


@contextmanager
def _register() -> Iterator[tuple[Collection, Restrictions]]:
    collection = open_collection(load_of_existing())
    try:
        yield collection, Restrictions(collection.index)
    finally:
        collection.close()


def _withhold(decision: Restriction, data: bytes, as_json: bool) -> int:
    with _register() as (collection, restrictions):
        with _deciding("nothing is withheld"):
            standing = restrictions.decide(collection, decision, data)
        touched = restrictions.touched(decision)
    if as_json:
        print_json(to_json(standing, touched))
    else:
        captures = show_count(touched, "capture", "captures")
        print_row(decision.id, f"{captures} withheld", in_words(decision))
    if not touched:
        complain(
            "no capture that there is now is withheld by it: if that is a typing error, look with "
            f"`pressmark list` and lift this one with `pressmark restrict --lift {decision.id}`"
        )
    return 0


def _lift(id_: str, reason: str, as_json: bool) -> int:
    with _register() as (collection, restrictions):
        with _deciding("nothing is lifted"):
            standing = restrictions.lift(collection, id_, reason)
        touched = restrictions.touched(standing.restriction)
    if as_json:
        print_json(to_json(standing, touched))
    else:
        captures = show_count(touched, "capture", "captures")
        what = in_words(standing.restriction)
        print_row(id_, f"lifted; {captures} withheld by it no longer", what)
    return 0


@contextmanager
def _deciding(otherwise: str) -> Iterator[None]:
    """Where the store fails, say what that means."""
    try:
        yield
    except StoreError as error:
        complain(f"{otherwise}: {error}")
        raise click.exceptions.Exit(exit_status(error)) from error


def _list(as_json: bool) -> int:
    with _register() as (collection, restrictions):
        status = 0
        try:
            restrictions.refresh(collection.store)
        except StoreError as error:
            complain(f"what was decided elsewhere may be missing: {error}")
            status = UNAVAILABLE
        standings = restrictions.standings()
    for one in standings:
        if as_json:
            print_json(to_json(one))
        else:
            print_row(*_row(one))
    return status


def _row(one: Standing) -> tuple[Any, ...]:
    return one.restriction.id, _state(one), in_words(one.restriction), one.restriction.reason


def _state(one: Standing) -> str:
    if one.in_force:
        return "in force"
    if one.lifted is None:
        return "over"
    when = f"lifted {show_moment(to_timestamp(one.lifted.created))}"
    return f"{when}: {one.lifted.reason}" if one.lifted.reason else when
