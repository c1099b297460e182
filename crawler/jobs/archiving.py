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
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import crawler
from archive.jobs import Failure, Job
from crawler.jobs.local import Ending, Tell
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

_LONGEST_LINE = 1 << 24

_NOT_STORED = (
    "captured, but not stored: it waits on the server's own disk, and is stored when the store can "
    "be reached again; until then do not rely on it, and try again later"
)
_INTERRUPTED = "the work was stopped before this URL had been archived: try it again"
_BROKEN = (
    "the process that archives ended before it had a result (the server's log says why); what it "
    "had captured is kept and stored later: try it again"
)


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

    async def run(self, jobs: Sequence[Job], stop: asyncio.Event, tell: Tell) -> None:
        """See Worker."""
        process = await asyncio.create_subprocess_exec(
            *_COMMAND,
            *("archive", "--json", "--reasons", "--input", "-"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            limit=_LONGEST_LINE,
            env=self._environment,
            start_new_session=True,  # an interrupt on the terminal is for the server alone
        )
        child = _Child(process, stop)
        talk = asyncio.create_task(child.talk(jobs, tell))
        stopped = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait(
                (talk, stopped), timeout=self._longest, return_when=asyncio.FIRST_COMPLETED
            )
            if not talk.done():
                await child.end(talk, self._grace)
        finally:
            stopped.cancel()
            talk.cancel()
            await child.kill()
        if talk.done() and not talk.cancelled():
            talk.result()


class _Child:
    """One `pressmark archive`."""

    def __init__(self, process: asyncio.subprocess.Process, stop: asyncio.Event) -> None:
        self._process = process
        self._stop = stop
        self._told = False  # to end

    async def talk(self, jobs: Sequence[Job], tell: Tell) -> None:
        """Give it the URLs and tell what it says of each, until it ends.

        It may go on for long when all is said: with storing what an earlier process left.
        """
        urls = "\n".join(job.arguments["url"] for job in jobs)
        waiting = list(jobs)
        await asyncio.gather(
            _feed(self._process, f"{urls}\n".encode()), self._hear(waiting, tell), self._log()
        )
        status = await self._process.wait()
        if status not in (0, 1, *STATUS.values()) and not self._told:
            logger.error("the process that archives ended with status %s", status)
        for job in waiting:
            tell(self._ending(job, {}))

    async def end(self, talk: asyncio.Task[None], grace: float) -> None:
        """Ask it to end in order; kill it when it does not."""
        self._told = True
        for number, seconds in ((signal.SIGTERM, grace), (signal.SIGKILL, _KILLED)):
            with suppress(ProcessLookupError):
                self._process.send_signal(number)
            await asyncio.wait((talk,), timeout=seconds)
            if talk.done():
                return
            pid = self._process.pid
            logger.error("process %s did not end %s s after %s", pid, seconds, number.name)

    async def kill(self) -> None:
        """Where it still runs, for nobody hears it any more."""
        if self._process.returncode is None:
            with suppress(ProcessLookupError):
                self._process.kill()
            await asyncio.wait((asyncio.create_task(self._process.wait()),), timeout=_KILLED)

    async def _hear(self, waiting: list[Job], tell: Tell) -> None:
        """A line for each URL, in their order."""
        stdout = self._process.stdout
        assert stdout is not None
        async for line in _lines(stdout):
            if line is None:
                # Which URL comes next cannot be told any more.
                logger.error("the process that archives wrote a line that is too long: it is ended")
                with suppress(ProcessLookupError):
                    self._process.terminate()
                while await stdout.read(_LONGEST_LINE):
                    pass
            # What was cut off within a line says nothing.
            elif waiting and line.endswith(b"\n"):
                tell(self._ending(waiting.pop(0), _result(line)))

    async def _log(self) -> None:
        assert self._process.stderr is not None
        async for line in _lines(self._process.stderr):
            if line is None:
                continue
            sentence = line.decode("utf-8", "replace").strip().removeprefix("pressmark: ")
            logger.warning("archiving: %s", sentence)

    def _ending(self, job: Job, line: dict[str, Any]) -> Ending:
        """Only what is stored is a success. Sentences about our own machine are for our log."""
        reason = line.pop("reason", None)  # the job's error has it
        if line.get("ok") is True:
            return Ending(job=job, result=line)
        reason = reason or ("interrupted" if self._told else "failed")
        message = line.get("error") or (_INTERRUPTED if self._told else _BROKEN)
        if reason == "not-stored":
            logger.warning("archiving %s: %s", job.arguments["url"], message)
            message = _NOT_STORED
        return Ending(
            job=job,
            result=line or None,
            error=Failure(reason=reason, message=message),
            cut_short=self._stop.is_set() and reason in ("interrupted", "not-stored"),
        )


async def _lines(stream: asyncio.StreamReader) -> AsyncIterator[bytes | None]:
    """Each line; None for one that is too long, of which the end may follow."""
    while True:
        try:
            line = await stream.readline()
        except ValueError:
            yield None
            continue
        if not line:
            return
        yield line


def _result(line: bytes) -> dict[str, Any]:
    """What a line says; nothing where it is no object."""
    try:
        found = json.loads(line)
    except ValueError:
        found = None
    if isinstance(found, dict):
        return found
    logger.error("the process that archives wrote a line that is no result: %r", line[:200])
    return {}


async def _feed(process: asyncio.subprocess.Process, data: bytes) -> None:
    assert process.stdin is not None
    # Where it has ended already, its status tells.
    with suppress(ConnectionError):
        process.stdin.write(data)
        await process.stdin.drain()
    process.stdin.close()
