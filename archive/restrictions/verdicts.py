"""Whether one capture is withheld, a revisit with what it repeats."""

from __future__ import annotations

from collections.abc import Callable

from archive.errors import RecordError
from archive.model import Capture
from archive.restrictions.rules import Found, Rules


class Verdicts:
    """Those of one question: what was found out by reading a record is remembered."""

    def __init__(self, rules: Rules, original: Callable[[Capture], Capture]) -> None:
        """`original`: the capture that holds the payload of a revisit, which may have to be read
        for it; as `Collection.original`."""
        self._rules = rules
        self._original = original
        self._read: dict[tuple[str, int], Found] = {}  # by the place of the record
        self._payloads: dict[tuple[str, str], Found] = {}  # by urlkey and digest

    def of(self, capture: Capture) -> Found:
        """The restrictions that withhold it. Raises what `original` does, but RecordError."""
        rules = self._rules
        found = rules.of(capture.urlkey, capture.timestamp, capture.digest)
        if found or not capture.is_revisit:
            return found
        # Of other revisits the index tells what they repeat, and that is withheld with it.
        foreign = rules.digests and not capture.digest.startswith("sha256:")
        if not foreign and not rules.timed(capture.urlkey):
            return ()
        place = capture.filename, capture.offset
        if place not in self._read:
            self._read[place] = self._repeated(capture)
        return self._read[place]

    def _repeated(self, capture: Capture) -> Found:
        # Many revisits of a page repeat one payload. Where that is withheld, one that repeats it
        # from elsewhere is passed over with the others: rather that than to read them all.
        payload = capture.urlkey, capture.digest
        if payload in self._payloads:
            return self._payloads[payload]
        try:
            original = self._original(capture)
        except RecordError:
            return ()  # whoever opens it is told
        found = self._rules.of(original.urlkey, original.timestamp, original.digest)
        if found and capture.digest:
            self._payloads[payload] = found
        return found
