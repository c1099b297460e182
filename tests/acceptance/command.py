"""The real command in a process of its own, with a home of its own."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from archive.index import Index
from tests.environment import inherited
from tests.servers.ceph import S3Server

COMMAND = [sys.executable, "-c", "from crawler.cli.main import main; main()"]
SCRAPY = [sys.executable, "-m", "scrapy"]
_ROOT = Path(__file__).resolve().parents[2]

CONTACT = "contact: https://example.org/about\n"
QUICK = f"{CONTACT}defaults: {{delay: 0.05}}\n"


@dataclass(frozen=True, slots=True)
class Result:
    """How a command ended."""

    status: int
    stdout: bytes
    stderr: str

    @property
    def text(self) -> str:
        """Standard output."""
        return self.stdout.decode()

    @property
    def lines(self) -> list[dict[str, Any]]:
        """Objects of `--json`."""
        return [json.loads(line) for line in self.stdout.splitlines()]

    @property
    def line(self) -> dict[str, Any]:
        """The one object of `--json`."""
        (line,) = self.lines
        return line


class Pressmark:
    """Runs `pressmark` in `folder`, whose pressmark.yaml it writes; loopback may be fetched."""

    def __init__(self, folder: Path, configuration: str = QUICK) -> None:
        self.folder = folder
        self.home = folder / "data"
        self.environment: dict[str, str] = {}
        self.configure(configuration)

    def configure(self, configuration: str) -> None:
        """Replace pressmark.yaml."""
        (self.folder / "pressmark.yaml").write_text(configuration, encoding="utf-8")

    def store_at(self, endpoint_url: str) -> None:
        """Keep the collection where nobody is or answers."""
        self.environment |= {
            "PRESSMARK_COLLECTION": "s3://nowhere/x",
            "AWS_ENDPOINT_URL_S3": endpoint_url,
            "AWS_ACCESS_KEY_ID": "none",
            "AWS_SECRET_ACCESS_KEY": "none",
        }

    def store_in(self, server: S3Server, bucket: str) -> None:
        """Keep the collection in a bucket."""
        self.environment |= server.environment()
        self.environment["PRESSMARK_COLLECTION"] = f"s3://{bucket}/news/main"

    def captures(self) -> int:
        """How many are in the index so far, while commands run."""
        if not (self.home / "index.db").exists():
            return 0
        with closing(Index(f"sqlite:///{self.home}/index.db")) as index:
            return index.counts().captures

    def start(
        self,
        *arguments: str,
        program: Sequence[str] = COMMAND,
        preexec: Callable[[], None] | None = None,
        stdin: Any = None,
    ) -> subprocess.Popen[bytes]:
        """Start the command, or another program, and leave it running."""
        return subprocess.Popen(
            [*program, *arguments],
            cwd=self.folder,
            env=self._environment(),
            stdin=subprocess.DEVNULL if stdin is None else stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            preexec_fn=preexec,  # noqa: PLW1509 - limits must be set there; no threads run here
        )

    def __call__(
        self,
        *arguments: str,
        stdin: str | None = None,
        preexec: Callable[[], None] | None = None,
        timeout: float = 90,
    ) -> Result:
        """Run the command to its end. No traceback may ever show."""
        pipe = None if stdin is None else subprocess.PIPE
        with self.start(*arguments, preexec=preexec, stdin=pipe) as process:
            return finish(process, stdin=stdin, timeout=timeout)

    def _environment(self) -> Mapping[str, str]:
        return {
            **inherited(),
            "PYTHONPATH": str(_ROOT),
            "PYTHONWARNINGS": "error::ResourceWarning",
            "PRESSMARK_ALLOW_NETWORKS": "127.0.0.0/8",
            **self.environment,
        }


def finish(
    process: subprocess.Popen[bytes], *, stdin: str | None = None, timeout: float = 90
) -> Result:
    """Wait for the end of a started command."""
    try:
        out, err = process.communicate(stdin.encode() if stdin else None, timeout=timeout)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        out, err = process.communicate()
        raise AssertionError(f"still running after {timeout} s: {err.decode()}") from None
    result = Result(process.returncode, out, err.decode())
    assert "Traceback" not in result.stderr, result.stderr
    return result
