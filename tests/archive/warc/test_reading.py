"""Reading what others wrote and what is broken: a record or our own error, nothing else."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.errors import DigestMismatch, RecordError
from archive.warc.reading import Record, read_members, read_record
from archive.warc.writing import exchange_records
from tests.exchanges import exchange


def _written() -> bytes:
    records = exchange_records(exchange(), warcinfo_id="<urn:uuid:0>", chain_id=None)
    return b"".join(records[1].pieces())


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_plain_and_gzip(pack: type[bytes]) -> None:
    assert read_record(pack(_written()), where="x").url == "https://example.org/a?b=1"


@pytest.mark.parametrize(
    ("written", "url"),
    [
        (b"<https://example.org/a>", "https://example.org/a"),
        (b"https://example.org/a>", "https://example.org/a>"),
        (b"https://example.org/?q=<b>", "https://example.org/?q=<b>"),
    ],
)
def test_only_a_pair_of_brackets_around_a_url_is_none_of_it(written: bytes, url: str) -> None:
    data = _written().replace(b"https://example.org/a?b=1", written, 1)
    assert read_record(data, where="x").url == url


@given(st.binary(max_size=400))
def test_any_bytes_give_a_record_or_our_error(data: bytes) -> None:
    try:
        record = read_record(data, where="x")
    except RecordError:
        return
    assert isinstance(record, Record)


@given(st.data())
def test_cut_record_is_an_error(data: st.DataObject) -> None:
    written = _written()
    at = data.draw(st.integers(min_value=1, max_value=len(written) - 5))
    with pytest.raises(RecordError):
        read_record(written[:at], where="x")


def test_changed_block_is_noticed() -> None:
    changed = _written().replace(b"A page", b"B page")
    with pytest.raises(DigestMismatch):
        read_record(changed, where="x").check_block()


def test_files_of_other_projects(shared: Path) -> None:
    """Every sample is read, or refused with our own error."""
    samples = [
        path
        for folder in ("warcio", "fastwarc", "jwarc")
        for path in sorted((shared / "data/vectors" / folder).rglob("*"))
        if path.suffix in (".warc", ".gz", ".arc")
    ]
    assert len(samples) > 15
    read = 0
    for path in samples:
        try:
            if path.suffix == ".gz":
                read += sum(1 for _ in read_members(path))
            else:
                read += bool(read_record(path.read_bytes(), where=path.name))
        except RecordError:
            continue
    assert read > 20
