"""Files in the spools of a home, whoever's they are: found by their names."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from archive.appending import OPEN

LATE = timedelta(days=1)
"""Age of a run that is in no store and not in our spools, from which on the spool of another
machine is no likely place for it any more."""


def spooled_files(home: Path) -> Iterator[Path]:
    """WARC and text files, open or sealed, as they lie there in this moment. Raises OSError."""
    root = home.absolute() / "spool"
    # Folders and files go away while they are looked at: uploads end, processes end.
    with suppress(FileNotFoundError):
        for folder in sorted(root.iterdir()):
            with suppress(FileNotFoundError, NotADirectoryError):
                yield from sorted(
                    path
                    for path in folder.iterdir()
                    if sealed_name(path).endswith((".warc.gz", ".jsonl.gz"))
                )


def sealed_name(path: Path) -> str:
    """The name that the file has, or will have when it is sealed."""
    return path.name.removesuffix(OPEN)
