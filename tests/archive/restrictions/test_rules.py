from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from archive.restrictions.model import Decision, Restriction
from archive.restrictions.objects import new_lifting
from archive.restrictions.rules import Rules
from archive.timestamps import now
from archive.urlkey import urlkey

NOW = "20261122100000"
URLS = [
    "https://example.org/",
    "https://example.org/news",
    "https://example.org/news/1",
    "https://example.org/newsroom",
    "https://www.example.org/news?a=1",
    "https://a.example.org/news",
    "https://a.b.example.org/",
    "https://example.org:8080/news",
    "https://example.organ/news",
    "https://other.net/news",
]
TIMES = [f"2026110{day}000000" for day in range(1, 6)]
DIGESTS = [f"sha256:{digit * 64}" for digit in "abc"]

bounds = st.none() | st.sampled_from(TIMES)
restrictions: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.builds(
        dict,
        url=st.sampled_from([*URLS, "https://example.org/news/"]),
        match=st.sampled_from(["exact", "prefix", "host", "domain"]),
        start=bounds,
        end=bounds,
        until=st.sampled_from([None, None, NOW, "20261122100001", "20250101000000"]),
        lifted=st.sampled_from([False, False, False, True]),
    ),
    st.builds(dict, digest=st.sampled_from(DIGESTS), lifted=st.sampled_from([False, False, True])),
)


def decisions_of(some: list[dict[str, Any]]) -> tuple[list[Decision], list[Restriction]]:
    """Restrictions of such fields with what lifts some of them; and those that nothing lifts."""
    made: list[Decision] = []
    standing: list[Restriction] = []
    for number, one in enumerate(some):
        fields = dict(one)
        lifted = fields.pop("lifted")
        # Also such as nobody makes now, and objects may say.
        restriction = Restriction(id=f"{number}", created=now(), reason="why", **fields)
        made.append(restriction)
        if lifted:
            made.append(new_lifting(restriction.id)[0])
        else:
            standing.append(restriction)
    return made, standing


def stands_for(restriction: Restriction, key: str) -> bool:
    """What `match` says, by the parts of the key."""
    assert restriction.url is not None
    own = urlkey(restriction.url)
    host, _, _ = key.partition(")")
    own_host, _, _ = own.partition(")")
    if restriction.match == "exact" or key == own:
        return key == own
    if restriction.match == "prefix":
        below = f"{own}/" if restriction.url.endswith("news/") else own
        return key.startswith(below)
    if restriction.match == "host":
        return host == own_host
    name = own_host.partition(":")[0]
    return host == name or host.startswith(f"{name},")


def withholds(restriction: Restriction, key: str, timestamp: str, digest: str) -> bool:
    """Whether it withholds such a capture at NOW, unless it is lifted."""
    if restriction.until is not None and restriction.until <= NOW:
        return False
    if restriction.digest is not None:
        return restriction.digest == digest
    early = restriction.start is not None and timestamp < restriction.start
    late = restriction.end is not None and timestamp > restriction.end
    return stands_for(restriction, key) and not early and not late


@given(some=st.lists(restrictions, max_size=8))
def test_rules_say_of_each_capture_what_each_decision_says(some: list[dict[str, Any]]) -> None:
    made, standing = decisions_of(some)
    rules = Rules(made, NOW)
    for key in map(urlkey, URLS):
        for timestamp in TIMES:
            for digest in DIGESTS:
                expected = {one.id for one in standing if withholds(one, key, timestamp, digest)}
                found = rules.of(key, timestamp, digest)
                assert {one.id for one in found} == expected
                assert not expected or rules.touches(key)
        assert set(rules.whole(key)).isdisjoint(rules.timed(key))
        for other in map(urlkey, URLS):
            within = [one for one in map(urlkey, URLS) if key <= one < other]
            assert rules.touches_any(key, other) or not any(map(rules.touches, within))
        assert rules.touches_any(key, f"{key} ") == rules.touches(key)
    alive = [one.until for one in standing if one.until is not None and one.until > NOW]
    assert rules.expires == min(alive, default=None)
    assert bool(rules) == bool(rules.in_force)
