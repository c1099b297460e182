"""What stores say alike: of an object that they lack or have with other bytes, of a disk."""

from __future__ import annotations

import errno

from archive.errors import KeyMissing, KeyTaken

DENIED = (errno.EACCES, errno.EPERM, errno.EROFS)
_FULL = (errno.ENOSPC, errno.EDQUOT)


def disk_remedy(error: OSError, setting: str) -> str:
    """What to do about what a folder does not do; `setting` names it in pressmark.yaml."""
    if error.errno == errno.EROFS:
        return f"what it holds can be read; to write, mount it writable or correct `{setting}`"
    if error.errno in DENIED:
        return f"give this user the permission, or correct `{setting}`"
    return "make room on the disk" if error.errno in _FULL else "check the disk"


def key_missing(place: object, key: str) -> KeyMissing:
    """`place` is the address of the collection."""
    return KeyMissing(
        f"{place} has no {key}; `pressmark verify --repair` brings it back from a mirror; without "
        "one, bring it back from a backup of the collection",
        key,
    )


def key_taken(place: object, key: str) -> KeyTaken:
    """For an object that was compared. `place` is the address of the collection."""
    return KeyTaken(
        f"{place} has {key} already, with other bytes; if `pressmark verify` calls those bad, "
        "remove them and try again",
        key,
    )
