"""strace, by which tests let system calls fail and kill processes at them."""

from __future__ import annotations

import shutil

from tests.servers import debian


def need_strace() -> None:
    """Install it where it is missing. Skips the test, or fails it where CI=true, without it."""
    if shutil.which("strace"):
        return
    with debian.needed():
        debian.install("strace")
