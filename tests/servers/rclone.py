"""The poor provider: `rclone serve s3` over a folder.

It ignores conditions, and sends a range under status 200.

    with RcloneServer() as server:
        bucket = server.s3.make_bucket()
"""

from __future__ import annotations

import sys
import tempfile
import urllib.error
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Self

import pytest

from tests.servers import process
from tests.servers.ceph import ACCESS_KEY, SECRET_KEY, S3Server, s3_server


class RcloneServer:
    """Context manager that starts the server in a temporary folder and leaves nothing behind.

    Raises ServerFailed when entered.
    """

    s3: S3Server

    def __init__(self) -> None:
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with self._stack as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="press-rclone-")))
            url = process.started(lambda: self._start(folder, stack))
            self.s3 = s3_server(url, None, stack)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _start(self, folder: Path, stack: ExitStack) -> str:
        data = folder / "data"
        data.mkdir(exist_ok=True)
        address = f"127.0.0.1:{process.free_ports()}"
        log = folder / "log"
        server = process.launch(
            [Path(sys.executable).with_name("rclone"), "serve", "s3", data, "--addr", address,
             "--auth-key", f"{ACCESS_KEY},{SECRET_KEY}", "--config", "/dev/null"],
            log,
        )  # fmt: skip
        stack.callback(process.end, server)

        def connect() -> None:
            with suppress(urllib.error.HTTPError):  # it wants a signature: it is there
                process.get(f"http://{address}")

        process.wait_until_ready([server], [log], connect)
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
