"""One worker process, seen from the pool: started, spoken to, ended."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
from pathlib import Path

from archive.errors import ArchiveError
from archive.model import Article
from pipelines.extraction.page import RawPage
from pipelines.text.framing import PREFIX, READY, frame, pack_page, unpack_article

_ROOT = Path(__file__).resolve().parents[2]
_START_DEADLINE = 60.0
_PIECE = 1 << 18
# A worker reads what strangers wrote: it is given no credentials.
_ENVIRONMENT = (
    "PATH",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "TZ",
    "TMPDIR",
    "LD_LIBRARY_PATH",
    "VIRTUAL_ENV",
)


class WorkerError(ArchiveError):
    """Text workers cannot be started at all; see the message, or their standard error."""


class WorkerLost(ArchiveError):
    """The worker ended, or was ended, before it answered."""


class WorkerProcess:
    """`python -m pipelines.text.worker` at the other end of a socket.

    It is in a session of its own, so that Ctrl-C in a terminal reaches the parent alone, and
    inherits no descriptor. It ends when the socket closes, when its parent dies, or by `kill`.
    """

    def __init__(self, *, memory: int, cpu: float) -> None:
        arguments = ["-P", "-m", "pipelines.text.worker", str(memory), str(cpu)]
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                self._process: subprocess.Popen[bytes] = subprocess.Popen(  # noqa: S603 - our own
                    [sys.executable, *arguments],
                    stdin=theirs.fileno(),
                    stdout=subprocess.DEVNULL,
                    env=_environment(),
                    start_new_session=True,
                )
            except OSError as error:
                ours.close()
                raise WorkerError(f"a text worker could not be started: {error}") from error
        ours.setblocking(False)
        self._socket = ours
        self._ready = False
        self.pages = 0  #: that it has answered

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    async def ready(self) -> None:
        """Wait until it has imported everything. Raises WorkerError when it cannot."""
        if self._ready:
            return
        try:
            async with asyncio.timeout(_START_DEADLINE):
                self._ready = await self._receive() == READY
        except (WorkerLost, TimeoutError) as error:
            await self.kill()
            raise WorkerError(
                f"a text worker could not be started (exit status {self._process.returncode})"
            ) from error

    async def extract(self, page: RawPage) -> tuple[Article, str | None]:
        """The article, and the reason for one that failed. Raises WorkerLost."""
        loop = asyncio.get_running_loop()
        try:
            for message in pack_page(page):
                await loop.sock_sendall(self._socket, frame(message))
        except OSError as error:
            raise WorkerLost(f"{self.pid} does not listen: {error}") from error
        answer = await self._receive()
        self.pages += 1
        return unpack_article(answer)

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return self._process.poll() is None

    def discard(self) -> None:
        """Let go of the socket of a process that has ended by itself."""
        self._socket.close()

    def interrupt(self) -> None:
        """End it, whatever it does; who waits for its answer gets WorkerLost, and calls `kill`."""
        self._process.kill()

    async def kill(self) -> int:
        """End it and wait for that; the exit status, negative for a signal. Nobody may be waiting
        for its answer any more: asyncio must not have a reader on a socket that is closed."""
        self._process.kill()
        self._socket.close()
        # A process with much memory takes its time; the event loop does not wait for it.
        status: int = await asyncio.shield(asyncio.to_thread(self._process.wait))
        return status

    async def _receive(self) -> bytes:
        size = int.from_bytes(await self._exactly(PREFIX), "big")
        return await self._exactly(size)

    async def _exactly(self, size: int) -> bytes:
        loop = asyncio.get_running_loop()
        data = bytearray()
        while len(data) < size:
            try:
                piece = await loop.sock_recv(self._socket, min(size - len(data), _PIECE))
            except OSError as error:
                raise WorkerLost(f"{self.pid} is gone: {error}") from error
            if not piece:
                raise WorkerLost(f"{self.pid} is gone")
            data += piece
        return bytes(data)


def _environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
    # Threads of numpy's linear algebra would each take address space from the limit.
    return {**kept, "PYTHONPATH": str(_ROOT), "OPENBLAS_NUM_THREADS": "1", "PYTHONUTF8": "1"}
