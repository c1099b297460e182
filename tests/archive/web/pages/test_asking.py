from __future__ import annotations

import pytest
from starlette.datastructures import QueryParams

from archive.errors import ArchiveError
from archive.index import Matching
from archive.web.pages.asking import Asked, as_url
from archive.web.pages.facets import facets_of
from archive.web.tallies import Tallies


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://example.org/a?b=1", ("https://example.org/a?b=1", "exact")),
        ("HTTP://EXAMPLE.ORG", ("HTTP://EXAMPLE.ORG", "exact")),
        ("example.org", ("example.org", "exact")),
        ("  example.org/a b".replace(" b", ""), ("example.org/a", "exact")),
        ("example.org:8080/x", ("example.org:8080/x", "exact")),
        ("новости.рф/а", ("новости.рф/а", "exact")),
        ("example.org/2026/*", ("example.org/2026/", "prefix")),
        ("*.example.org", ("example.org", "domain")),
        ("http://localhost/", ("http://localhost/", "exact")),
        ("127.0.0.1:18999/story", ("127.0.0.1:18999/story", "exact")),
        ("127.0.0.1/story", ("127.0.0.1/story", "exact")),
        ("127.0.0.1", ("127.0.0.1", "exact")),
        ("[::1]:8080/a", ("[::1]:8080/a", "exact")),
        ("localhost:18999/x", ("localhost:18999/x", "exact")),
        ("localhost:18999", ("localhost:18999", "exact")),
        ("localhost/x*", ("localhost/x", "prefix")),
        ("wiki:8080/", ("wiki:8080/", "exact")),
        ("strike", None),
        ("strike miners", None),
        ("localhost", None),
        ("Matthew 5:3", None),
        ("10:30", None),
        ("and/or", None),
        ("1.2.3", None),
        ("Mr.Smith went", None),
        ("3.5", None),
        ("U.S.", None),
        ("*", None),
        ("example.org and more", None),
        ("", None),
    ],
)
def test_what_is_taken_for_an_address(text: str, expected: tuple[str, str] | None) -> None:
    assert as_url(text) == expected


def test_a_search_keeps_its_address() -> None:
    address = "/?q=a+b&source=s&language=en&quality=thin&from=2026&to=2027&page=3"
    asked = Asked.of(QueryParams(address.partition("?")[2]))
    assert asked.address(page=3) == address
    assert asked.address(language="") == ("/?q=a+b&source=s&quality=thin&from=2026&to=2027"), (
        "another choice begins at the first page"
    )


@pytest.mark.parametrize(
    ("text", "page"),
    [("", 1), ("0", 1), ("-1", 1), ("x", 1), ("²", 1), ("7", 7), ("999", 50), ("9999", 1)],
)
def test_pages_are_bounded(text: str, page: int) -> None:
    assert Asked.of(QueryParams({"q": "a", "page": text})).page == page


def test_dates_are_those_of_the_commands() -> None:
    query = Asked(words="a", start="2026-11", end="2026", page=2).search_query()
    assert (query.start, query.end, query.offset) == ("20261101000000", "20261231235959", 20)
    with pytest.raises(ArchiveError, match="not a time"):
        Asked(words="a", start="yesterday").search_query()


def matching(key: str, language: str | None = "en", year: int = 2026) -> Matching:
    return Matching(
        urlkey=key,
        timestamp="20261122100000",
        digest="",
        source="lantern",
        language=language,
        quality="article",
        day=year * 10000 + 101,
    )


def test_a_page_is_counted_once_as_its_best_version() -> None:
    found = [matching("a", "en"), matching("a", "de"), matching("b", None, 2025)]
    facets = facets_of(Asked(words="a"), Tallies.of(found, whole=True))
    assert (facets.pages, facets.whole) == (2, True)
    groups = {
        heading: [(choice.name, choice.count) for choice in choices]
        for heading, choices in facets.groups
    }
    assert groups == {
        "Source": [("lantern", 2)],
        "Language": [("English", 1)],
        "Year": [("2026", 1), ("2025", 1)],
        "Quality": [("Articles", 2)],
    }
    ((_, sources), _, (_, years), _) = facets.groups
    assert sources[0].address == "/?q=a&source=lantern"
    assert years[1].address == "/?q=a&from=2025&to=2025"


def test_what_is_chosen_can_be_taken_back_also_where_nothing_is_found() -> None:
    facets = facets_of(Asked(words="a", language="tlh"), Tallies.of([], whole=True))
    (choice,) = dict(facets.groups)["Language"]
    assert (choice.name, choice.count, choice.chosen, choice.address) == ("tlh", 0, True, "/?q=a")
