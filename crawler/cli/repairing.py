"""`doctor --repair`: what ended processes left is taken up, and texts that are missing are made."""

from __future__ import annotations

from typing import Any

from config.schema import Configuration
from crawler.cli.output import Bar
from crawler.cli.working import BUSY, Outcome, run_session
from crawler.reactor import Interruption
from crawler.sealing import seal_quietly
from crawler.session import Session


def repair(configuration: Configuration, *, as_json: bool) -> int:
    """Print what was done; the exit status. Raises StoreError, IndexFailure, WriteError."""

    async def work(session: Session, interruption: Interruption, bar: Bar) -> Outcome:
        reextraction = session.reextraction()
        width = configuration.text.workers
        await interruption.ends(reextraction.run(width=width, advance=bar))
        await seal_quietly(session, interruption, own=False)
        found = session.recovered
        done: dict[str, Any] = {
            "segments": found.segments,
            "captures": found.captures,
            "documents": found.documents,
            "extracted": reextraction.done.documents,
            "unextracted": session.collection.index.counts().unextracted,
            "cut": found.cut,
            "left": found.left,
            "lost": found.lost,
        }
        text = (
            "taken up: {segments} segments with {captures} captures, {documents} documents; "
            "{extracted} texts extracted again, {unextracted} still missing"
        ).format(**done)
        look = [f"look at it: {line}" for line in (*found.left, *found.lost)]
        return Outcome(
            lines=[{"repair": done}],
            texts=["\n".join([text, *look])],
            complaints=[f"texts that are missing: {BUSY}"] if reextraction.done.busy else [],
            failure=session.upload_error(own=False),
            kept=bool(found.segments or found.documents or reextraction.done.documents)
            or session.upload_error(own=False) is not None,
        )

    return run_session(configuration, "Repairing", work, as_json=as_json, extract=False)
