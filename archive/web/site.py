"""What a server serves, and the threads that its work is done in."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import chain
from secrets import token_bytes
from typing import TypeVar, TypeVarTuple

from starlette.responses import Response, StreamingResponse
from starlette.types import Scope

from archive.collection import Collection
from archive.errors import TakesLong
from archive.jobs import JobQueue
from archive.view import View
from archive.web.following import Followed
from archive.web.grants import Grants
from archive.web.guard.access_log import AccessLog
from archive.web.guard.metrics import Metrics
from archive.web.guard.register import TokenRegister
from archive.web.quick_thread import QuickThread
from archive.web.replay.origins import Origins
from archive.web.stock import Stock
from archive.web.store_threads import StoreThreads

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

_THREADS = 8
_PIECE = 1 << 16
_WORTH_CODING = 1 << 10
_LEVEL = 1
_GZIP = 31
"""Window of zlib that stands for gzip."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSettings:
    """What an operator chose for the server."""

    #: the address that people use, e.g. "https://archive.example.org", without a slash at the end;
    #: None: that of each request
    public_url: str | None = None
    #: the server can be reached from this machine alone, and stands behind no proxy: reading and
    #: saving are open
    local: bool = True
    #: everybody may read
    public_read: bool = False
    #: names by which it may be asked, beside addresses, loopback's and `public_url`'s; "*.x", "*"
    hosts: tuple[str, ...] = ()
    #: name of the origin of archived pages; None: "replay." and the name that was asked for
    replay_host: str | None = None
    #: port of the origin of archived pages, which is then no name of its own
    replay_port: int | None = None
    #: port of everything else, where `replay_port` is given
    port: int | None = None
    #: requests to save that one client has in a minute; 0: any number
    save_rate: int = 0
    #: searches likewise
    search_rate: int = 0
    #: bytes of a request's body
    body_limit: int = 1 << 20
    #: requests that are answered at once
    concurrency: int = 256

    @property
    def origins(self) -> Origins:
        """Where archived pages are shown, and where everything else is."""
        return Origins(
            public_url=self.public_url,
            port=self.port,
            replay_host=self.replay_host,
            replay_port=self.replay_port,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Handlers find it in `scope["app"].state.site`."""

    collection: Collection
    view: View  #: what of it is shown: handlers read through this alone
    settings: WebSettings = WebSettings()
    sources: tuple[Followed, ...] = ()  #: what is followed
    jobs: JobQueue | None = None  #: where URLs are handed in to be archived; None: saving is off
    #: who may do what; None: nobody has a token, and nobody can be given one
    tokens: TokenRegister | None = None
    #: of several servers before one collection all need the same key
    grants: Grants = field(default_factory=lambda: Grants(token_bytes(32)))
    metrics: Metrics = field(default_factory=Metrics)  #: of this server
    access_log: AccessLog | None = None  #: of this server; None: it keeps none
    #: how much there is, for pages and metrics
    stock: Stock = field(default_factory=Stock)
    #: a database or a store that is slow must not hold up those who ask for something else
    threads: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(_THREADS, thread_name_prefix="web")
    )

    #: for what reads a store that is elsewhere; None: it is here, and `threads` do that too
    store_threads: StoreThreads | None = None
    #: for what asks an index in a file a few small questions; None: `threads` do that too
    quick: QuickThread | None = None

    async def look_up(self, work: Callable[[*Ts], T], *args: *Ts) -> T:
        """Do what is done in less than a millisecond as a rule, and asks the index alone."""
        if self.quick is None or self.quick.is_late:
            return await self.call(work, *args)
        return await self.quick.call(work, *args)

    async def find(self, work: Callable[[View], T], *, quick: bool = True) -> T:
        """Look something up in a view of this moment, as `look_up` does or else `call`. Where it
        must read the store, to tell whether a revisit is withheld, it waits with those who do."""
        try:
            return await (self.look_up if quick else self.call)(lambda: work(self.view.soon()))
        except TakesLong:
            return await self.read(lambda: work(self.view.settled()))

    async def call(self, work: Callable[[*Ts], T], *args: *Ts) -> T:
        """Do in a thread what asks the index alone. A request should need this once: a change of
        threads costs as much as a look-up."""
        return await asyncio.get_running_loop().run_in_executor(self.threads, work, *args)

    async def read(self, work: Callable[[*Ts], T], *args: *Ts) -> T:
        """The same for what may read the store, or write to it."""
        if self.store_threads is None:
            return await self.call(work, *args)
        return await self.store_threads.call(work, *args)

    def shut_down(self, *, wait: bool) -> None:
        """Begin nothing in the threads any more. `wait`: until what was begun is done, which with
        a store, a database or a disk that is stuck never happens."""
        for more in (self.access_log, self.tokens, self.store_threads, self.quick):
            if more is not None:
                more.shutdown(wait=wait)
        self.threads.shutdown(wait=wait, cancel_futures=True)

    async def answer(
        self,
        make: Callable[[], Iterator[bytes]],
        headers: dict[str, str],
        status: int = 200,
        *,
        gzip: bool = False,
        reads: bool = False,
        gone: Callable[[], Awaitable[bool]] | None = None,
    ) -> Response:
        """What `make` yields: with its length where it is small, else as it comes.

        What it raises before the first 64 KiB are full is raised here. An empty piece says that a
        long search goes on: others have the thread then, and where `gone` says that the client has
        left it ends. `gzip`: the client takes that coding. `reads`: `make` reads the store.
        """
        pieces, batch, ended = await (self.read if reads else self.look_up)(_begun, make)

        async def more() -> tuple[bytes, bool]:
            return await (self.read if reads else self.call)(_batch, pieces)

        while not ended and len(batch) < _PIECE:
            if gone is not None and await gone():
                return Response(status_code=204)  # seen by nobody
            piece, ended = await more()
            batch += piece
        if gzip and len(batch) >= _WORTH_CODING:
            headers = {**headers, "Content-Encoding": "gzip"}
            pieces = _gzipped(chain((batch,), pieces))
            batch, ended = await more()
        if ended:
            return Response(batch, status, headers)
        return StreamingResponse(_streamed(batch, more), status, headers)

    def secure(self, scope: Scope) -> bool:
        """Whether the browser talks https, to us or to the proxy before us."""
        public = self.settings.public_url
        return scope["scheme"] == "https" or (public is not None and public.startswith("https:"))

    def base_url(self, scope: Scope) -> str:
        """Scheme and host that the client knows us by, without a slash at the end."""
        if self.settings.public_url is not None:
            return self.settings.public_url
        host = next((value for name, value in scope["headers"] if name == b"host"), b"")
        name = host.decode("latin-1") or "{}:{}".format(*(scope.get("server") or ("", "")))
        return f"{scope['scheme']}://{name}"


def site_of(scope: Scope) -> Site:
    """The site of a request."""
    site: Site = scope["app"].state.site
    return site


async def _streamed(
    batch: bytes, more: Callable[[], Awaitable[tuple[bytes, bool]]]
) -> AsyncIterator[bytes]:
    ended = False
    while not ended:
        if batch:
            yield batch
        batch, ended = await more()
    if batch:
        yield batch


def _begun(make: Callable[[], Iterator[bytes]]) -> tuple[Iterator[bytes], bytes, bool]:
    pieces = make()
    return pieces, *_batch(pieces)


def _batch(pieces: Iterator[bytes]) -> tuple[bytes, bool]:
    """The next 64 KiB or a little more, less before an empty piece, and whether it is the end."""
    batch, size = [], 0
    for piece in pieces:
        batch.append(piece)
        size += len(piece)
        if size >= _PIECE or not piece:
            return b"".join(batch), False
    return b"".join(batch), True


def _gzipped(pieces: Iterable[bytes]) -> Iterator[bytes]:
    packer = zlib.compressobj(_LEVEL, wbits=_GZIP)
    for piece in pieces:
        packed = packer.compress(piece)
        if packed or not piece:
            yield packed
    yield packer.flush()
