"""Clients and servers of other people, in an environment of their own: tests/clients."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.servers.debian import skip_or_fail

_ROOT = Path(__file__).resolve().parents[2]
_PROJECT = _ROOT / "tests/clients"
_ENVIRONMENT = _ROOT / ".venv-clients"


@dataclass(frozen=True, slots=True)
class Clients:
    """The environment, ready."""

    bin: Path  #: folder of its commands

    def drive(self, client: str, base: str, **environment: str) -> Any:
        """What tests/clients/drive.py prints of a client at a server."""
        done = self.run("python", str(_PROJECT / "drive.py"), client, base, **environment)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def run(
        self, command: str, *arguments: str, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return subprocess.run(
            [self.bin / command, *arguments],
            env=self.environment() | environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def environment(self) -> dict[str, str]:
        """Without proxies, and without anything of Python's that is set here."""
        kept = {"PATH", "HOME", "LANG", "TMPDIR"}
        return {name: value for name, value in os.environ.items() if name in kept} | {
            "CDXT_DEFAULT_MIN_RETRY_INTERVAL": "0",
            "CDXT_MAX_ERRORS": "2",
        }


@pytest.fixture(scope="session")
def clients() -> Clients:
    """Installed from its lock file where it is not yet, by the first who asks."""
    uv = Path(sys.executable).with_name("uv")
    if not uv.exists():
        skip_or_fail("needs uv beside Python, as `make test` puts it there")
    with (_PROJECT / "uv.lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = subprocess.run(
            [uv, "sync", "--quiet", "--frozen", "--project", _PROJECT, "--python", sys.executable],
            env=os.environ
            | {"UV_PROJECT_ENVIRONMENT": str(_ENVIRONMENT), "UV_SYSTEM_CERTS": "true"},
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        skip_or_fail(f"the clients of tests/clients do not install: {done.stderr[-1500:]}")
    return Clients(_ENVIRONMENT / "bin")
