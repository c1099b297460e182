"""What the commands that read a collection have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from shlex import quote
from typing import Any, TypeVar

import click

from archive.collection import Collection
from archive.errors import NotArchived, Withheld
from archive.view import View
from crawler.cli.elsewhere import load_of_existing
from crawler.cli.exits import exit_status
from crawler.cli.output import complain
from crawler.opening import PARTIAL, open_collection

F = TypeVar("F", bound=Callable[..., Any])


@contextmanager
def opened(asked: str) -> Iterator[Collection]:
    """The collection, to be asked for something. What its index lacks may be there all the same:
    NotArchived then says so.
    """
    collection = open_collection(load_of_existing(), asked=asked)
    try:
        yield collection
    except NotArchived as error:
        partial = PARTIAL if collection.index.is_partial() else ""
        offer = "" if error.detail or partial else f"`pressmark archive {quote(asked)}` archives it"
        if not partial and not offer:
            raise
        detail = "; ".join(filter(None, (error.detail, partial, offer)))
        raise NotArchived(error.url, detail) from error
    except Withheld as error:
        complain(f"{error.url} is withheld: --withheld shows it all the same, and says why")
        raise click.exceptions.Exit(exit_status(error)) from error
    finally:
        collection.close()


def view_of(collection: Collection, *, withheld: bool) -> View:
    """What of it is shown; `withheld`: what decisions withhold too."""
    view = View(collection)
    return view.everything() if withheld else view


def also_withheld(function: F) -> F:
    """The option `--withheld`."""
    return click.option(
        "--withheld", is_flag=True, help="Show also what `restrict` withholds, and say why."
    )(function)
