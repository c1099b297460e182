"""File systems that only one command and its children see."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tests.servers import debian

UNSHARE = ("unshare", "--map-root-user", "--mount")
"""Before a command: what it mounts nobody else sees."""

_MOUNT = """
mount -t tmpfs tmpfs "$1" && cp -a "$2/." "$1" && mount -o remount,ro "$1" || exit 99
shift 2
exec "$@"
"""


def need_mounts(folder: Path) -> None:
    """Skip the test where mounting, as on this folder, is not allowed; fail where CI=true."""
    if shutil.which("unshare") is None:
        debian.skip_or_fail("needs unshare")
    mount = [*UNSHARE, "mount", "-t", "tmpfs", "tmpfs", str(folder)]
    done = subprocess.run(mount, capture_output=True, text=True, check=False)
    if done.returncode:
        debian.skip_or_fail(f"needs mount namespaces: {done.stderr}")


def read_only(folder: Path, contents: Path, program: Sequence[str]) -> list[str]:
    """The program, for which `folder` is a read-only disk that holds `contents`."""
    return [*UNSHARE, "sh", "-c", _MOUNT, "sh", str(folder), str(contents), *program]
