from __future__ import annotations

import base64
import hashlib
import json
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.digests import sha256_hex
from archive.errors import KeyInvalid, RecordError, UrlError
from archive.names import decision_key, decision_of, digest_name
from archive.restrictions.objects import (
    is_digest,
    key_of_decision,
    new_lifting,
    new_restriction,
    read_decision,
)
from archive.timestamps import now, to_timestamp

URL = "https://example.org/a"
DAY = "20260101000000"
SHA256 = "sha256:" + "ab" * 32


def moments(first: int, last: int) -> st.SearchStrategy[str]:
    """14 digits, of these years."""
    days = st.dates(date(first, 1, 1), date(last, 12, 31))
    clock = st.times()
    return st.builds(
        lambda day, time: f"{day.isoformat().replace('-', '')}{time:%H%M%S}", days, clock
    )


MADE = st.fixed_dictionaries(
    {
        "url": st.sampled_from([URL, "http://example.org:81/é?a=b#c"]),
        "match": st.sampled_from(["exact", "prefix", "host", "domain"]),
    },
    optional={
        "start": moments(1, 1999),
        "end": moments(2000, 9999),
    },
) | st.fixed_dictionaries({"digest": st.sampled_from([SHA256, "sha1:" + "A2" * 16])})


@given(
    what=MADE,
    until=st.none() | moments(3000, 9999),
    reason=st.text(st.characters(exclude_categories=["Cs"])).filter(str.strip),
)
def test_a_decision_is_read_as_it_was_made(what: dict[str, Any], **fields: Any) -> None:
    made, data = new_restriction(**what, **fields)
    assert read_decision(key_of_decision(made), data) == made


def test_an_object_can_be_read_and_checked_without_us() -> None:
    made, data = new_restriction(url=URL, match="host", start="20260101000000", reason="why")
    fields = json.loads(data)
    assert data.endswith(b"}\n")
    assert fields["url"] == URL
    assert (fields["decision"], fields["match"], fields["reason"]) == ("withhold", "host", "why")
    assert (fields["from"], fields["to"], fields["until"]) == ("20260101000000", None, None)
    day, letters = made.id[:8], made.id[-10:]
    assert base64.b32encode(hashlib.sha256(data).digest()).decode().lower()[:10] == letters
    assert key_of_decision(made) == f"access/{day[:4]}/{day[4:6]}/{day[6:]}/{made.id}.json"


def test_a_lifting_names_what_it_lifts() -> None:
    restriction, _ = new_restriction(url=URL, reason="why")
    lifting, data = new_lifting(restriction.id, "it was settled")
    assert read_decision(key_of_decision(lifting), data) == lifting
    assert (lifting.lifts, lifting.reason) == (restriction.id, "it was settled")


@pytest.mark.parametrize("place", range(0, 200, 7))
def test_a_changed_byte_is_noticed(place: int) -> None:
    made, data = new_restriction(url=URL, reason="why")
    place %= len(data)
    changed = data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]
    with pytest.raises(RecordError, match="is damaged"):
        read_decision(key_of_decision(made), changed)


def test_one_that_is_cut_off_is_noticed() -> None:
    made, data = new_restriction(url=URL, reason="why")
    for cut in (b"", data[:-1], data[: len(data) // 2], data + b" "):
        with pytest.raises(RecordError, match=made.id):
            read_decision(key_of_decision(made), cut)


@pytest.mark.parametrize("coding", ["utf-16", "utf-16-le", "utf-32"])
def test_one_in_another_coding_is_not_read(coding: str) -> None:
    with pytest.raises(RecordError, match="is damaged"):
        read_decision(*in_coding(coding))


def test_one_that_holds_half_a_character_is_not_read() -> None:
    with pytest.raises(RecordError, match="is damaged"):
        read_decision(*in_coding("utf-8", reason="\ud800"))


def in_coding(coding: str, **fields: str) -> tuple[str, bytes]:
    """Key and bytes of a decision that nobody writes so; its name is made of the bytes."""
    made, data = new_restriction(url=URL, reason="why")
    text = json.dumps({**json.loads(data), **fields}, ensure_ascii=False)
    other = text.encode(coding, "surrogatepass")
    return decision_key(digest_name(made.created, sha256_hex([other]))), other


def test_what_makes_no_sense_is_not_decided() -> None:
    with pytest.raises(UrlError):
        new_restriction(url="mailto:a@example.org", reason="why")
    with pytest.raises(ValueError, match="just one"):
        new_restriction(reason="why")
    with pytest.raises(ValueError, match="just one"):
        new_restriction(url=URL, digest=SHA256, reason="why")
    with pytest.raises(ValueError, match="64 hex digits"):
        new_restriction(digest="sha256:abc", reason="why")
    with pytest.raises(ValueError, match="a reason"):
        new_restriction(url=URL, reason=" ")
    with pytest.raises(ValueError, match="over already"):
        new_restriction(url=URL, until=to_timestamp(now()), reason="why")
    with pytest.raises(ValueError, match="later than"):
        new_restriction(url=URL, start="20260102000000", end=DAY, reason="why")
    beside: list[dict[str, Any]] = [{"match": "host"}, {"start": DAY}, {"end": DAY}]
    for which in beside:
        with pytest.raises(ValueError, match="go with a URL"):
            new_restriction(digest=SHA256, reason="why", **which)


def test_digests_are_told_from_urls() -> None:
    assert is_digest(SHA256)
    assert is_digest("SHA256:XY")  # a wrong one, but no URL
    assert not is_digest(URL)
    assert not is_digest("sha256://example.org/")
    made, _ = new_restriction(digest=SHA256.upper(), reason="why")
    assert made.digest == SHA256


@pytest.mark.parametrize(
    "key",
    ["access/2026/11/22/x.json", "access/2026/11/23/20261122093000123-k3m5p7r2t4.json",
     "access/20261122093000123-k3m5p7r2t4.json"],
)  # fmt: skip
def test_other_names_are_no_decisions(key: str) -> None:
    with pytest.raises(KeyInvalid):
        decision_of(key)


def test_the_key_of_an_id() -> None:
    id_ = "20261122093000123-k3m5p7r2t4"
    assert decision_of(decision_key(id_)) == id_
