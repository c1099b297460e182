"""Which URLs a crawl asks for, without one."""

from __future__ import annotations

from crawler.discovery.scope import Scope
from crawler.spiders.frontier import Frontier

SEED = "https://press.example/"


def asked(frontier: Frontier, *urls: str, via: str = SEED, depth: int = 1) -> list[str]:
    return [candidate.url for candidate in frontier.follow(urls, via, depth)]


def test_each_once_in_scope_and_not_too_deep() -> None:
    frontier = Frontier(Scope.of([SEED]), depth=1, limit=9)
    assert [one.depth for one in frontier.start(SEED)] == [0]
    frontier.came(f"{SEED}moved")
    links = (SEED, f"{SEED}moved", f"{SEED}1", f"{SEED}1", "https://other.example/")
    assert asked(frontier, *links) == [f"{SEED}1"]
    assert (frontier.followed, frontier.left_out) == (1, 1)
    assert asked(frontier, f"{SEED}2", depth=2) == []


def test_a_place_of_no_use_goes_to_who_waits() -> None:
    frontier = Frontier(Scope.of([SEED]), depth=1, limit=2)
    assert asked(frontier, *(f"{SEED}{n}" for n in range(3))) == [f"{SEED}0", f"{SEED}1"]
    assert frontier.is_full
    waiting = frontier.give_back()
    assert (waiting and waiting.url) == f"{SEED}2"
    assert frontier.give_back() is None
    assert not frontier.is_full


def test_where_a_seed_leads_to_is_in_scope() -> None:
    frontier = Frontier(Scope.of([SEED]), depth=1, limit=9)
    frontier.widen("https://new.example/")
    assert asked(frontier, "https://new.example/1") == ["https://new.example/1"]


def test_what_feeds_alone_lead_to_stays_on_its_host() -> None:
    frontier = Frontier(Scope.of([]), depth=2, limit=9)
    assert asked(frontier, "https://a.example/1", "https://b.example/1") == [
        "https://a.example/1",
        "https://b.example/1",
    ]
    links = ("https://a.example/2", "https://c.example/")
    assert asked(frontier, *links, via="https://a.example/1", depth=2) == ["https://a.example/2"]
