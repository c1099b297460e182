"""Which capture holds the payload of a revisit (WARC/1.1, 6.7): the one that it names by URI and
date, or by the id of its record, else the nearest with the digest that it states.

The index has SHA-256 digests of payloads. What a revisit states in another algorithm is compared
with the payloads themselves, of few captures.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from archive.errors import KeyMissing, NotArchived, RecordError, RevisitUnresolved, UrlError
from archive.index import Index
from archive.model import Capture
from archive.timestamps import TimestampError, from_warc_date, to_timestamp
from archive.warc.checking import algorithm_of, is_among, is_digest_of, payload_digests
from archive.warc.reading import Record

_MOST = 50
"""Payloads that are read for one revisit."""
_MOST_BYTES = 256 << 20
"""Bytes of their records; the last one that is read may go beyond."""
_REMEMBERED = 2000


class _Payload(NamedTuple):
    size: int  # bytes of the record
    digests: frozenset[str]  # for `is_among`


class Originals:
    """Thread-safe. Remembers the digests of payloads."""

    def __init__(self, index: Index, read: Callable[[Capture], Record]) -> None:
        """`read` gives the record of a capture; what it raises is raised."""
        self._index = index
        self._read = read
        self._payload = lru_cache(_REMEMBERED)(self._read_payload)

    def of(self, revisit: Capture, record: Record) -> Capture:
        """The capture with the payload that `record`, which is the revisit's, repeats.

        Raises RevisitUnresolved; what reading raises; IndexFailure.
        """
        url = record.get("WARC-Refers-To-Target-URI") or record.url
        date, named = record.get("WARC-Refers-To-Date"), record.get("WARC-Refers-To")
        stated = _stated(revisit, record)
        found = self._dated(url, date, stated) if date else None
        if found is None and named:
            found = self._named(revisit, url, named, stated)
        if found is None and stated:
            found = self._like(revisit, url, stated)
        if found is None:
            raise RevisitUnresolved(
                f"{revisit.url} at {revisit.timestamp} repeats {revisit.digest or 'a payload'} of "
                f"{url}{f' of {date}' if date else ''}, which is not in the collection"
            )
        return found

    def _dated(self, url: str, date: str, stated: str) -> Capture | None:
        try:
            at = to_timestamp(from_warc_date(date))
            found = self._index.find(url, at=at, any_status=True)
        except (TimestampError, NotArchived, UrlError):
            return None
        if found.is_revisit:
            return None
        holds = self._holds(found, stated)
        # Where there is nothing to compare with, only what was captured just then can be meant.
        return found if holds or (holds is None and found.timestamp == at) else None

    def _named(self, revisit: Capture, url: str, record_id: str, stated: str) -> Capture | None:
        for found in self._index.repeated.named(revisit, url, record_id):
            if self._holds(found, stated) is not False:
                return found
        return None

    def _like(self, revisit: Capture, url: str, stated: str) -> Capture | None:
        if _is_ours(stated):
            return next(self._index.repeated.like(revisit, url, stated), None)
        algorithm = algorithm_of(stated)
        if algorithm is None:
            return None
        seen: set[str] = set()
        size = 0
        for found in self._index.repeated.near(revisit, url):
            if found.digest in seen or (seen and size + found.length > _MOST_BYTES):
                continue
            if len(seen) == _MOST:
                break
            seen.add(found.digest)
            try:
                payload = self._payload(found, algorithm)
            except (RecordError, KeyMissing):
                continue  # Nothing says that it is the one; whoever asks for it is told.
            if is_among(stated, payload.digests):
                return found
            size += payload.size
        return None

    def _holds(self, capture: Capture, stated: str) -> bool | None:
        """Whether its payload is the one that was stated; None: nothing to compare with."""
        if not stated:
            return None
        if _is_ours(stated):
            return capture.digest == stated
        algorithm = algorithm_of(stated)
        if algorithm is None:
            return None
        return is_among(stated, self._payload(capture, algorithm).digests)

    def _read_payload(self, capture: Capture, algorithm: str) -> _Payload:
        record = self._read(capture)
        return _Payload(len(record.block), payload_digests(record, algorithm))


def _stated(revisit: Capture, record: Record) -> str:
    """The digest of the payload that it repeats, "" where it states none."""
    profile = record.get("WARC-Profile") or ""
    # Some tools state the digest of what a 304 answer holds itself: of nothing.
    of_itself = "server-not-modified" in profile and not _is_ours(revisit.digest)
    return "" if of_itself and is_digest_of(revisit.digest, b"") else revisit.digest


def _is_ours(digest: str) -> bool:
    return digest.startswith("sha256:")
