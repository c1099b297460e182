"""A process that rebuilds an index and stalls at an object, to be killed there.

    python -m tests.archive.rebuild.stalling HOME INDEX_URL OBJECTS

It loads every object by itself, says so on standard output, and stalls after so many.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from archive.rebuild import rebuild, rebuilding
from archive.store.local import LocalStore


def main(home: Path, url: str, objects: int) -> None:
    """Never returns."""
    rebuilding._BATCH = rebuilding._DOCUMENT = 1

    def advance(done: int, _total: int | None) -> None:
        print(done, flush=True)
        if done == objects:
            time.sleep(600)

    rebuild(LocalStore(home / "collection"), url, home=home, advance=advance)


if __name__ == "__main__":
    HOME, URL, OBJECTS = sys.argv[1:]
    main(Path(HOME), URL, int(OBJECTS))
