"""Debian packages that tests need: installed where they are missing and the user may do that."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import NoReturn

import pytest

_CLUSTERS = Path("/etc/postgresql-common/createcluster.conf")


def install(*packages: str) -> str | None:
    """Install them as root or through sudo; why that failed, None where it did not."""
    wanted = f"needs the Debian packages {' '.join(packages)}"
    if not shutil.which("apt-get"):
        return f"{wanted}, and there is no apt-get here"
    prefix = _prefix()
    if prefix is None:
        return f"{wanted}: install them, or run this once as root"
    apt = [*prefix, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q"]
    # Other programs may hold the lock of the package system for a while.
    apt += ["-o", "DPkg::Lock::Timeout=300"]
    update = _run([*apt, "update"])
    done = _run([*apt, "install", "-y", "--no-install-recommends", *packages])
    if done.returncode:
        return f"{wanted}, and they do not install:\n{update.stdout[-500:]}\n{done.stdout[-1500:]}"
    return None


def make_no_cluster() -> None:
    """Keep the package `postgresql` from making and starting a database of its own."""
    prefix = _prefix()
    if _CLUSTERS.exists() and prefix is not None:
        setting = "s/^#?create_main_cluster.*/create_main_cluster = false/"
        _run([*prefix, "sed", "-i", "-E", setting, str(_CLUSTERS)])


def skip_or_fail(reason: str) -> NoReturn:
    """Skip the test; fail it where CI=true, which must have all that tests need."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def _prefix() -> list[str] | None:
    """What makes a command root's; None where nothing does."""
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo") and not _run(["sudo", "-n", "true"]).returncode:
        return ["sudo", "-n"]
    return None


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=900,
        check=False,
    )
