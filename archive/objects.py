"""The objects of a store, put together by the segment that they belong to."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby

from archive.errors import KeyInvalid
from archive.names import key_of, segment_of, sibling
from archive.store.base import Store, StoredObject

# In an upload the manifest comes last, and is listed first: what one names is then listed too.
_FOLDERS = ("manifests", "warc", "cdxj", "text")


@dataclass(slots=True, kw_only=True)
class SegmentObjects:
    """What the store has of one segment."""

    filename: str  #: NAME.warc.gz, whether that is there or not
    objects: dict[str, StoredObject] = field(default_factory=dict)  #: by file name

    @property
    def manifest(self) -> str:
        """Name of the manifest of WARC and CDXJ, whether it is there or not."""
        return sibling(self.filename, "jsonl")

    @property
    def cdxj(self) -> str:
        """Name of the CDXJ, whether it is there or not."""
        return sibling(self.filename, "cdxj.gz")

    @property
    def texts(self) -> list[str]:
        """Names of text objects that are there, or whose manifests are there."""
        runs = {name for name in self.objects if name.endswith(".jsonl.gz")}
        return sorted(runs | {sibling(name, "jsonl.gz") for name in self.text_manifests})

    @property
    def text_manifests(self) -> list[str]:
        """Names of manifests of text objects that are there."""
        manifests = [name for name in self.objects if name.endswith(".jsonl")]
        return sorted(name for name in manifests if name != self.manifest)


def segments_of(store: Store) -> Iterator[SegmentObjects | str]:
    """Segments by day and name, and keys whose names belong to none, or elsewhere.

    Goes through the listing once, in little memory. Raises StoreError.
    """
    listings = [
        ((_stem(stored.key), stored) for stored in store.list(f"{folder}/")) for folder in _FOLDERS
    ]
    merged = heapq.merge(*listings, key=lambda item: item[0])
    for _, group in groupby(merged, key=lambda item: item[0]):
        together: SegmentObjects | None = None
        for _, stored in group:
            name = stored.key.rpartition("/")[2]
            try:
                segment, belongs = segment_of(name), key_of(name) == stored.key
            except KeyInvalid:
                belongs = False
            if not belongs:
                yield stored.key
                continue
            together = together or SegmentObjects(filename=segment)
            together.objects[name] = stored
        if together is not None:
            yield together


def _stem(key: str) -> str:
    """Day and name of the segment, up to the dot: every folder is listed in the order of these."""
    path = key.partition("/")[2]
    folder, slash, name = path.rpartition("/")
    stem, dot, _ = name.partition(".")
    return f"{folder}{slash}{stem}{dot}"
