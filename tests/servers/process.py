"""The process of a server that a test runs: its ports, its start and its end."""

from __future__ import annotations

import random
import shutil
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

_STARTS = 3  # another program may take a port between the check and the use
_READY_SECONDS = 60
_SETUP_SECONDS = 120
# Below the range that outgoing connections take their ports from: one is taken again after a stop.
_PORTS = range(20000, 31990)

_T = TypeVar("_T")
Process = subprocess.Popen[bytes]


class ServerFailed(Exception):
    """The server did not start; the message ends with what it wrote last."""


def started(start: Callable[[], _T]) -> _T:
    """What `start` returns, which chooses a port and may fail a few times. Raises ServerFailed."""
    for _ in range(_STARTS - 1):
        with suppress(ServerFailed):
            return start()
    return start()


def free_ports(count: int = 1) -> int:
    """The first of `count` neighbouring ports that nobody listens on."""
    while True:
        first = random.choice(_PORTS)
        with suppress(OSError):
            for port in range(first, first + count):
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", port))
            return first


def run(
    command: Sequence[str | Path], *, seconds: float = 900, **options: Any
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, with its two outputs as one; `options` are those of Popen."""
    return subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=seconds,
        check=False,
        **options,
    )


def set_up(command: Sequence[str | Path], logs: Iterable[Path] = (), **options: Any) -> None:
    """Run what has to succeed before a server can start. Raises ServerFailed."""
    try:
        done = run(command, seconds=_SETUP_SECONDS, **options)
    except subprocess.TimeoutExpired as error:
        raise ServerFailed(f"{error}\n{last_words(logs)}") from error
    if done.returncode:
        why = f"{command!r} ended with {done.returncode}"
        raise ServerFailed(f"{why}\n{done.stdout[-1500:]}\n{last_words(logs)}")


def launch(command: Sequence[str | Path], log: Path, **options: Any) -> Process:
    """Start a server that adds what it says to `log`; `options` are those of Popen."""
    # The kernel ends it when this process is killed before it can.
    guard = ["setpriv", "--pdeathsig", "KILL"] if shutil.which("setpriv") else []
    with log.open("ab") as output:
        return subprocess.Popen(
            [*guard, *command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            **options,
        )


def wait_until_ready(
    processes: Sequence[Process],
    logs: Iterable[Path],
    connect: Callable[[], object],
    refused: type[Exception] = OSError,
) -> None:
    """Until `connect` raises `refused` no more. Raises ServerFailed, also when a process ends."""
    deadline = time.monotonic() + _READY_SECONDS
    while True:
        for process in processes:
            if process.poll() is not None:
                why = f"{process.args!r} ended with {process.returncode}"
                raise ServerFailed(f"{why}\n{last_words(logs)}")
        try:
            connect()
            return
        except refused as error:
            if time.monotonic() > deadline:
                why = f"no answer in {_READY_SECONDS} s: {error}"
                raise ServerFailed(f"{why}\n{last_words(logs)}") from error
        time.sleep(0.05)


def get(url: str, *handlers: urllib.request.BaseHandler) -> None:
    """Ask for a URL, past any proxy. Raises OSError."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), *handlers)
    opener.open(url, timeout=2).close()


def end(*processes: Process, how: signal.Signals = signal.SIGKILL) -> None:
    """Signal all, and wait for their ends; who does not heed the signal is killed."""
    for process in processes:
        process.send_signal(how)
    for process in processes:
        try:
            process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(timeout=30)


def last_words(logs: Iterable[Path]) -> str:
    """What they end with."""
    return "\n".join(
        f"--- {log.name}\n{log.read_text(errors='replace')[-1000:]}"
        for log in sorted(logs)
        if log.stat().st_size
    )
