"""Names, and the keys that follow from them alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.errors import KeyInvalid
from archive.names import (
    begun_of,
    key_of,
    new_name,
    new_run,
    segment_of,
    sibling,
    source_name,
    source_of,
)
from archive.store.base import check_key
from tests.exchanges import STARTED

NAME = "bhrrc-20261122100000250-abcdefghij"
RUN = "20261122100500000-klmnopqrst"


def test_keys_follow_the_layout() -> None:
    keys = {
        f"{NAME}.warc.gz": f"warc/2026/11/22/{NAME}.warc.gz",
        f"{NAME}.cdxj.gz": f"cdxj/2026/11/22/{NAME}.cdxj.gz",
        f"{NAME}.jsonl": f"manifests/2026/11/22/{NAME}.jsonl",
        f"{NAME}.{RUN}.jsonl.gz": f"text/2026/11/22/{NAME}.{RUN}.jsonl.gz",
        f"{NAME}.{RUN}.jsonl": f"manifests/2026/11/22/{NAME}.{RUN}.jsonl",
    }
    assert {name: key_of(name) for name in keys} == keys
    assert all(check_key(key) for key in keys.values())
    assert {segment_of(name) for name in keys} == {f"{NAME}.warc.gz"}
    assert {source_of(name) for name in keys} == {"bhrrc"}
    assert {begun_of(name) for name in keys} == {"20261122100000"}


def test_siblings_keep_the_run() -> None:
    assert sibling(f"{NAME}.warc.gz", "cdxj.gz") == f"{NAME}.cdxj.gz"
    assert sibling(f"{NAME}.{RUN}.jsonl.gz", "jsonl") == f"{NAME}.{RUN}.jsonl"


@given(st.from_regex(r"[a-z0-9][a-z0-9_]{0,39}", fullmatch=True))
def test_new_names_are_read_again(source: str) -> None:
    name = new_name(source, STARTED)
    assert name.startswith(f"{source}-20261122100000250-")
    assert source_of(f"{name}.warc.gz") == source
    check_key(key_of(f"{name}.{new_run(STARTED)}.jsonl.gz"))


def test_names_are_not_given_twice() -> None:
    assert len({new_name("a", STARTED) for _ in range(1000)}) == 1000


@pytest.mark.parametrize("source", ["", "A", "a-b", "a.b", "../a", "a" * 41, "_a"])
def test_other_sources_are_refused(source: str) -> None:
    with pytest.raises(ValueError, match="source name"):
        new_name(source)


@pytest.mark.parametrize("name", ["x", "../a", f"{NAME}.warc.gz.open", f"{NAME}.txt", ""])
def test_other_files_are_refused(name: str) -> None:
    with pytest.raises(KeyInvalid):
        key_of(name)


@given(st.text(max_size=80))
def test_a_source_name_can_be_made_of_any_host(host: str) -> None:
    new_name(source_name(host), STARTED)
