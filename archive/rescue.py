"""What is whole behind a damage in a file of the spool: kept aside before the file is cut there."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from archive.files import make_folder, sync_folder
from archive.spool import sealed_name
from archive.warc.gzip import find_member

_PIECE = 1 << 20


def rescue(path: Path, end: int, damage: int, begins: bytes, folder: Path) -> str | None:
    """Copy what follows byte `end` durably into `folder` if a member behind `damage` is whole.

    `begins`: how the content of each member begins. A sentence about the copy; None where nothing
    is whole, as behind a torn end. Raises OSError.
    """
    first = find_member(path, damage + 1, begins)
    if first is None:
        return None
    make_folder(folder)
    copy = folder / f"{sealed_name(path)}.{end}"
    temporary = copy.with_name(f"{copy.name}.part")
    with path.open("rb") as source, temporary.open("wb") as target:
        source.seek(end)
        shutil.copyfileobj(source, target, _PIECE)
        target.flush()
        os.fsync(target.fileno())
    temporary.rename(copy)
    sync_folder(folder)
    return (
        f"{copy}: {path} is damaged at byte {damage}, and records behind that are whole; what "
        f"follows byte {end} is kept here, the first of them at byte {first - end}"
    )
