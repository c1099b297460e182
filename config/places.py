"""Where a store may be, and whether two of them are in each other's way."""

from __future__ import annotations

import os
import re
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_BUCKET = re.compile(r"s3://[^/@?#:\s][^@?#:\s]*")


def has_scheme(value: str) -> bool:
    """Whether it begins as a URL does, which a folder never may: `./a:b` is the folder `a:b`."""
    return _SCHEME.match(value) is not None


def check_location(value: str) -> str:
    """The same address. Raises ValueError for what is no folder, file:///... or s3://..."""
    if has_scheme(value):
        valid = value.startswith("file:///") or _BUCKET.fullmatch(value) is not None
    else:
        valid = bool(value.strip()) and "://" not in value
    if not valid:
        shown = "this" if "@" in value else repr(value)
        raise ValueError(f"{shown} is not a place for a collection")
    return value


def overlap(one: str, other: str) -> bool:
    """Whether two addresses are the same, or one lies inside the other.

    By their spelling alone: a disk that does not answer must hold up no command. Buckets are those
    of one service.
    """
    (kind, first), (of, second) = _place(one), _place(other)
    return kind == of and (first.is_relative_to(second) or second.is_relative_to(first))


def _place(value: str) -> tuple[str, PurePosixPath]:
    if value.startswith("s3://"):
        return "bucket", PurePosixPath(value.removeprefix("s3://"))
    folder = unquote(urlsplit(value).path) if value.startswith("file://") else value
    return "folder", PurePosixPath(os.path.abspath(folder))  # noqa: PTH100 - it takes `..` out
