"""The poor provider: `rclone serve s3` over a folder.

It ignores conditions, and sends a range under status 200.

    with RcloneServer() as server:
        bucket = server.s3.make_bucket()
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

from tests.servers.ceph import ACCESS_KEY, SECRET_KEY, S3Server, free_ports, s3_client

_READY_SECONDS = 30
_STARTS = 3  # another program may take the port between the check and the use


class RcloneFailed(Exception):
    """The server did not start; the message ends with what it wrote."""


class RcloneServer:
    """Context manager that starts the server in a temporary folder and leaves nothing behind."""

    s3: S3Server

    def __init__(self) -> None:
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with self._stack as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="press-rclone-")))
            for attempt in range(_STARTS):
                try:
                    url = self._start(folder, stack)
                    break
                except RcloneFailed:
                    if attempt == _STARTS - 1:
                        raise
            client = s3_client(url, None)
            stack.callback(client.close)
            self.s3 = S3Server(
                endpoint_url=url,
                access_key=ACCESS_KEY,
                secret_key=SECRET_KEY,
                ca_bundle=None,
                client=client,
            )
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    def _start(self, folder: Path, stack: ExitStack) -> str:
        data = folder / "data"
        data.mkdir(exist_ok=True)
        address = f"127.0.0.1:{free_ports(1)}"
        program = Path(sys.executable).with_name("rclone")
        # The kernel ends it when this process is killed before it can.
        guard = ["setpriv", "--pdeathsig", "KILL"] if shutil.which("setpriv") else []
        log = folder / "log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [*guard, program, "serve", "s3", data, "--addr", address,
                 "--auth-key", f"{ACCESS_KEY},{SECRET_KEY}", "--config", "/dev/null"],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )  # fmt: skip

        def stop() -> None:
            process.kill()
            process.wait(timeout=30)

        stack.callback(stop)
        end = time.monotonic() + _READY_SECONDS
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        while True:
            if process.poll() is not None or time.monotonic() > end:
                raise RcloneFailed(f"rclone did not start:\n{log.read_text()[-1000:]}")
            try:
                opener.open(f"http://{address}", timeout=2).close()
            except urllib.error.HTTPError:
                pass  # it wants a signature: it is there
            except OSError:
                time.sleep(0.05)
                continue
            return f"http://{address}"


@pytest.fixture(scope="session")
def rclone() -> Iterator[S3Server]:
    """The running server."""
    with RcloneServer() as server:
        yield server.s3


@pytest.fixture
def rclone_bucket(rclone: S3Server) -> str:
    """An empty bucket of its own."""
    return rclone.make_bucket()
