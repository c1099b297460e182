"""strace, by which tests let system calls fail and kill processes at them."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest


def need_strace() -> None:
    """Install it where it is missing and the user may do that. Skips the test, or fails it where
    CI=true, without it."""
    if shutil.which("strace") or _install():
        return
    reason = "needs strace: install the Debian package of that name, or run this once as root"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def _install() -> bool:
    if not shutil.which("apt-get"):
        return False
    if os.geteuid() == 0:
        prefix = []
    elif shutil.which("sudo") and _succeeds(["sudo", "-n", "true"]):
        prefix = ["sudo", "-n"]
    else:
        return False
    apt = [*prefix, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q"]
    # Other programs may hold the lock of the package system for a while.
    apt += ["-o", "DPkg::Lock::Timeout=300"]
    _succeeds([*apt, "update"])
    return _succeeds([*apt, "install", "-y", "--no-install-recommends", "strace"])


def _succeeds(command: list[str]) -> bool:
    return not subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, timeout=900, check=False
    ).returncode
