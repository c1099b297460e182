"""Manifests as they are read back: what was written, and which digests it had."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from archive.errors import RecordError

Line = dict[str, Any]

_OF_RECORD = b'{"record": "'


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """One manifest: of a WARC with its CDXJ, or of one text object."""

    objects: Mapping[str, Line]  #: by file name: `object size sha256`, of a text also `segment`
    records: Mapping[int, Line]  #: by offset, as `archive.segment.Entry` writes them

    def agrees(self, other: Manifest) -> bool:
        """Whether both say the same of the same files, wherever these were imported from."""
        return self.records == other.records and _without_origin(self) == _without_origin(other)

    def names(self, name: str, size: int, sha256: str) -> bool:
        """Whether this vouches for an object of that size (bytes) and digest (hex)."""
        line = self.objects.get(name, {})
        return line.get("size") == size and line.get("sha256") == sha256


def _without_origin(manifest: Manifest) -> dict[str, Line]:
    return {
        name: {key: value for key, value in line.items() if key != "imported"}
        for name, line in manifest.objects.items()
    }


def parse_manifest(data: bytes, name: str, *, objects_alone: bool = False) -> Manifest:
    """Raises RecordError, which names the manifest and the line, where it is none.

    `objects_alone`: lines of records, which are nearly all, are passed over.
    """
    objects: dict[str, Line] = {}
    records: dict[int, Line] = {}
    for number, text in enumerate(data.splitlines(), 1):
        if objects_alone and text.startswith(_OF_RECORD):
            continue
        try:
            line = json.loads(text)
            if "object" in line:
                objects[str(line["object"])] = line
            else:
                line["length"] = int(line["length"])
                records[int(line["offset"])] = line
        except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
            raise RecordError(f"{name} is no manifest in line {number}: {error!r}") from error
    return Manifest(objects=objects, records=records)
