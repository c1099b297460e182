"""A capture on a small disk: `unshare --map-root-user --mount python -m tests.faults.filling ...`

The arguments are a folder and the bytes of a tmpfs, which only this process and its children see.
Prints what came of it as JSON. Ends with a traceback where an invariant is broken.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.faults.trial import Trial


@dataclass(frozen=True, slots=True)
class Filled:
    """How a capture on a small disk ended, which then was recovered."""

    status: int
    errors: str
    promises: int


def fill(folder: Path, size: int) -> Filled:
    """Mount, capture, make room, recover, look. Raises Violation."""
    disk = folder / "disk"
    disk.mkdir()
    _mount(disk, f"size={size}")
    trial = Trial(folder, place=disk)
    done = trial.run("capture")
    filled = Filled(done.returncode, done.stdout, len(trial.acks))
    # Whoever looks at the index needs room too.
    _mount(disk, "remount,size=200000000")
    trial.check_crash()
    trial.recover()
    return filled


def _mount(place: Path, options: str) -> None:
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(place)], check=True)


if __name__ == "__main__":
    print(json.dumps(asdict(fill(Path(sys.argv[1]), int(sys.argv[2])))))
