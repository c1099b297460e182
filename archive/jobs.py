"""Jobs as they are asked for and looked at: the protocol that an engine implements.

Whoever serves the web is handed a `JobQueue`; which one, and what runs its jobs, it does not know.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal, Protocol

JobState = Literal["waiting", "running", "success", "error", "cancelled"]
"""`success`: what was asked for is done, and kept. The last three are final but for a retry."""

ENDED: frozenset[JobState] = frozenset({"success", "error", "cancelled"})

ARCHIVE = "archive"
"""Kind of a job that captures one URL. Arguments: `url`, and what a caller wants to read again.
Result: the object that `pressmark archive --json` prints for the URL."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRequest:
    """What is to be done."""

    kind: str  #: such as ARCHIVE
    arguments: Mapping[str, Any]  #: plain JSON; never a secret
    partition: str | None = None  #: such as a host: jobs of one partition never run apart
    priority: int = 0  #: the greater first; equal ones in the order in which they came
    by: str = ""  #: who asks, such as the name of a token; "": nobody in particular
    key: str | None = None  #: what makes two requests of a kind the same, such as the URL
    #: a job with the same key that has succeeded within this time is given back instead of a new
    #: one; one that waits or runs always is
    within: timedelta = timedelta(0)
    #: what the job would come to, where that is known: it is entered as ended in success
    result: Mapping[str, Any] | None = None
    result_at: datetime | None = None  #: when that came about, from which `within` counts; aware


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a job is."""

    done: int
    total: int | None = None  #: None: not known


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why a job failed."""

    reason: str  #: a word for programs, such as "timeout"
    message: str  #: one sentence for people: the thing, the cause, the remedy


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One job as it is at a moment."""

    id: str  #: 40 hex digits
    kind: str
    arguments: Mapping[str, Any]
    state: JobState
    submitted: datetime  #: aware, UTC, as the next two
    started: datetime | None = None  #: of the last attempt; None: it waits, or never ran
    ended: datetime | None = None
    partition: str | None = None
    priority: int = 0
    by: str = ""
    attempts: int = 0  #: how often it was started
    cancelling: bool = False  #: it was asked to end, and has not yet
    progress: Progress | None = None  #: None: nothing to count, as in an archive job
    result: Mapping[str, Any] | None = None  #: plain JSON; also of failed ones, where there is any
    error: Failure | None = None  #: of a job in state `error`

    @property
    def is_ended(self) -> bool:
        """Whether it neither waits nor runs."""
        return self.state in ENDED


@dataclass(frozen=True, slots=True, kw_only=True)
class JobQuery:
    """Which jobs; the newest first."""

    kind: str | None = None
    states: Sequence[JobState] = ()  #: empty: any
    limit: int = 100
    before: str | None = None  #: id of a job: only those that were submitted before it


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """How busy a queue is."""

    waiting: int
    running: int
    room: int  #: how many more may be submitted


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a queue takes; published to those who ask."""

    waiting: int  #: jobs that may wait
    running: int  #: jobs that run at once
    remembered: timedelta = field(default=timedelta(hours=1))  #: how long ended jobs are known


class JobQueue(Protocol):
    """Where jobs are submitted and looked at. Its methods are called from one event loop."""

    @property
    def limits(self) -> Limits:
        """What it takes."""

    async def submit(self, request: JobRequest) -> Job:
        """Enter a job, which is then started when its turn has come; see `JobRequest.key`.

        Raises QueueFull.
        """

    async def get(self, job: str) -> Job:
        """The job of that id. Raises JobUnknown."""

    async def list(self, query: JobQuery) -> Sequence[Job]:
        """Jobs, the newest first. Raises JobUnknown for a `before` that is not known any more."""

    async def load(self, by: str | None = None) -> Load:
        """How many wait and run; of `by` alone where that is given."""

    async def cancel(self, job: str) -> Job:
        """End a job: at once when it waits; a running one stops in order, which takes time, and
        keeps what it has captured. One that has ended stays as it is. Raises JobUnknown.
        """

    async def retry(self, job: str) -> Job:
        """Let a job that failed or was cancelled wait again, under the same id; where another of
        its key waits or runs (see `JobRequest.key`), that one is given back.

        Raises JobUnknown, JobNotRetried, QueueFull.
        """

    async def wait(self, job: str, seconds: float) -> Job:
        """The job when it has ended, or as it is after so many seconds. Raises JobUnknown."""

    async def close(self) -> None:
        """Stop in order what runs in this process, and wait for it, but not for ever."""
