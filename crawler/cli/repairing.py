"""`doctor --repair`: what ended processes left is taken up, and texts that are missing are made."""

from __future__ import annotations

from typing import Any

from archive.recovery import Recovered
from config.schema import Configuration
from crawler.cli.exits import UNAVAILABLE
from crawler.cli.output import complain, progress
from crawler.reactor import STATUS, Interruption, run
from crawler.session import Session


def repair(configuration: Configuration) -> tuple[dict[str, Any], int]:
    """What was done, and the exit status. Raises StoreError, IndexFailure, WriteError."""

    async def main(interruption: Interruption) -> tuple[dict[str, Any], int]:
        found = Recovered()
        session = await Session.open(configuration, extract=False, report=found)
        try:
            reextraction = session.reextraction()
            with progress("Extracting") as advance:
                width = configuration.text.workers
                await interruption.ends(reextraction.run(width=width, advance=advance))
            await session.seal()
            await session.drain(own=False)
            error = session.upload_error(own=False)
            unextracted = session.collection.index.counts().unextracted
        finally:
            await session.close(hurry=interruption.twice.is_set())
        done = {
            "segments": found.segments,
            "captures": found.captures,
            "documents": found.documents,
            "extracted": reextraction.done.documents,
            "unextracted": unextracted,
            "cut": found.cut,
            "left": found.left,
            "lost": found.lost,
        }
        if error is not None:
            complain(f"not all is stored, the rest waits in the spool: {error}")
        status = UNAVAILABLE if error is not None else 0
        return done, STATUS.get(interruption.signal, status) if interruption.signal else status

    return run(main)
