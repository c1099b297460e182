"""`/warcs/`: files as they lie, in ranges, and never what is withheld."""

from __future__ import annotations

import asyncio
import gzip
import random
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from archive.collection import Collection
from archive.index import Index
from archive.model import Capture
from archive.names import key_of
from archive.store.memory import MemoryStore
from archive.view import View
from archive.web.site import Site
from archive.web.warcs import NOTHING, PIECE, range_of
from tests.archive.restrictions.deciding import withhold
from tests.archive.web.serving import Served, open_site, served
from tests.exchanges import exchange, page, response
from tests.keeping import archive_messages, place

URLS = ["https://example.org/a", "https://example.org/b", "https://example.org/c"]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with open_site(f"sqlite:///{tmp_path}/index.db") as found:
        yield found


@pytest.fixture
def captures(site: Site) -> list[Capture]:
    return archive_messages(site.collection, *((url, page(url), 0) for url in URLS))


@pytest.fixture
def server(site: Site, captures: list[Capture]) -> Iterator[Served]:
    with served(site) as running:
        yield running


def test_whole_file_and_ranges(server: Served, site: Site, captures: list[Capture]) -> None:
    name = captures[0].filename
    data = site.collection.store.get(key_of(name))
    whole = server.get(f"/warcs/{name}")
    assert (whole.status_code, whole.content) == (200, data)
    assert whole.headers["accept-ranges"] == "bytes"
    assert whole.headers["content-type"] == "application/warc"
    for header, start, stop in [
        ("bytes=0-0", 0, 1),
        ("bytes=5-9", 5, 10),
        ("bytes=7-", 7, len(data)),
        ("bytes=-3", len(data) - 3, len(data)),
        (f"bytes=-{len(data) * 2}", 0, len(data)),
        (f"bytes=1-{len(data) * 2}", 1, len(data)),
    ]:
        part = server.get(f"/warcs/{name}", range=header)
        assert (part.status_code, part.content) == (206, data[start:stop])
        assert part.headers["content-range"] == f"bytes {start}-{stop - 1}/{len(data)}"
        head = server.client.head(f"{server.url}/warcs/{name}", headers={"range": header})
        assert (head.status_code, head.content) == (206, b"")
        assert head.headers["content-length"] == str(stop - start)


@pytest.mark.parametrize(
    "header", ["bytes=9-5", "bytes=0-1,3-4", "lines=1-2", "bytes=-", "bytes=a-b"]
)
def test_what_is_no_range_is_passed_over(
    server: Served, captures: list[Capture], header: str
) -> None:
    answer = server.get(f"/warcs/{captures[0].filename}", range=header)
    assert answer.status_code == 200
    assert len(answer.content) == int(answer.headers["content-length"]) > 0


def test_ranges_that_cannot_be(server: Served, captures: list[Capture]) -> None:
    size = len(server.get(f"/warcs/{captures[0].filename}").content)
    for header in (f"bytes={size}-", "bytes=-0"):
        answer = server.get(f"/warcs/{captures[0].filename}", range=header)
        assert answer.status_code == 416
        assert answer.headers["content-range"] == f"bytes */{size}"


def test_validators(server: Served, captures: list[Capture]) -> None:
    address = f"/warcs/{captures[0].filename}"
    tag = server.get(address).headers["etag"]
    assert server.get(address, if_none_match=tag).status_code == 304
    assert server.get(address, range="bytes=0-3", if_range=tag).status_code == 206
    assert server.get(address, range="bytes=0-3", if_range='"another"').status_code == 200


@pytest.mark.parametrize(
    "name",
    [
        "nothing-20261122093000123-k3m5p7r2t4.warc.gz",
        "collection.json",
        "../collection.json",
        "%2e%2e/collection.json",
        "x.warc.gz",
        "",
        "a/b.warc.gz",
    ],
)
def test_nothing_else_is_given_out(server: Served, name: str) -> None:
    assert server.get(f"/warcs/{name}").status_code == 404


def members(capture: Capture) -> tuple[int, int]:
    """First byte of what belongs to a capture, and the one behind the last."""
    return capture.offset - (capture.request_length or 0), capture.offset + capture.length


def test_what_is_withheld_is_in_no_range(
    server: Served, site: Site, captures: list[Capture]
) -> None:
    first, second, third = captures
    address = f"/warcs/{first.filename}"
    size = len(server.get(address).content)
    withhold(site.collection, url=second.url)
    shown = [members(first), members(third), (first.offset + 1, first.offset + 2)]
    for start, stop in shown:
        assert server.get(address, range=f"bytes={start}-{stop - 1}").status_code == 206
    begin, end = members(second)
    refused = [
        (0, size), (begin, end), (begin + 3, begin + 4), (begin - 1, begin + 1), (end - 1, end + 1),
        (first.offset, third.offset + third.length),
    ]  # fmt: skip
    for start, stop in refused:
        answer = server.get(address, range=f"bytes={start}-{stop - 1}")
        assert answer.status_code == 451, (start, stop)
    assert server.get(address).status_code == 451
    assert server.client.head(f"{server.url}{address}").status_code == 451


def test_what_is_withheld_while_a_file_is_sent_ends_it(site: Site) -> None:
    large = [
        (f"{URLS[0]}{number}", response(random.Random(number).randbytes(PIECE)), number)
        for number in range(8)
    ]
    *_, last = archive_messages(site.collection, *large)
    with (
        served(site) as server,
        server.client.stream("GET", f"{server.url}/warcs/{last.filename}") as answer,
    ):
        pieces = answer.iter_raw(1 << 16)
        got = [next(pieces)]
        withhold(site.collection, url=last.url)
        with pytest.raises(httpx.RemoteProtocolError):
            got.extend(pieces)
    assert sum(map(len, got)) <= last.offset


def test_bytes_between_the_captures_of_a_file_where_something_is_withheld(
    tmp_path: Path,
) -> None:
    """A request belongs to its response; what else lies there could be about anything."""
    store = MemoryStore()

    async def fill() -> list[Capture]:
        async with place(tmp_path, store) as here:
            kept = [await here.writer.keep("ondemand", [exchange(url)]) for url in URLS]
            await here.writer.seal()
            assert await here.drain()
            return [captures[0] for captures in kept]

    first, second, third = asyncio.run(fill())
    collection = Collection(store, Index(f"sqlite:///{tmp_path}/index.db"))
    with closing(collection), served(Site(collection=collection, view=View(collection))) as server:
        address = f"/warcs/{first.filename}"
        start, _ = members(first)
        assert start > 0  # behind the warcinfo record
        assert server.get(address, range=f"bytes=0-{start - 1}").status_code == 206
        withhold(collection, url=second.url)
        for begin, end in (members(first), members(third)):
            assert end - begin > third.length
            assert server.get(address, range=f"bytes={begin}-{end - 1}").status_code == 206
        asked, answered = members(second)[0], second.offset
        # The request alone, and what belongs to no capture.
        for begin, end in ((asked, answered), (0, start), (0, 1)):
            assert server.get(address, range=f"bytes={begin}-{end - 1}").status_code == 451


def test_a_file_in_the_spool(tmp_path: Path) -> None:
    async def main() -> None:
        async with place(tmp_path, MemoryStore()) as here:
            (one,) = await here.writer.keep("ondemand", [exchange(URLS[0])])
            site = Site(collection=here.collection, view=View(here.collection))
            with served(site) as server:
                await asyncio.to_thread(read_record, server, one)
                tag = await asyncio.to_thread(tag_of, server, one)
                (two,) = await here.writer.keep("ondemand", [exchange(URLS[1])])
                await asyncio.to_thread(read_record, server, two)
                # It has grown.
                assert await asyncio.to_thread(tag_of, server, one) != tag
                await here.writer.seal()
                assert await here.drain()
                await asyncio.to_thread(read_record, server, one)

    asyncio.run(main())


def read_record(server: Served, capture: Capture) -> None:
    last = capture.offset + capture.length - 1
    answer = server.get(f"/warcs/{capture.filename}", range=f"bytes={capture.offset}-{last}")
    assert answer.status_code == 206
    assert capture.url.encode() in gzip.decompress(answer.content)


def tag_of(server: Served, capture: Capture) -> str:
    return server.get(f"/warcs/{capture.filename}").headers["etag"]


def test_long_files_come_in_pieces(server: Served, site: Site) -> None:
    body = random.Random(1).randbytes(2 * PIECE + 5)
    (capture,) = archive_messages(site.collection, ("https://example.org/big", response(body), 0))
    answer = server.get(f"/warcs/{capture.filename}")
    assert answer.content == site.collection.store.get(key_of(capture.filename))
    assert len(answer.content) == int(answer.headers["content-length"]) > 2 * PIECE


def test_range_of() -> None:
    assert range_of("bytes=0-", 0) == NOTHING
    assert range_of("", 5) is None
