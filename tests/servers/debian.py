"""Debian packages that tests need: installed where they are missing and the user may do that."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import pytest

from tests.servers.process import run

_CLUSTERS = Path("/etc/postgresql-common/createcluster.conf")


class PackagesMissing(Exception):
    """Packages are not installed and cannot be; the message says what to do."""


def install(*packages: str) -> None:
    """Install them as root or through sudo. Raises PackagesMissing."""
    wanted = f"needs the Debian packages {' '.join(packages)}"
    if not shutil.which("apt-get"):
        raise PackagesMissing(f"{wanted}, and there is no apt-get here")
    prefix = _prefix()
    if prefix is None:
        raise PackagesMissing(f"{wanted}: install them, or run this once as root")
    apt = [*prefix, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q"]
    # Other programs may hold the lock of the package system for a while.
    apt += ["-o", "DPkg::Lock::Timeout=300"]
    update = run([*apt, "update"])
    done = run([*apt, "install", "-y", "--no-install-recommends", *packages])
    if done.returncode:
        said = f"{update.stdout[-500:]}\n{done.stdout[-1500:]}"
        raise PackagesMissing(f"{wanted}, and they do not install:\n{said}")


def make_no_cluster() -> None:
    """Keep the package `postgresql` from making and starting a database of its own."""
    prefix = _prefix()
    if _CLUSTERS.exists() and prefix is not None:
        setting = "s/^#?create_main_cluster.*/create_main_cluster = false/"
        run([*prefix, "sed", "-i", "-E", setting, str(_CLUSTERS)])


@contextmanager
def needed() -> Iterator[None]:
    """Around an installation without which a test cannot run: see `skip_or_fail`."""
    try:
        yield
    except PackagesMissing as error:
        skip_or_fail(str(error))


def skip_or_fail(reason: str) -> NoReturn:
    """Skip the test; fail it where CI=true, which must have all that tests need."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def _prefix() -> list[str] | None:
    """What makes a command root's; None where nothing does."""
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo") and not run(["sudo", "-n", "true"]).returncode:
        return ["sudo", "-n"]
    return None
