from __future__ import annotations

import contextlib
import gzip
import zlib
from pathlib import Path

import brotli
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from archive.codings import LAYERS, Dechunker, dechunk, decode_content, decoded_pieces
from archive.errors import ContentError

TEXT = b"".join(b"line %d of a page that compresses\n" % n for n in range(9000))


def chunked(data: bytes, size: int, extension: bytes = b"", trailer: bytes = b"") -> bytes:
    """The data in the chunked coding."""
    parts = (data[at : at + size] for at in range(0, len(data), size))
    chunks = b"".join(b"%x%s\r\n%s\r\n" % (len(part), extension, part) for part in parts)
    return chunks + b"0\r\n" + trailer + b"\r\n"


def raw_deflate(data: bytes) -> bytes:
    """Deflate without the frame of zlib, as some servers send it."""
    compressor = zlib.compressobj(wbits=-15)
    return compressor.compress(data) + compressor.flush()


ENCODERS = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": brotli.compress,
    "zstd": zstandard.ZstdCompressor().compress,
}


@given(
    st.binary(max_size=400),
    st.integers(1, 60),
    st.sampled_from([b"", b";a=1", b' ; q="x"']),
    st.sampled_from([b"", b"X-T: 1\r\n", b"A: b\r\nC: d\r\n"]),
    st.integers(1, 50),
)
def test_dechunking_does_not_depend_on_how_the_stream_is_cut(
    data: bytes, size: int, extension: bytes, trailer: bytes, step: int
) -> None:
    coded = chunked(data, size, extension, trailer) + b"what follows"
    decoder = Dechunker()
    pieces = [decoder.feed(coded[at : at + step]) for at in range(0, len(coded), step)]
    assert b"".join(pieces) == data
    assert decoder.done
    assert not decoder.broken


def test_dechunking_reads_bare_line_feeds() -> None:
    assert dechunk(b"3\nabc\n0\n\n") == b"abc"


def test_a_cut_body_gives_what_came() -> None:
    coded = chunked(b"x" * 50, 20)
    assert dechunk(coded[:34]) == b"x" * 24


@pytest.mark.parametrize("size", [b"-5", b"+5", b"0x5", b"1_0", b"", b"g", b"f" * 40, b"5 5"])
def test_what_is_no_chunk_size_ends_the_decoding(size: bytes) -> None:
    decoder = Dechunker()
    assert decoder.feed(b"2\r\nab\r\n" + size + b"\r\nabcdefgh") == b"ab"
    assert decoder.broken
    assert decoder.feed(b"2\r\nab\r\n") == b""


@given(st.binary())
def test_any_bytes_are_dechunked_without_an_error(data: bytes) -> None:
    assert len(dechunk(data)) <= len(data)


@pytest.mark.parametrize("coding", ENCODERS)
@pytest.mark.parametrize("data", [b"", b"short", TEXT], ids=["empty", "short", "long"])
def test_round_trip(coding: str, data: bytes) -> None:
    assert decode_content([coding], ENCODERS[coding](data)) == data


@given(st.binary(max_size=2000), st.lists(st.sampled_from(sorted(ENCODERS)), max_size=LAYERS))
def test_layers_are_undone_last_first(data: bytes, codings: list[str]) -> None:
    coded = data
    for coding in codings:
        coded = ENCODERS[coding](coded)
    assert decode_content(["identity", *codings], coded) == data


def test_deflate_without_its_frame() -> None:
    assert decode_content(["deflate"], raw_deflate(TEXT)) == TEXT


def test_several_gzip_members_and_padding() -> None:
    assert decode_content(["gzip"], gzip.compress(TEXT) * 3 + b"\0\0\0") == TEXT * 3


@pytest.mark.parametrize("coding", ENCODERS)
def test_a_cut_stream_gives_what_can_be_decoded(coding: str) -> None:
    coded = ENCODERS[coding](TEXT)
    decoded = decode_content([coding], coded[: len(coded) * 2 // 3])
    assert TEXT.startswith(decoded)
    assert len(decoded) < len(TEXT)


@pytest.mark.parametrize("coding", ENCODERS)
def test_a_bomb_is_refused(coding: str) -> None:
    bomb = ENCODERS[coding](bytes(20 << 20))
    with pytest.raises(ContentError, match="more than 1000000 bytes"):
        decode_content([coding], bomb, limit=1_000_000)


def test_what_is_decoded_twice_has_a_limit_of_its_own() -> None:
    coded = gzip.compress(gzip.compress(TEXT))
    pieces = decoded_pieces(["gzip", "gzip"], coded, between=len(TEXT))
    assert b"".join(pieces) == TEXT
    with pytest.raises(ContentError, match="more than 100 bytes"):
        list(decoded_pieces(["gzip", "gzip"], coded, between=100))


def test_zstd_may_not_refer_back_further_than_browsers_look() -> None:
    parameters = zstandard.ZstdCompressionParameters(window_log=24)
    packer = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    coded = packer.compress(TEXT) + packer.flush()
    with pytest.raises(ContentError, match="not valid zstd"):
        decode_content(["zstd"], coded)


@pytest.mark.parametrize("coding", ENCODERS)
def test_what_is_not_of_the_coding_is_our_own_error(coding: str) -> None:
    with pytest.raises(ContentError):
        decode_content([coding], b"<html>not compressed at all</html>" * 10)


def test_unknown_and_too_many_codings() -> None:
    with pytest.raises(ContentError, match="compress"):
        decode_content(["compress"], b"x")
    with pytest.raises(ContentError, match="5 content codings"):
        decode_content(["gzip"] * (LAYERS + 1), b"x")


@pytest.mark.parametrize("coding", ENCODERS)
@given(data=st.binary())
def test_any_bytes_are_decoded_or_refused(coding: str, data: bytes) -> None:
    with contextlib.suppress(ContentError):
        decode_content([coding], data, limit=1 << 20)


def test_files_of_the_wuffs_project(shared: Path) -> None:
    folder = shared / "data" / "vectors" / "wuffs-gzip" / "test" / "data"
    if not folder.is_dir():
        pytest.skip("needs shared/data/vectors/wuffs-gzip")
    plain = (folder / "romeo.txt").read_bytes()
    assert decode_content(["gzip"], (folder / "romeo.txt.gz").read_bytes()) == plain
    assert decode_content(["deflate"], (folder / "romeo.txt.zlib").read_bytes()) == plain
    assert decode_content(["deflate"], (folder / "romeo.txt.deflate").read_bytes()) == plain
    fixed = (folder / "romeo.txt.fixed-huff.deflate").read_bytes()
    assert decode_content(["deflate"], fixed) == plain
    numbers = (folder / "256.bytes.gz").read_bytes()
    assert decode_content(["gzip"], numbers) == (folder / "256.bytes").read_bytes()
    artificial = sorted((folder / "artificial-deflate").glob("*.deflate"))
    assert artificial
    for file in artificial:
        if file.name == "distance-code-31.deflate":  # RFC 1951, 3.2.6 gives 30 and 31 no meaning
            with pytest.raises(ContentError):
                decode_content(["deflate"], file.read_bytes())
            continue
        decompressed = file.with_name(file.name + ".decompressed")
        if decompressed.exists():
            expected = decompressed.read_bytes()
            assert decode_content(["deflate"], file.read_bytes()) == expected, file.name
