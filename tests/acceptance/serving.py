"""A `pressmark serve` that runs while a test asks it."""

from __future__ import annotations

import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx

from tests.acceptance.command import Pressmark, finish


@dataclass(frozen=True, slots=True)
class Server:
    """A `pressmark serve` that runs."""

    url: str
    process: subprocess.Popen[bytes]

    def get(self, path: str, secret: str | None = None) -> httpx.Response:
        """GET, with a token if one is given."""
        headers = {"authorization": f"Bearer {secret}"} if secret else {}
        return httpx.get(self.url + path, headers=headers, timeout=30)


@contextmanager
def serving(pressmark: Pressmark, *arguments: str) -> Iterator[Server]:
    """Until it is ended by SIGTERM, which is no failure."""
    process = pressmark.start("serve", "--port", "0", *arguments)
    with process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline().decode()
            match = re.match(r"Pressmark serves (http://[^\s,]+)", line)
            assert match, finish(process).stderr
            yield Server(match[1], process)
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                ended = finish(process)
                assert (ended.status, ended.text) == (0, "")
        finally:
            process.kill()
