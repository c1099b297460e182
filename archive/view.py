"""What of a collection is shown: everything that reads for others asks here.

Which captures are withheld is looked up anew for each question (see archive.restrictions). Lists go
by what the index says of a capture. Reading one goes by the capture that holds its payload, too: a
revisit never gives out what it repeats and what is withheld there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import islice

from archive.collection import Collection
from archive.errors import (
    KeyInvalid,
    KeyMissing,
    NotArchived,
    RecordError,
    SegmentUnknown,
    SpooledElsewhere,
    TakesLong,
    Withheld,
)
from archive.index import (
    CapturePlace,
    CaptureQuery,
    Counts,
    Matching,
    Neighbours,
    SearchHit,
    SearchQuery,
    SourceCounts,
)
from archive.memento import Memento
from archive.model import Capture, Document
from archive.redirects import follow
from archive.restrictions.register import Restrictions
from archive.restrictions.rules import NOTHING, Found, Rules
from archive.restrictions.verdicts import Verdicts
from archive.urlkey import prefix_range, urlkey

_LOOK_AGAIN = 1000
"""Captures that are listed before decisions are looked up again."""
_LAST = "\x7f"
"""Behind the names of all files."""


class View:
    """Thread-safe. Methods raise as those of `Collection` and `Index` do.

    Those that answer with one capture raise Withheld where there are captures, and none of them may
    be shown; those that answer with several leave out what may not.
    """

    def __init__(
        self,
        collection: Collection,
        restrictions: Restrictions | None = None,
        *,
        rules: Rules | None = None,
        soon: bool = False,
    ) -> None:
        """`restrictions`: those of the collection, where somebody has them already. `rules`: go by
        these for ever. `soon`: see there."""
        self._collection = collection
        self._index = collection.index
        self.restrictions = restrictions or Restrictions(collection.index)
        self._fixed = rules
        self._soon = soon

    # What may be shown

    def settled(self) -> View:
        """The same by the decisions in force now: for the questions of one request, which then are
        looked up once."""
        return View(self._collection, self.restrictions, rules=self._rules())

    def soon(self) -> View:
        """The same as `settled`, for where nothing may wait for the store: raises TakesLong where
        it has to be read to tell whether a revisit is withheld."""
        return View(self._collection, self.restrictions, rules=self._rules(), soon=True)

    def everything(self) -> View:
        """The same with nothing withheld: for administrators."""
        return View(self._collection, self.restrictions, rules=NOTHING)

    def withholding(self, capture: Capture) -> Found:
        """The decisions in force that withhold a capture, also where this view shows everything."""
        return self._verdicts(self.restrictions.rules()).of(capture)

    def withholds(self, url: str, timestamp: str, digest: str) -> bool:
        """Whether a capture of a URL that has these fields is withheld. Raises UrlError."""
        return bool(self._rules().of(urlkey(url), timestamp, digest))

    def withholds_at(self, filename: str, offset: int) -> bool:
        """Whether the capture that begins there in a WARC is withheld; one that the index does not
        know is not."""
        rules = self._rules()
        if not rules:
            return False
        capture = self._capture_at(filename, offset)
        return capture is not None and bool(self._verdicts(rules).of(capture))

    def _capture_at(self, filename: str, offset: int) -> Capture | None:
        found = next(self._index.captures_of(filename, offset), None)
        return found if found is not None and found.offset == offset else None

    def withholds_any(self, filename: str) -> bool:
        """Whether a capture in a WARC, which then may not be given out whole, is withheld."""
        rules = self._rules()
        if not rules:
            return False
        return any(map(partial(_is_withheld, rules), self._index.captures_of(filename)))

    def check_bytes(self, filename: str, start: int, stop: int) -> None:
        """Raises Withheld unless the bytes of a WARC from `start` up to `stop` may be given out:
        those of records of captures that may be shown, or any of a file where nothing is
        withheld."""
        rules = self._rules()
        if not rules:
            return
        reached = start
        for capture in self._index.captures_of(filename, start):
            if capture.offset - (capture.request_length or 0) > reached or reached >= stop:
                break
            if capture.offset + capture.length > reached:
                found = self._verdicts(rules).of(capture)
                if found:
                    raise Withheld(filename, found)
                reached = capture.offset + capture.length
        if reached < stop and self.withholds_any(filename):
            raise Withheld(filename)

    def _rules(self) -> Rules:
        return self.restrictions.rules() if self._fixed is None else self._fixed

    def _verdicts(self, rules: Rules) -> Verdicts:
        return Verdicts(rules, self._original)

    def _original(self, capture: Capture) -> Capture:
        if self._soon:
            raise TakesLong(f"{capture.filename} has to be read: {capture.url} is a revisit there")
        return self._collection.original(capture)

    # Captures

    def find(self, url: str, *, at: str | None = None, any_status: bool = False) -> Capture:
        """See `Index.find`: of those that may be shown. Raises Withheld."""
        rules = self._rules()
        if not rules.touches(urlkey(url)):
            return self._index.find(url, at=at, any_status=any_status)

        verdicts = self._verdicts(rules)

        def hidden(capture: Capture) -> bool:
            return bool(verdicts.of(capture))

        self._check_whole(rules, url)
        try:
            return self._index.find(url, at=at, any_status=any_status, hidden=hidden)
        except NotArchived:
            raise self._nothing_shown(verdicts, url) from None

    def captures(self, query: CaptureQuery) -> Iterator[Capture]:
        """See `Index.captures`: those that may be shown."""
        if self._fixed is not None and not self._fixed:
            return self._index.captures(query)
        shown = self._shown(self._index.captures(replace(query, limit=None)))
        return islice(shown, query.limit)

    def _shown(self, captures: Iterator[Capture]) -> Iterator[Capture]:
        rules = NOTHING
        for number, capture in enumerate(captures):
            if not number % _LOOK_AGAIN:
                # A long answer obeys what is decided while it is given.
                rules = self._rules()
            if not (rules and _is_withheld(rules, capture)):
                yield capture

    def blocks(self, query: CaptureQuery, first: int, most: int) -> Sequence[CapturePlace]:
        """See `Index.blocks`: of all there is, also of what is withheld."""
        return self._index.blocks(query, first, most)

    def count_blocks(self, query: CaptureQuery, most: int) -> int:
        """See `Index.count_blocks`: of all there is, also of what is withheld."""
        return self._index.count_blocks(query, most)

    def may_name(self, query: CaptureQuery, place: CapturePlace) -> bool:
        """Whether `captures` of the query tells of any that has the key and the time of a place."""
        key, timestamp, _, _ = place
        if not self._rules().touches(key):
            return True
        # By each capture there, for some of them may be withheld by what they hold.
        there = replace(query, after=(key, timestamp, "", -1), before=(key, timestamp, _LAST, 0))
        return next(self.captures(replace(there, reverse=False, limit=1)), None) is not None

    def count(self, query: CaptureQuery) -> int:
        """How many captures of a query may be shown, `limit` aside."""
        if not self._rules().touches_any(*prefix_range(query.url, query.match)):
            return self._index.count(query)
        return sum(1 for _ in self.captures(replace(query, limit=None)))

    def neighbours(self, url: str, timestamp: str) -> Neighbours:
        """See `Index.neighbours`: those that may be shown. Raises Withheld."""
        rules = self._rules()
        if not rules.touches(urlkey(url)):
            return self._index.neighbours(url, timestamp)
        self._check_whole(rules, url)
        try:
            return self._index.neighbours(url, timestamp, _hides(rules))
        except NotArchived:
            raise self._nothing_shown(self._verdicts(rules), url) from None

    def span(self, url: str) -> tuple[str, str]:
        """Times of the first and the last capture of a URL. Raises NotArchived, Withheld."""
        ends = self.neighbours(url, "0" * 14)
        if ends.first is None or ends.last is None:
            raise NotArchived(url)
        return ends.first, ends.last

    def _check_whole(self, rules: Rules, url: str) -> None:
        """Raises Withheld where every capture of a URL is, and there is one."""
        found = rules.whole(urlkey(url))
        if found:
            self._index.find(url, any_status=True)
            raise Withheld(url, found)

    def _nothing_shown(self, verdicts: Verdicts, url: str) -> NotArchived | Withheld:
        try:
            capture = self._index.find(url, any_status=True)
        except NotArchived as error:
            return error
        return Withheld(url, verdicts.of(capture))

    def size(self, filename: str) -> int:
        """See `Collection.size`. Raises NotArchived for a file that is not in the collection."""
        try:
            return self._collection.size(filename)
        except (KeyInvalid, SegmentUnknown):
            raise NotArchived(filename) from None

    def read(self, filename: str, offset: int, length: int) -> bytes:
        """See `Collection.read`; whether it may be given out has been asked: see `check_bytes`."""
        return self._collection.read(filename, offset, length)

    def is_stored(self, capture: Capture) -> bool:
        """Whether its objects are written and verified; else it is in a spool yet."""
        return self._index.segment(capture.filename).state == "stored"

    # What captures hold

    def open(self, capture: Capture, *, most: int | None = None) -> Memento:
        """See `Collection.open`. Raises Withheld, also for a revisit of what is withheld."""
        rules = self._rules()
        if not rules:
            return self._collection.open(capture, most=most)
        check = partial(_check, rules, capture.url)
        check(capture)
        return self._collection.open(capture, check, most=most)

    def original_at(self, filename: str, offset: int) -> Capture | None:
        """What a revisit that begins there in a WARC repeats, which is read for it; None where that
        is withheld, or it cannot be found out here."""
        capture = self._capture_at(filename, offset)
        try:
            original = None if capture is None else self._original(capture)
        except (RecordError, KeyMissing, SpooledElsewhere):
            return None  # whoever opens it is told
        return None if original is None or _is_withheld(self._rules(), original) else original

    def follow(self, memento: Memento) -> Memento:
        """See archive.redirects.follow: a redirect to what is withheld is itself the answer."""
        view = self.settled()
        return follow(memento, view, view.open)

    def document(self, capture: Capture) -> Document | None:
        """See `Collection.document`. Raises Withheld."""
        check = partial(_check, self._rules(), capture.url)
        check(capture)
        return self._collection.document(capture, check)

    def named_by(self, url: str) -> list[str]:
        """See `Documents.named_by`; whether these may be shown is asked with their captures."""
        return self._index.documents.named_by(url)

    def search(self, query: SearchQuery) -> list[SearchHit]:
        """See `Documents.search`: a page whose best version is withheld is found by another one."""
        rules = self._rules()
        if not rules:
            return self._index.documents.search(query)
        return self._index.documents.search(query, _hides(rules))

    def matches(self, query: SearchQuery, most: int) -> tuple[list[Matching], bool]:
        """See `Documents.matches`: of what may be shown; and whether these are all."""
        rules, found = self._rules(), self._index.documents.matches(query, most)
        shown = [one for one in found if not rules.of(one.urlkey, one.timestamp, one.digest)]
        return shown, len(found) < most

    # At a glance

    def begun_last(self) -> list[str]:
        """See `Index.begun_last`."""
        return self._index.begun_last()

    def newest(self, limit: int, segments: Sequence[str]) -> list[Capture]:
        """See `Index.newest`: those of the last ones that may be shown."""
        rules = self._rules()
        last = self._index.newest(limit * 4 if rules else limit, segments)
        return [capture for capture in last if not _is_withheld(rules, capture)][:limit]

    def sources(self) -> list[SourceCounts]:
        """See `Index.sources`: how much there is, also of what is withheld."""
        return self._index.sources()

    def recent(self, source: str, most: int) -> list[Capture]:
        """See `Index.recent`: those of the last ones that may be shown."""
        rules = self._rules()
        last = self._index.recent(source, most * 4 if rules else most)
        return [capture for capture in last if not _is_withheld(rules, capture)][:most]

    def counts(self) -> Counts:
        """See `Index.counts`: how much there is, also of what is withheld."""
        return self._index.counts()


def _hides(rules: Rules) -> Callable[[str, str, str], bool]:
    return lambda key, timestamp, digest: bool(rules.of(key, timestamp, digest))


def _is_withheld(rules: Rules, capture: Capture) -> bool:
    return bool(rules.of(capture.urlkey, capture.timestamp, capture.digest))


def _check(rules: Rules, asked: str, capture: Capture) -> None:
    """`asked`: what the error names; it may be another URL that repeats what is withheld."""
    found = rules.of(capture.urlkey, capture.timestamp, capture.digest)
    if found:
        raise Withheld(asked, found)
