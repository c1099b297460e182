"""From the address of a collection to its store."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit

from archive.errors import BucketMissing
from archive.store.base import CapabilityMemory, Store
from archive.store.local import LocalStore
from archive.store.memory import MemoryStore
from archive.store.s3_options import S3Options


def open_store(
    uri: str,
    options: S3Options | None = None,
    memory: CapabilityMemory | None = None,
    *,
    setting: str = "collection",
) -> Store:
    """The store at a path, file:///path, s3://bucket[/prefix] or memory: (a new one each time).

    `memory` keeps what an S3 server was seen to do; `setting` names `uri` in messages. Nothing is
    asked of it yet: see `Store.check`. Raises BucketMissing when `uri` is none of these.
    """
    if uri == "memory:":
        return MemoryStore()
    if uri.startswith("s3:"):
        return _open_s3(uri, options, memory)
    if uri.startswith("file:"):
        parts = urlsplit(uri)
        if parts.netloc not in ("", "localhost") or not parts.path.startswith("/"):
            raise _wrong(uri)
        return LocalStore(Path(unquote(parts.path)), setting)
    if not uri or "://" in uri:
        raise _wrong(uri)
    return LocalStore(Path(uri), setting)


def _open_s3(uri: str, options: S3Options | None, memory: CapabilityMemory | None) -> Store:
    bucket, _, prefix = uri.removeprefix("s3://").partition("/")
    prefix = prefix.rstrip("/")
    segments = prefix.split("/") if prefix else []
    if not uri.startswith("s3://") or not bucket or {"", ".", ".."} & set(segments):
        raise _wrong(uri)
    # Importing boto3 takes as long as all the rest together, and folders do without.
    from archive.store.s3 import S3Store

    return S3Store(bucket, prefix, options, memory)


def _wrong(uri: str) -> BucketMissing:
    return BucketMissing(
        f"{uri!r} is no place for a collection; give a folder, file:///folder, "
        "s3://bucket/prefix or memory:"
    )
