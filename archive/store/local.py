"""LocalStore: a folder whose files are the objects, each under the path that its key spells."""

from __future__ import annotations

import errno
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from archive.digests import sha256_file
from archive.errors import (
    AccessDenied,
    BucketMissing,
    KeyInvalid,
    KeyMissing,
    ObjectDamaged,
    StoreError,
    StoreUnavailable,
    StoreUnsupported,
)
from archive.files import make_folder, sync_folder
from archive.store.base import (
    Capabilities,
    StoredObject,
    check_key,
    check_prefix,
    check_range,
    is_key,
)
from archive.store.content import PIECE, Content, reading
from archive.store.refusals import DENIED, disk_remedy, key_missing, key_taken

# Begins with a dot, so that it is no key and is never listed.
_TEMPORARY = ".tmp-"
# A living writer touches its file every few milliseconds.
_ABANDONED_SECONDS = 3600
_ABSENT = (errno.ENOENT, errno.EISDIR, errno.ENOTDIR)


class LocalStore:
    """A folder, made when the first object is put. Threads and processes may share it."""

    def __init__(self, folder: Path, setting: str = "collection") -> None:
        """`setting` names the folder in pressmark.yaml, for messages."""
        self._setting = setting
        self.folder = folder.absolute()
        self.uri = self.folder.as_uri()

    def put_new(self, key: str, source: bytes | Path) -> StoredObject:
        """See Store. The copy is synced, read back from the disk and compared before it gets its
        name; link(2) gives the name only where nobody else did."""
        path = self._path(key)
        content = Content.of(source)
        stored = StoredObject(key=key, size=content.size, sha256=content.sha256)
        with self._writing(key):
            make_folder(path.parent)
            _sweep(path.parent)
            if os.path.lexists(path) or not self._create(path, content, key):
                self._compare(path, content, key)
            sync_folder(path.parent)
        return stored

    def put_right(self, key: str, source: bytes | Path) -> StoredObject:
        """See Store. The damaged file is there until the whole one has its name."""
        path = self._path(key)
        content = Content.of(source)
        temporary = path.with_name(_TEMPORARY + secrets.token_hex(8))
        with self._writing(key):
            make_folder(path.parent)
            try:
                self._copy(content, temporary, key)
                temporary.replace(path)
            finally:
                temporary.unlink(missing_ok=True)
            sync_folder(path.parent)
        return StoredObject(key=key, size=content.size, sha256=content.sha256)

    def get(self, key: str) -> bytes:
        """See Store."""
        path = self._path(key)
        with self._reading(key):
            return path.read_bytes()

    def read(self, key: str, offset: int, length: int) -> bytes:
        """See Store."""
        path = self._path(key)
        check_range(offset, length)
        # Each call of the system lets other threads of the server run: as few as there can be.
        with self._reading(key):
            file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            try:
                return _read(file, offset, length)
            finally:
                os.close(file)

    def stream(self, key: str) -> Iterator[bytes]:
        """See Store."""
        path = self._path(key)
        with self._reading(key):
            file = path.open("rb")
        with file:
            while True:
                with self._reading(key):
                    piece = file.read(PIECE)
                if not piece:
                    return
                yield piece

    def head(self, key: str) -> StoredObject:
        """See Store. A folder keeps no digests."""
        path = self._path(key)
        with self._reading(key):
            if path.is_dir():
                raise IsADirectoryError(errno.EISDIR, "is a folder", str(path))
            return StoredObject(key=key, size=path.stat().st_size, sha256=None)

    def list(self, prefix: str, start_after: str = "") -> Iterator[StoredObject]:
        """See Store."""
        check_prefix(prefix)
        return self._walk(prefix[: prefix.rfind("/") + 1], prefix, start_after)

    def check(self, *, writing: bool = True) -> None:
        """See Store. A folder that is yet to be made is all right where it can be made."""
        place = self._check_place()
        if not writing:
            with self._reading(""), os.scandir(place):
                return
        # Permissions alone do not tell: disks are read-only or full, and root may do anything.
        trial = place / (_TEMPORARY + secrets.token_hex(8))
        with self._writing(""):
            trial.touch(exist_ok=False)
            trial.unlink()

    def probe(self) -> Capabilities:
        """See Store. link(2) and pread(2) are what POSIX says, and what is put is read back."""
        return Capabilities(
            create_only=True, ranged_reads=True, notes_digests=False, checks_arrivals=True
        )

    def close(self) -> None:
        """See Store."""

    def _path(self, key: str) -> Path:
        return self.folder / check_key(key)

    def _check_place(self) -> Path:
        """The folder, or the one it would be made in. Raises BucketMissing where that is none."""
        place = next(path for path in (self.folder, *self.folder.parents) if os.path.lexists(path))
        if not os.path.isdir(place):  # noqa: PTH112 - Path.is_dir raises what this takes for no
            raise BucketMissing(
                f"{self.uri} cannot be made because {place} is not a folder; "
                f"correct `{self._setting}`"
            )
        return place

    def _create(self, path: Path, content: Content, key: str) -> bool:
        """Whether it was this call that made the file; no: another writer was first."""
        temporary = path.with_name(_TEMPORARY + secrets.token_hex(8))
        try:
            self._copy(content, temporary, key)
            try:
                os.link(temporary, path)
            except FileExistsError:
                return False
            except PermissionError as error:
                if os.access(path.parent, os.W_OK):
                    raise StoreUnsupported(
                        f"the file system of {self.folder} has no hard links, without which "
                        "nothing can be created safely; put the collection on another one",
                        key,
                    ) from error
                raise
            return True
        finally:
            temporary.unlink(missing_ok=True)

    def _copy(self, content: Content, temporary: Path, key: str) -> None:
        with reading(content.source) as origin, self._writing(key), temporary.open("xb") as copy:
            while piece := origin.read(PIECE):
                copy.write(piece)
            copy.flush()
            os.fsync(copy.fileno())
            # The comparison that follows shall read the disk, not the page cache.
            os.posix_fadvise(copy.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        if sha256_file(temporary) != content.sha256:
            raise ObjectDamaged(
                f"{self.folder} does not give back the bytes of {key} that were written to it; "
                "check the disk",
                key,
            )

    def _compare(self, path: Path, content: Content, key: str) -> None:
        if path.is_dir():
            raise KeyInvalid(
                f"{key} is a folder in {self.folder}, and cannot be an object too; move it away",
                key,
            )
        if path.stat().st_size != content.size or sha256_file(path) != content.sha256:
            raise key_taken(self.folder, key)

    def _walk(self, folder: str, prefix: str, start_after: str) -> Iterator[StoredObject]:
        with self._reading(folder):
            try:
                with os.scandir(self.folder / folder) as entries:
                    # A folder sorts by what its keys go on with, so that "a-b" < "a/b" < "ab".
                    names = sorted(
                        entry.name + "/" if entry.is_dir() else entry.name for entry in entries
                    )
            except (FileNotFoundError, NotADirectoryError):
                return
        for name in names:
            key = folder + name
            if name.endswith("/"):
                ahead = key >= start_after[: len(key)]
                if is_key(key + "0") and key.startswith(prefix) and ahead:
                    yield from self._walk(key, prefix, start_after)
            elif is_key(key) and key.startswith(prefix) and key > start_after:
                try:
                    yield self.head(key)
                except KeyMissing:
                    continue  # a dangling link, or taken away in this moment

    @contextmanager
    def _reading(self, key: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            if error.errno in _ABSENT:
                raise key_missing(self.folder, key) from error
            raise self._failure(error, key) from error

    @contextmanager
    def _writing(self, key: str) -> Iterator[None]:
        try:
            yield
        except (NotADirectoryError, FileExistsError) as error:
            self._check_place()
            raise KeyInvalid(
                f"{key} cannot be put into {self.folder}: a part of its path is a file; "
                "move that away",
                key,
            ) from error
        except OSError as error:
            raise self._failure(error, key) from error

    def _failure(self, error: OSError, key: str) -> StoreError:
        what = f"{key} in {self.folder}" if key else f"{self.folder}"
        kind = AccessDenied if error.errno in DENIED else StoreUnavailable
        return kind(f"{what}: {error.strerror}; {disk_remedy(error, self._setting)}", key)


def _read(file: int, offset: int, length: int) -> bytes:
    found = os.pread(file, length, offset)
    if len(found) == length:
        return found
    pieces = [found]
    while found and (left := length - sum(map(len, pieces))):
        found = os.pread(file, left, offset + length - left)
        pieces.append(found)
    return b"".join(pieces)


def _sweep(folder: Path) -> None:
    """Remove what a killed writer left; it comes back to the same folder with the same keys."""
    for left in folder.glob(f"{_TEMPORARY}*"):
        try:
            if time.time() - left.stat().st_mtime > _ABANDONED_SECONDS:
                left.unlink()
        except FileNotFoundError:
            continue  # its writer, or another sweep, was quicker
