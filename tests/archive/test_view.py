"""What is shown, and to whom: a view is that of a collection without what is withheld."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archive.collection import Collection
from archive.errors import NotArchived, TakesLong, Withheld
from archive.index import CaptureQuery, Index, Neighbours, SearchQuery
from archive.model import Capture
from archive.restrictions import register
from archive.restrictions.model import Restriction
from archive.restrictions.objects import new_restriction
from archive.restrictions.register import Restrictions
from archive.store.memory import MemoryStore
from archive.timestamps import now, to_datetime, to_timestamp, to_warc_date
from archive.urlkey import Match
from archive.view import View
from archive.warc.writing import WarcRecord
from tests.archive.index.conftest import NewIndex, index_url, new_index
from tests.archive.index.samples import RUN, SEGMENT, capture, document
from tests.archive.restrictions.deciding import REASON, opened, withhold
from tests.archive.restrictions.test_rules import (
    DIGESTS,
    TIMES,
    URLS,
    decisions_of,
    restrictions,
    withholds,
)
from tests.exchanges import STARTED
from tests.keeping import archive_messages, store_records

__all__ = ["index_url", "new_index"]

URL = "https://example.org/a"
OTHER = "https://example.org/b"

EXAMPLES = settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

some_captures = st.lists(
    st.builds(
        capture,
        st.sampled_from(URLS[:6]),
        timestamp=st.sampled_from(TIMES),
        status=st.sampled_from([200, 200, 204, 301, 404, 503]),
        digest=st.sampled_from(DIGESTS),
    ),
    max_size=30,
).map(lambda found: [replace(one, offset=1000 * place) for place, one in enumerate(found)])


@dataclass(frozen=True)
class Told:
    """What a finder answered, errors too."""

    value: object

    @classmethod
    def by(cls, ask: Any, *args: Any, **options: Any) -> Told:
        """Call it."""
        try:
            return cls(ask(*args, **options))
        except NotArchived:
            return cls(NotArchived)
        except Withheld:
            return cls(Withheld)


@EXAMPLES
@given(some=some_captures, decided=st.lists(restrictions, max_size=5))
def test_a_view_is_that_of_a_collection_without_what_is_withheld(
    new_index: NewIndex,
    tmp_path_factory: pytest.TempPathFactory,
    some: list[Capture],
    decided: list[dict[str, Any]],
) -> None:
    _, standing = decisions_of([{**one, "until": None} for one in decided])

    def shown(one: Capture) -> bool:
        return not any(withholds(r, one.urlkey, one.timestamp, one.digest) for r in standing)

    folder = tmp_path_factory.mktemp("oracle")
    with new_index() as index:
        index.commit(some)
        oracle = Index(f"sqlite:///{folder}/index.db")
        oracle.add_segment(SEGMENT)
        oracle.commit([one for one in some if shown(one)])
        _decide(index, decided)
        try:
            view = View(Collection(MemoryStore(), index))
            _compare(view, oracle, index)
            assert view.withholds_any(SEGMENT.filename) == any(not shown(one) for one in some)
            _compare(view.everything(), index, index)
        finally:
            oracle.close()


def _decide(index: Index, decided: list[dict[str, Any]]) -> None:
    contents = {}
    for number, one in enumerate(decided):
        fields = {**one, "until": None}
        start, end = one.get("start"), one.get("end")
        is_backward = start is not None and end is not None and start > end
        # Two that are alike, and of one millisecond, would be one decision.
        if not fields.pop("lifted") and not is_backward:
            decision, data = new_restriction(reason=f"why {number}", **fields)
            contents[decision.id] = data.decode()
    index.decisions.add(contents)


def _compare(view: View, oracle: Index, all_: Index) -> None:
    archived = {one.urlkey for one in all_.captures(CaptureQuery(url=URLS[0], match="domain"))}
    for url in URLS[:6]:
        nothing = Told(Withheld if capture(url).urlkey in archived else NotArchived)
        for at in [None, "20250101000000", *TIMES[1::2], "20261102120000"]:
            for any_status in (False, True):
                expected = Told.by(oracle.find, url, at=at, any_status=any_status)
                found = Told.by(view.find, url, at=at, any_status=any_status)
                assert found == (nothing if expected.value is NotArchived else expected)
            around = Told.by(oracle.neighbours, url, at or TIMES[2])
            found = Told.by(view.neighbours, url, at or TIMES[2])
            assert found == (nothing if around.value is NotArchived else around)
        for match in get_args(Match):
            query = CaptureQuery(url=url, match=match)
            assert list(view.captures(query)) == list(oracle.captures(query))
            assert view.count(query) == oracle.count(query)
            few = replace(query, limit=2, start=TIMES[1])
            assert list(view.captures(few)) == list(oracle.captures(few))


@pytest.fixture
def collection(index_url: str) -> Iterator[Collection]:
    """Three captures of URL, two of OTHER."""
    with opened(index_url) as found:
        archive_messages(
            found,
            *((URL, _page(f"a{number}"), 3600 * number) for number in range(3)),
            *((OTHER, _page(f"b{number}"), 3600 * number) for number in range(2)),
        )
        yield found


def _page(text: str) -> bytes:
    head = f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {len(text)}\r\n\r\n"
    return f"{head}{text}".encode()


def at(hours: float) -> str:
    """14 digits of a time after STARTED."""
    return to_timestamp(STARTED + timedelta(hours=hours))


def test_what_is_withheld_is_said_without_the_reason(collection: Collection) -> None:
    view = View(collection)
    before = view.find(URL)
    decision = withhold(collection, url=URL)
    with pytest.raises(Withheld, match="withheld") as raised:
        view.find(URL)
    assert REASON not in str(raised.value)
    assert raised.value.restrictions == (decision,)
    assert REASON in raised.value.reasons
    for ask in (view.open, view.document):
        with pytest.raises(Withheld):
            ask(before)
    with pytest.raises(Withheld):
        view.span(URL)
    assert view.withholding(before) == (decision,)
    assert view.everything().open(before).body() == b"a2"
    assert view.everything().withholding(before) == (decision,)
    assert view.find(OTHER).url == OTHER


def test_other_views_of_the_same_database_obey_at_once(
    collection: Collection, index_url: str
) -> None:
    with opened(index_url, collection.store) as other:
        view = View(other)
        settled = view.settled()
        assert view.find(URL) == settled.find(URL)
        decision = withhold(collection, url=URL)
        with pytest.raises(Withheld):
            view.find(URL)
        assert settled.find(URL).url == URL  # of the moment before
        Restrictions(collection.index).lift(collection, decision.id)
        assert view.find(URL).url == URL


def test_a_restriction_ends_by_itself(
    collection: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = View(collection)
    end = (now() + timedelta(days=1)).replace(microsecond=0)
    withhold(collection, url=URL, until=to_timestamp(end))
    monkeypatch.setattr(register, "now", lambda: end - timedelta(microseconds=1))
    with pytest.raises(Withheld):
        view.find(URL)
    monkeypatch.setattr(register, "now", lambda: end)
    assert view.find(URL).url == URL


def test_what_was_not_archived_is_not_called_withheld(collection: Collection) -> None:
    withhold(collection, url="https://example.org/", match="host")
    with pytest.raises(NotArchived):
        View(collection).find("https://example.org/nothing")
    with pytest.raises(Withheld):
        View(collection).find(OTHER)


def test_a_revisit_of_what_is_withheld_is_withheld(collection: Collection) -> None:
    """By its own time it would be shown; the bytes would be those of the capture before."""
    view = View(collection)
    original = view.find(URL, at=at(0))
    here, there = store_records(
        collection, [_revisit(URL, 50, original), _revisit(OTHER, 51, original)]
    )
    assert view.open(here).body() == view.open(there).body() == b"a0"
    withhold(collection, url=URL, end=at(0.5))
    assert view.find(URL, at=at(0)).timestamp == at(1)
    for one in (here, there):
        with pytest.raises(Withheld, match=one.url):
            view.open(one)
    # The nearest that may be shown is not the revisit, though its own time is free.
    assert view.find(URL, at=at(50)).timestamp == at(2)
    assert view.withholding(here)


def test_what_revisits_repeat_is_read_once_for_each_payload(
    collection: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = View(collection)
    first, last = (view.find(URL, at=at(hours)) for hours in (0, 2))
    store_records(collection, [_revisit(URL, 50 + number, first) for number in range(20)])
    withhold(collection, url=URL, end=at(1.5))
    reads: list[str] = []
    read = collection.store.read

    def noted(key: str, offset: int, length: int) -> bytes:
        reads.append(key)
        return read(key, offset, length)

    monkeypatch.setattr(collection.store, "read", noted)
    assert view.find(URL) == last
    assert len(reads) <= 2  # the newest, and one of its payload
    reads.clear()
    # Without the one that may be shown.
    withhold(collection, url=URL, start=last.timestamp, end=last.timestamp)
    with pytest.raises(Withheld) as raised:
        view.find(URL)
    assert raised.value.restrictions
    assert len(reads) <= 2
    reads.clear()
    with pytest.raises(TakesLong):
        view.soon().find(URL)
    assert not reads
    assert view.soon().find(OTHER).url == OTHER


def test_revisits_that_state_no_digest_are_each_looked_at(collection: Collection) -> None:
    view = View(collection)
    first, second = (view.find(URL, at=at(hours)) for hours in (0, 1))
    free, hidden = store_records(
        collection, [_revisit(URL, 50, second, ""), _revisit(URL, 51, first, "")]
    )
    withhold(collection, url=URL, end=at(0.5))
    assert view.find(URL) == free
    assert view.withholding(hidden)


def test_a_revisit_that_states_another_digest_is_withheld_by_that_of_the_payload(
    collection: Collection,
) -> None:
    view = View(collection)
    original = view.find(URL, at=at(0))
    (revisit,) = store_records(collection, [_revisit(URL, 50, original, "xxh3:" + "A2" * 16)])
    withhold(collection, digest=original.digest)
    with pytest.raises(Withheld):
        view.open(revisit)
    assert view.find(URL, at=at(50)).timestamp == at(2)


def _revisit(url: str, hours: int, original: Capture, digest: str | None = None) -> WarcRecord:
    fields = [
        ("WARC-Target-URI", url),
        ("WARC-Date", to_warc_date(STARTED + timedelta(hours=hours))),
        ("WARC-Refers-To-Target-URI", original.url),
        ("WARC-Refers-To-Date", to_warc_date(to_datetime(original.timestamp))),
        ("WARC-Profile", "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"),
    ]
    stated = original.digest if digest is None else digest
    if stated:
        fields.append(("WARC-Payload-Digest", stated))
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n"
    return WarcRecord(type="revisit", fields=tuple(fields), block=[head], length=len(head))


def test_a_redirect_to_what_is_withheld_is_itself_the_answer(collection: Collection) -> None:
    moved = f"HTTP/1.1 301 Moved\r\nLocation: {OTHER}\r\nContent-Length: 0\r\n\r\n".encode()
    archive_messages(collection, ("https://example.org/old", moved, 0))
    view = View(collection)
    redirect = view.open(view.find("https://example.org/old"))
    assert view.follow(redirect).capture.url == OTHER
    withhold(collection, url=OTHER)
    assert view.follow(redirect) == redirect
    withhold(collection, url="https://example.org/old")
    with pytest.raises(Withheld):
        view.find("https://example.org/old")


def test_a_long_answer_obeys_what_is_decided_while_it_is_given(index_url: str) -> None:
    with opened(index_url) as found:
        found.index.add_segment(SEGMENT)
        many = [
            capture(f"https://example.org/{number:05d}", offset=1000 * number)
            for number in range(2500)
        ]
        found.index.commit(many)
        answer = View(found).captures(CaptureQuery(url="https://example.org/", match="host"))
        assert next(answer) == many[0]
        withhold(found, url="https://example.org/", match="host")
        assert len(list(answer)) < 1000


def test_far_captures_are_found_behind_very_many_that_are_withheld(index_url: str) -> None:
    with opened(index_url) as found:
        found.index.add_segment(SEGMENT)
        hidden, free = DIGESTS[:2]
        many = [
            capture(
                timestamp=to_timestamp(STARTED + timedelta(hours=number // 2)),
                digest=free if number in (0, 499) else hidden,
                offset=1000 * number,
                status=200 if number % 3 else 404,
            )
            for number in range(500)
        ]
        found.index.commit(many)
        withhold(found, digest=hidden)
        view, url = View(found), many[0].url
        first, last = many[0].timestamp, many[499].timestamp
        assert view.find(url) == many[499]
        assert view.find(url, at=at(100)) == many[499]  # the other one is a 404
        assert view.find(url, at=at(100), any_status=True) == many[0]
        assert view.neighbours(url, at(100)) == Neighbours(first, first, last, last)
        assert view.span(url) == (first, last)


def test_search_finds_another_version_where_the_best_is_withheld(index_url: str) -> None:
    with opened(index_url) as found:
        found.index.add_segment(SEGMENT)
        texts = ["factory factory factory strike", "factory strike in the north", "factory"]
        pages = [
            capture(URL, timestamp=TIMES[number], digest=DIGESTS[number], offset=1000 * number)
            for number in range(2)
        ]
        pages.append(capture(OTHER, digest=DIGESTS[2], offset=9000))
        documents = [document(page, text, RUN) for page, text in zip(pages, texts, strict=True)]
        found.index.commit(pages, documents)
        view, query = View(found), SearchQuery(words="factory", limit=2)

        def hits() -> set[tuple[str, str]]:
            return {(hit.url, hit.timestamp) for hit in view.search(query)}

        assert len(hits()) == 2
        best = {hit.url: hit.timestamp for hit in view.search(query)}[URL]
        worse = ({TIMES[0], TIMES[1]} - {best}).pop()
        decision = withhold(found, digest=DIGESTS[TIMES.index(best)])
        assert (URL, worse) in hits()
        shown, whole = view.matches(query, 10)
        assert ({one.timestamp for one in shown}, whole) == ({worse, pages[2].timestamp}, True)
        # What is withheld is one of those that were looked at.
        assert len(view.matches(query, 3)[0]) == 2
        assert not view.matches(query, 3)[1]
        withhold(found, url=URL, start=worse, end=worse)
        assert hits() == {(OTHER, pages[2].timestamp)}
        Restrictions(found.index).lift(found, decision.id)
        assert (URL, best) in hits()
        with pytest.raises(Withheld):
            view.document(next(page for page in pages if page.timestamp == worse))


def test_places_of_what_is_withheld_are_not_named(collection: Collection) -> None:
    view = View(collection)
    query = CaptureQuery(url=URL, match="host")
    first, last = ((capture(URL).urlkey, at(hours), "", -1) for hours in (0, 2))
    assert view.may_name(query, first)
    assert view.may_name(query, last)
    withhold(collection, url=URL, end=first[1])
    assert not view.may_name(query, first)
    assert view.may_name(query, last)
    withhold(collection, digest=view.find(URL, at=last[1]).digest)
    assert not view.may_name(query, last)


def test_captures_are_not_read_to_be_counted_where_nothing_can_be_withheld(
    collection: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = View(collection)
    withhold(collection, url="https://example.net/", match="domain")
    withhold(collection, url="https://example.org/c")
    withhold(collection, url="https://a.example.org/", match="host")
    withhold(collection, url="https://example.org/c/", match="prefix", start=at(0))
    below = CaptureQuery(url="https://example.org/", match="domain")
    assert view.count(below) == 5

    def refuse(query: CaptureQuery) -> Iterator[Capture]:
        raise AssertionError(f"the captures of {query.url} are read")

    monkeypatch.setattr(collection.index, "captures", refuse)
    assert view.count(CaptureQuery(url=URL)) == 3
    assert view.count(CaptureQuery(url=OTHER, match="prefix", start=at(0.5))) == 1
    for query in (below, CaptureQuery(url="https://example.org/c")):
        with pytest.raises(AssertionError, match="are read"):
            view.count(query)


def test_a_decision_counts_what_it_touches(collection: Collection) -> None:
    register = Restrictions(collection.index)

    def touched(**what: Any) -> int:
        decision: Restriction = new_restriction(reason=REASON, **what)[0]
        return register.touched(decision)

    digest = View(collection).find(URL).digest
    assert touched(url=URL) == 3
    assert touched(url=URL, start=at(1)) == 2
    assert touched(url="https://example.org/", match="host") == 5
    assert touched(url=f"{URL}/", match="prefix") == 3
    assert touched(digest=digest) == 1
    assert touched(digest="sha1:" + "A2" * 16) == 0
