"""Bodies that are decoded for a client, and how much of them is held."""

from __future__ import annotations

import asyncio
import gzip
import tracemalloc
from collections.abc import Callable, Iterator

import pytest
from starlette.responses import StreamingResponse

from archive.errors import ContentError
from archive.web import bodies
from archive.web.bodies import HELD, decoded
from tests.archive.web.serving import Served, open_site, served
from tests.exchanges import response
from tests.keeping import archive_messages

LARGE = 64 << 20
BOMB = gzip.compress(bytes(LARGE))
URL = "http://example.org/large"


async def _call(work: Callable[..., bytes], *args: object) -> bytes:
    return work(*args)


@pytest.mark.parametrize("size", [0, 1, HELD, HELD + 1, 3 * HELD])
def test_everything_arrives(size: int) -> None:
    data = bytes(range(251)) * (size // 251 + 1)
    data = data[:size]
    body = decoded(["gzip"], gzip.compress(data))
    assert (body.size, body.pieces is None) == (size, size <= HELD)
    assert body.whole() == data
    assert body.start == (data if size <= HELD else data[:1024])

    async def sent() -> bytes:
        answer = body.response(200, _call)
        if not isinstance(answer, StreamingResponse):
            return bytes(answer.body)
        return b"".join([bytes(piece) async for piece in answer.body_iterator])  # type: ignore[arg-type]  # bytes, as given

    assert asyncio.run(sent()) == data


def test_a_large_one_is_not_held() -> None:
    body = decoded(["gzip"], BOMB)
    tracemalloc.start()
    try:
        answers = [body.response(200, _call) for _ in range(4)]

        async def begun() -> None:
            for answer in answers:
                assert isinstance(answer, StreamingResponse)
                assert await anext(aiter(answer.body_iterator))

        asyncio.run(begun())
        assert tracemalloc.get_traced_memory()[1] < LARGE // 8
    finally:
        tracemalloc.stop()


def test_what_is_wrong_at_its_end_is_known_before_it_is_sent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(ContentError):
        decoded(["gzip"], gzip.compress(bytes(2 * HELD))[:-8] + b"wrongsum")
    monkeypatch.setattr(bodies, "DECODED_LIMIT", LARGE - 1)
    with pytest.raises(ContentError, match="more than"):
        decoded(["gzip"], BOMB)


@pytest.fixture
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """With one large page."""
    message = response(BOMB, b"Content-Type: image/png", b"Content-Encoding: gzip")
    with open_site(f"sqlite:///{tmp_path_factory.mktemp('served')}/index.db") as site:
        archive_messages(site.collection, (URL, message, 0))
        with served(site) as running:
            yield running


def test_served_whole_with_its_length(server: Served) -> None:
    at = server.site.view.find(URL).timestamp
    address = f"{server.url}/web/{at}id_/{URL}"
    headers = {"Accept-Encoding": "identity"}
    head = server.client.head(address, headers=headers)
    assert head.headers["content-length"] == str(LARGE)
    with server.client.stream("GET", address, headers=headers) as answer:
        assert answer.headers["content-length"] == str(LARGE)
        assert sum(map(len, answer.iter_raw())) == LARGE
