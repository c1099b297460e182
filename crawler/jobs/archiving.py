"""Jobs of the kind `archive`: each batch is one `pressmark archive` in a process of its own.

The reactor that fetches, and what a hostile page may do to the process that reads it, are then none
of the server's affair. What the process was told to capture it seals also when it is stopped, and
what it could not store the next one takes up.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import crawler
from archive.jobs import Failure, Job
from crawler.jobs.local import Ending
from crawler.reactor import STATUS

logger = logging.getLogger(__name__)

_ROOT = Path(crawler.__file__).resolve().parents[1]
# -P: a folder of the name `archive` where the server was started is not ours.
_COMMAND = [sys.executable, "-P", "-c", "from crawler.cli.main import main; main()"]

LONGEST = 900.0
"""Seconds that a batch may take; what it has captured by then is kept."""

_SLACK = 30.0
"""Seconds beside those for storing that a stopped process has until it is killed."""

_KILLED = 10.0
"""Seconds that the system has to end a killed process."""

_NOT_STORED = (
    "captured, but not stored: it waits on the server's own disk, and is stored when the store can "
    "be reached again; until then do not rely on it, and try again later"
)
_INTERRUPTED = "the work was stopped before this URL had been archived: try it again"
_BROKEN = (
    "the process that archives ended before it had a result (the server's log says why); what it "
    "had captured is kept and stored later: try it again"
)


@dataclass(frozen=True, slots=True)
class _Ended:
    """How a process ended."""

    told: bool  # whether it was told to end
    lines: list[dict[str, Any]]  # what it printed, in the order of the URLs; may be too few


class ArchiveWorker:
    """Runs `pressmark archive --json` with this process's environment and working directory."""

    def __init__(
        self,
        *,
        grace: float,
        environment: Mapping[str, str] = os.environ,
        longest: float = LONGEST,
    ) -> None:
        """`grace`: seconds that a stopped process may go on storing (`shutdown_grace`)."""
        # The one that the server itself was found by.
        path = os.pathsep.join(filter(None, (str(_ROOT), environment.get("PYTHONPATH"))))
        self._environment = {**environment, "PYTHONPATH": path}
        self._grace = grace + _SLACK
        self._longest = longest

    async def run(self, jobs: Sequence[Job], stop: asyncio.Event) -> Sequence[Ending]:
        """See Worker."""
        ended = await self._archive([job.arguments["url"] for job in jobs], stop)
        lines = ended.lines + [{}] * (len(jobs) - len(ended.lines))
        again = ended.told and stop.is_set()
        return [
            _ending(job, line, told=ended.told, again=again)
            for job, line in zip(jobs, lines, strict=False)
        ]

    async def _archive(self, urls: Sequence[str], stop: asyncio.Event) -> _Ended:
        process = await asyncio.create_subprocess_exec(
            *_COMMAND,
            *("archive", "--json", "--input", "-"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=self._environment,
            start_new_session=True,  # an interrupt on the terminal is for the server alone
        )
        talk = asyncio.create_task(process.communicate("\n".join(urls).encode()))
        stopped = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait(
                (talk, stopped), timeout=self._longest, return_when=asyncio.FIRST_COMPLETED
            )
            told = not talk.done()
            if told:
                await _end(process, talk, self._grace)
            output, said = talk.result() if talk.done() else (b"", b"")
        finally:
            stopped.cancel()
            talk.cancel()
        status = -signal.SIGKILL if process.returncode is None else process.returncode
        for sentence in said.decode("utf-8", "replace").splitlines():
            logger.warning("archiving: %s", sentence.removeprefix("pressmark: "))
        if status not in (0, 1, *STATUS.values()):
            logger.error("the process that archives ended with status %s", status)
        return _Ended(told, _lines(output))


async def _end(
    process: asyncio.subprocess.Process, talk: asyncio.Task[tuple[bytes, bytes]], grace: float
) -> None:
    """Ask the process to end in order; kill it when it does not."""
    for number, seconds in ((signal.SIGTERM, grace), (signal.SIGKILL, _KILLED)):
        with suppress(ProcessLookupError):
            process.send_signal(number)
        await asyncio.wait((talk,), timeout=seconds)
        if talk.done():
            return
        logger.error("process %s did not end %s s after %s", process.pid, seconds, number.name)


def _lines(output: bytes) -> list[dict[str, Any]]:
    """What was printed whole."""
    whole = output[: output.rfind(b"\n") + 1]
    return [json.loads(line) for line in whole.splitlines()]


def _ending(job: Job, line: dict[str, Any], *, told: bool, again: bool) -> Ending:
    """Only what is stored is a success. Sentences about our own machine are for our log alone."""
    if line.get("ok") is True:
        return Ending(job=job, result=line)
    reason = line.get("reason") or ("interrupted" if told else "failed")
    message = line.get("error") or (_INTERRUPTED if told else _BROKEN)
    if reason == "not-stored":
        logger.warning("archiving %s: %s", job.arguments["url"], message)
        message = _NOT_STORED
    return Ending(
        job=job,
        result=line or None,
        error=Failure(reason=reason, message=message),
        cut_short=again and reason in ("interrupted", "not-stored"),
    )
