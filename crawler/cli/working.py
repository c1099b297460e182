"""The frame of commands that write: session, work, print, what earlier ones left, exit status."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import click

from archive.errors import ArchiveError
from config.schema import Configuration
from crawler.cli.exits import CHECKS_FAILED, UNAVAILABLE, leave
from crawler.cli.output import Bar, aside, complain, print_json, progress
from crawler.opening import PARTIAL
from crawler.reactor import STATUS, Interruption, first, run
from crawler.session import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a command prints, and whether all went well."""

    lines: list[dict[str, Any]]  #: for `--json`
    texts: list[str]  #: the same for people
    complaints: list[str] = field(default_factory=list)  #: for standard error, before these
    ok: bool = True
    failure: ArchiveError | None = None  #: what ended the work early
    again: str = ""  #: what to do after an interruption, a clause
    kept: bool = False  #: whether anything was taken in beside what the session captured


NOTHING = "interrupted; nothing was captured"

BUSY = "another command is extracting them; `pressmark status` tells when none is missing"
"""Why texts that are missing were not made."""

Work = Callable[[Session, Interruption, Bar], Awaitable[Outcome]]
"""The work of a command; it has sealed what it wrote when it returns."""


def run_session(
    configuration: Configuration,
    what: str,
    work: Work,
    *,
    as_json: bool,
    extract: bool = True,
) -> int:
    """Do the work in a session and print what came of it; the exit status.

    Without `extract` no texts that are missing are made in the background. Raises StoreError,
    IndexFailure, WriteError. Where a thread still talks to a store that does not answer, the
    process ends here.
    """

    async def main(interruption: Interruption) -> int:
        session = await _open(configuration, interruption, extract=extract)
        left = None
        try:
            index = session.collection.index
            if index.is_new and index.is_partial():
                complain(PARTIAL)
            with progress(what) as bar:
                session.gate.listeners.append(lambda: bar.say(session.gate.reason))
                outcome = await work(session, interruption, bar)
                failure = session.writer.failure or outcome.failure or session.upload_error()
                with aside():
                    print_outcome(outcome, as_json=as_json)
                bar.say("storing what earlier commands left")
                left = await _store_what_was_left(session, interruption)
        finally:
            # A store that hangs would keep an upload, and us, for minutes.
            stuck = session.upload_error(own=False) is not None
            ended = await session.close(hurry=stuck or interruption.once.is_set())
        if left is not None and str(left) != str(failure):
            complain(
                f"what an earlier command left in the spool is not stored yet: {left}; "
                "see `pressmark status`"
            )
        status = 0 if outcome.ok else CHECKS_FAILED
        kept = session.has_captured or outcome.kept
        if interruption.signal:
            waits = "waits in the spool for the next start" if failure else "stored"
            said = f"interrupted; what had been captured is sealed and {waits}" if kept else NOTHING
            complain("; ".join(filter(None, (said, outcome.again))))
            status = STATUS[interruption.signal]
        elif failure is not None:
            unfinished = session.writer.failure or session.upload_error(own=False)
            waits = (
                "what was captured waits in the spool for the next start"
                if unfinished
                else "what was captured is stored"
            )
            # Not the same long sentence again.
            reason = "still not stored" if str(failure) == session.uploader.said else failure
            complain(f"{reason}; {waits if kept else 'nothing was captured'}")
            status = UNAVAILABLE
        if not ended:
            leave(status)
        return status

    return run(main)


async def _open(
    configuration: Configuration, interruption: Interruption, *, extract: bool
) -> Session:
    """A session; an interruption meanwhile ends the process: the next start recovers all of it."""
    opening = asyncio.ensure_future(Session.open(configuration, extract=extract))
    await first(opening, interruption.once.wait())
    if not opening.done() and interruption.signal:
        complain(NOTHING)
        leave(STATUS[interruption.signal])
    return await opening


async def _store_what_was_left(session: Session, interruption: Interruption) -> ArchiveError | None:
    """Go on with what was adopted while the store takes it; why some of it is not stored."""
    storing = asyncio.ensure_future(session.drain(0.0, own=False))
    await first(storing, interruption.once.wait())
    if session.upload_error() is not None:
        return None  # which is said, and likely the reason of the rest
    return session.upload_error(own=False)


def print_outcome(outcome: Outcome, *, as_json: bool) -> None:
    """What a command came to."""
    for complaint in outcome.complaints:
        complain(complaint)
    for line, text in zip(outcome.lines, outcome.texts, strict=True):
        if as_json:
            print_json(line)
        else:
            click.echo(text)
    sys.stdout.flush()
