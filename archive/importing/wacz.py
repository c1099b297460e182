"""WACZ packages (1.1.1): the WARC files in them, once the package is what it says.

Taken in are the files below archive/. Indexes, page lists and full texts are made from the records
again; a signature is not looked at, as it says who packed and not what.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from archive.errors import RecordError
from archive.importing.records import WarcFile

_PACKAGE = "datapackage.json"
_PACKAGE_DIGEST = "datapackage-digest.json"
_ENDINGS = (".warc", ".warc.gz")
_PIECE = 1 << 20
_JSON_LIMIT = 64 << 20
_FILES_LIMIT = 100_000
_RESERVE = 1 << 30
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # WACZ 1.1.1, "Zip Compression"
_DAMAGED = (
    zipfile.BadZipFile,  # no ZIP, or a cut one; a wrong CRC-32; headers that disagree
    zlib.error,  # what is no DEFLATE
    EOFError,  # DEFLATE that has not ended when the file has
    NotImplementedError,  # flags (patched data, strong encryption) and versions zipfile knows not
    UnicodeDecodeError,  # a name that its flag calls UTF-8
)
"""What zipfile raises for a damaged package, while it is opened or read."""


def unpack_wacz(path: Path, folder: Path) -> Iterator[WarcFile]:
    """A copy of each WARC file, when every file of the package was found to be as it says.

    They lie in `folder`. Raises RecordError, which names the file of the package; OSError.
    """
    try:
        with zipfile.ZipFile(path) as package:
            files = _files(package, path)
            resources = _resources(package, files, path)
            for name, info in files.items():
                if name in resources:
                    _compare(package, info, resources[name], path)
                elif name.startswith("archive/"):
                    raise _refusal(path, f"does not vouch for {name}: {_PACKAGE} lacks it")
            wanted = [name for name in files if _is_warc(name)]
            if not wanted:
                raise RecordError(f"{path.name} has no WARC file below archive/: nothing to import")
            _check_room(sum(files[name].file_size for name in wanted), folder, path)
            for number, name in enumerate(wanted):
                copy = folder / f"{number}{_ending(name)}"
                with package.open(files[name]) as source, copy.open("wb") as target:
                    shutil.copyfileobj(source, target, _PIECE)
                yield WarcFile(path=copy, name=f"{path.name}/{name}", unpacked=True)
    except _DAMAGED as error:
        cause = str(error) or "it ends too early"
        raise RecordError(f"{path.name} cannot be unpacked ({cause}): take another copy") from error


def _refusal(path: Path, what: str) -> RecordError:
    return RecordError(
        f"{path.name} {what}; take another copy, or unpack it and import its WARC files"
    )


def _files(package: zipfile.ZipFile, path: Path) -> dict[str, zipfile.ZipInfo]:
    """Files by their names. Raises RecordError for what no honest package has."""
    files: dict[str, zipfile.ZipInfo] = {}
    size = path.stat().st_size
    if len(package.infolist()) > _FILES_LIMIT:
        raise _refusal(path, f"has more than {_FILES_LIMIT} files")
    for info in package.infolist():
        name = info.filename
        parts = PurePosixPath(name).parts
        if name.endswith("/"):
            continue
        if not name or name.startswith("/") or "\\" in name or ".." in parts or name in files:
            raise _refusal(path, f"has a file of the name {name!r}, which is refused")
        if info.flag_bits & 1:
            raise RecordError(f"{path.name} is encrypted: decrypt it first")
        if not 0 <= info.header_offset < size:
            raise _refusal(path, f"says of {name} that it lies outside")
        if info.compress_type not in _METHODS:
            raise _refusal(path, f"has {name} neither stored nor compressed by DEFLATE")
        files[name] = info
    return files


def _resources(
    package: zipfile.ZipFile, files: dict[str, zipfile.ZipInfo], path: Path
) -> dict[str, dict[str, Any]]:
    """What the package says of its files, by their names. Raises RecordError."""
    try:
        data = _small(package, files[_PACKAGE], path)
        description = json.loads(data)
        if _PACKAGE_DIGEST in files:
            stated = json.loads(_small(package, files[_PACKAGE_DIGEST], path))["hash"]
            if not _is_digest(stated, hashlib.sha256(data).hexdigest()):
                raise _refusal(path, f"has a {_PACKAGE} that is not what {_PACKAGE_DIGEST} names")
        resources = {str(one["path"]): dict(one) for one in description["resources"]}
    except KeyError as error:
        raise _refusal(path, f"is no WACZ: it lacks {error}") from error
    except (ValueError, TypeError, RecursionError) as error:
        raise _refusal(path, f"has a {_PACKAGE} that cannot be read: {error}") from error
    for name in resources:
        if name.endswith(".wacz"):
            raise RecordError(f"{path.name} holds other packages: unpack it, and import those")
        if name not in files:
            raise _refusal(path, f"lacks {name}, which its {_PACKAGE} names")
    return resources


def _compare(
    package: zipfile.ZipFile, info: zipfile.ZipInfo, resource: dict[str, Any], path: Path
) -> None:
    digest, size = hashlib.sha256(), 0
    with package.open(info) as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
            size += len(piece)
    if not _is_digest(resource.get("hash"), digest.hexdigest()) or resource.get("bytes") != size:
        raise _refusal(path, f"has a {info.filename} that is not what its {_PACKAGE} names")


def _is_digest(stated: object, sha256: str) -> bool:
    return isinstance(stated, str) and stated.lower() == f"sha256:{sha256}"


def _small(package: zipfile.ZipFile, info: zipfile.ZipInfo, path: Path) -> bytes:
    if info.file_size > _JSON_LIMIT:
        raise _refusal(path, f"has a {info.filename} of {info.file_size} bytes")
    return package.read(info)


def _is_warc(name: str) -> bool:
    return name.startswith("archive/") and name.lower().endswith(_ENDINGS)


def _ending(name: str) -> str:
    return ".warc.gz" if name.lower().endswith(".gz") else ".warc"


def _check_room(size: int, folder: Path, path: Path) -> None:
    free = shutil.disk_usage(folder).free
    # Once unpacked and once as a segment.
    if 2 * size + _RESERVE > free:
        raise RecordError(
            f"{path.name} needs {2 * size / 1e9:.1f} GB in {folder}, where {free / 1e9:.1f} GB are "
            "free: make room"
        )
