"""What each capture of a URL says of the article there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from archive.documents import count_words
from archive.errors import RecordError, UrlError, Withheld
from archive.model import Article, Capture
from archive.urlkey import urlkey
from archive.versions.model import State
from archive.versions.states import (
    asks_to_subscribe,
    is_marked_not_free,
    leads_home,
    may_be_cut,
    says_gone,
)
from archive.view import View

_GONE = (404, 410, 451)
_PAYMENT_REQUIRED = 402
_NOT_MODIFIED = 304


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """One capture, and what it says."""

    capture: Capture
    state: State
    article: Article | None  #: None: deleted, or not a page with text


class Sightings:
    """Those of one URL, in the order of time."""

    def __init__(self, view: View, captures: Sequence[Capture], *, whole: bool) -> None:
        """`whole`: these are all captures of the URL."""
        self._view = view
        self.whole = whole
        self._read: dict[str, tuple[Article, State] | None] = {}  # by the payload's digest
        self._cut: dict[str, bool] = {}  # whether a text is the beginning of one that is not free
        self._most = 0  # words that the article ever had
        self._had_place = False  # whether its page once named another address than a section's
        self.targets: list[str] = []  #: other pages that it redirected to, the newest last
        self.found = list(self._found(captures))
        self.skipped = len(captures) - len(self.found)  #: captures that say nothing

    @property
    def newest(self) -> Article | None:
        """The article as it was seen last."""
        articles = (sighting.article for sighting in reversed(self.found))
        return next((article for article in articles if article), None)

    def _found(self, captures: Sequence[Capture]) -> Iterator[Sighting]:
        for are_redirects, group in groupby(captures, key=_is_redirect):
            batch = list(group)
            if are_redirects:
                yield from self._of_redirects(batch)
            else:
                yield from filter(None, map(self._of_answer, batch))

    def _of_redirects(self, captures: Sequence[Capture]) -> Iterator[Sighting]:
        """Of those in a row only the first and the last are read: a moved page may have thousands
        of them.
        """
        homes = [
            self._leads_home(capture) for capture in dict.fromkeys((captures[0], captures[-1]))
        ]
        for number, capture in enumerate(captures):
            if homes[-1] if number == len(captures) - 1 else homes[0]:
                yield Sighting(capture=capture, state="deleted", article=None)

    def _leads_home(self, capture: Capture) -> bool:
        try:
            target = self._view.open(capture).location
            elsewhere = target is not None and urlkey(target) != capture.urlkey
        except (RecordError, UrlError, Withheld):
            return False
        if target is None or not elsewhere:
            return False  # to https, or to www
        if leads_home(capture.url, target):
            return True
        self.targets.append(target)
        return False

    def _of_answer(self, capture: Capture) -> Sighting | None:
        status = capture.status
        if status in _GONE:
            return Sighting(capture=capture, state="deleted", article=None)
        if status == _PAYMENT_REQUIRED:
            return Sighting(capture=capture, state="paywalled", article=None)
        if not (200 <= status < 300 or status == _NOT_MODIFIED) or capture.truncated:
            return None
        read = self._known(capture)
        if read is not None:
            article, state = read
            kept = None if state == "deleted" else article
            return Sighting(capture=capture, state=state, article=kept)
        if capture.may_be_page:
            return None  # Its text is not known, or not yet.
        return Sighting(capture=capture, state="present", article=None)

    def _known(self, capture: Capture) -> tuple[Article, State] | None:
        """What the same payload was found to be, or is now."""
        # The digest that a 304 has may be that of its own empty body.
        key = capture.digest if capture.status != _NOT_MODIFIED else capture.record_id
        if key not in self._read:
            self._read[key] = self._new(capture)
        return self._read[key]

    def _new(self, capture: Capture) -> tuple[Article, State] | None:
        try:
            document = self._view.document(capture)
        except (RecordError, Withheld):
            return None  # A revisit of what is not here, or not to be shown.
        if document is None or document.article.extraction_status not in ("ok", "empty"):
            return None
        article = document.article
        words = count_words(article.text)
        state = self._state(capture, article, words)
        if state == "present":
            self._most = max(self._most, words)
            canonical = article.canonical_url
            self._had_place |= canonical is not None and not leads_home(capture.url, canonical)
        return article, state

    def _state(self, capture: Capture, article: Article, words: int) -> State:
        canonical = article.canonical_url
        if says_gone(article, words) or (
            # The front page, in the place of an article that was there.
            self._had_place and canonical is not None and leads_home(capture.url, canonical)
        ):
            return "deleted"
        if may_be_cut(words, self._most) and self._is_cut(capture, article):
            return "paywalled"
        return "present"

    def _is_cut(self, capture: Capture, article: Article) -> bool:
        text = article.text
        if text not in self._cut:
            # A short piece that was always short may well end in an advertisement.
            asks = self._most > 0 and asks_to_subscribe(article)
            try:
                self._cut[text] = asks or is_marked_not_free(self._view.open(capture))
            except (RecordError, Withheld):
                return False  # It says nothing; another one of the same text may.
        return self._cut[text]


def _is_redirect(capture: Capture) -> bool:
    return 300 <= capture.status < 400 and capture.status != _NOT_MODIFIED
