"""What a revisit may repeat, as the index knows it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from archive.index import Index, repeated
from archive.model import Capture
from tests.archive.index.samples import SEGMENT, capture

URL = "https://example.org/news"
OTHER = "https://example.org/news/2"
DIGEST = f"sha256:{'aa' * 32}"
SHA1 = "sha1:X2GXCXMIZHOT4OQ43NELNUQX6OJTH4NZ"
ID = "<urn:uuid:00000000-0000-4000-8000-00000000abcd>"
ELSEWHERE = replace(SEGMENT, filename=SEGMENT.filename.replace("-", "-2", 1))


def at(day: int, *, offset: int = 0, **fields: Any) -> Capture:
    """One of a day; in the file in the order of days, unless it is said where."""
    place = offset or day * 100
    return capture(
        fields.pop("url", URL), timestamp=f"202601{day:02}000000", offset=place, **fields
    )


REVISIT = at(15, mime="warc/revisit", digest=SHA1)


@pytest.mark.parametrize("fields", [{"digest": DIGEST}, {"record_id": ID}])
def test_the_likeliest_come_first(index: Index, fields: dict[str, Any]) -> None:
    same = [
        at(15, offset=1400, **fields),
        at(14, offset=1650, **fields),
        at(12, **fields),
        at(16, **fields),
        at(18, **fields),
    ]
    before = [at(20, offset=900, url=OTHER, **fields), at(9, offset=800, url=OTHER, **fields)]
    others = [
        REVISIT,
        at(13),
        at(11, mime="warc/revisit", **fields),
        at(15, offset=1550, url=OTHER, **fields),
    ]
    index.add_segment(ELSEWHERE)
    away = at(10, url=OTHER, **fields)
    index.commit([*others, *reversed(same), *before, replace(away, filename=ELSEWHERE.filename)])
    if "digest" in fields:
        found = index.repeated.like(REVISIT, URL, DIGEST)
    else:
        found = index.repeated.named(REVISIT, URL, ID)
    # Those of the URL that lie before it in the file come once more.
    assert list(found) == [*same, same[0], same[2], *before]
    of_url = [one.timestamp for one in index.repeated.near(REVISIT, URL)][:6]
    assert of_url == [
        one.timestamp for one in [same[0], same[1], at(13), same[2], same[3], same[4]]
    ]


def test_a_file_alone_where_the_url_is_none(index: Index) -> None:
    original = at(1, digest=DIGEST)
    index.commit([REVISIT, original])
    assert list(index.repeated.like(REVISIT, "urn:x", DIGEST)) == [original]
    assert list(index.repeated.named(REVISIT, "urn:x", ID)) == []


def test_neither_all_are_told_nor_all_looked_at(
    index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = [at(1 + n % 14, offset=n + 1, digest=DIGEST) for n in range(repeated.NEAR + 20)]
    index.commit([*many, REVISIT])
    assert sum(1 for _ in index.repeated.near(REVISIT, URL)) == 2 * repeated.NEAR
    index.commit([at(day, offset=day) for day in range(6, 15)])
    rare = at(5, digest=f"sha256:{'bb' * 32}", offset=5)
    index.commit([rare])
    assert list(index.repeated.like(REVISIT, URL, rare.digest)) == [rare, rare]
    monkeypatch.setattr(repeated, "_LOOKED_AT", 10)
    assert list(index.repeated.like(REVISIT, URL, rare.digest)) == []
