"""`python -m benchmarks serve`: beside pywb, from S3, under slow clients, and for a minute."""

from __future__ import annotations

import random
import socket
import statistics
import tempfile
import time
import urllib.request
from collections.abc import Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from urllib.parse import quote

from archive.cdxj import from_line
from archive.model import Capture
from archive.names import key_of
from archive.store.local import LocalStore
from benchmarks.ratio import Ratio
from benchmarks.serving.corpus import Corpus, make
from benchmarks.serving.from_s3 import from_s3
from benchmarks.serving.load import Load, load
from benchmarks.serving.servers import Server, pressmark, pywb

_ASKED = 20_000
_SECONDS = 8
_SLOW = 200
_SOAK = 60


def serve(captures: int, rounds: int) -> list[Ratio]:
    """All of it. 120,000 captures take about 3 GB of disk while it runs."""
    with tempfile.TemporaryDirectory(prefix="press-bench-") as name:
        folder = Path(name)
        for part in ("home", "pywb", "load"):
            (folder / part).mkdir()
        store = LocalStore(folder / "home/collection")
        index = f"sqlite:///{folder}/home/index.db"
        corpus = make(store, index, folder / "index.cdxj", captures)
        asked = _asked(corpus)
        warcs = (folder / "home/collection" / key_of(corpus.segments[0])).parent
        with (
            pressmark(folder / "home") as ours,
            pywb(corpus, warcs, folder / "pywb") as peer,
        ):
            found = _beside(ours, peer, asked, folder / "load", rounds)
            found.append(_slow_clients(ours))
            found += _soak(ours, asked, folder / "load")
        return [*found, from_s3()]


def _asked(corpus: Corpus) -> list[Capture]:
    with corpus.cdxj.open() as lines:
        every = [from_line(line) for line in lines]
    return random.Random(5).sample(every, min(_ASKED, len(every)))


def _raw(captures: Sequence[Capture], collection: str) -> list[str]:
    return [f"/{collection}/{each.timestamp}id_/{each.url}" for each in captures]


def _exact(captures: Sequence[Capture], collection: str) -> list[str]:
    return [f"{collection}/cdx?output=json&url={quote(each.url, safe='')}" for each in captures]


def _beside(
    ours: Server, peer: Server, asked: Sequence[Capture], folder: Path, rounds: int
) -> list[Ratio]:
    found = []
    for name, floor, mine, theirs in (
        ("raw captures", 5.0, _raw(asked, "web"), _raw(asked, "bench")),
        ("CDX of one URL", 8.0, _exact(asked, ""), _exact(asked, "/bench")),
    ):
        pairs: list[tuple[Load, Load]] = []
        load(ours.base, mine, folder, seconds=2)
        load(peer.base, theirs, folder, seconds=2)
        for number in range(rounds):
            turns = [(ours, mine), (peer, theirs)]
            # The order turns, so that neither always comes first.
            done = {
                server.base: load(server.base, paths, folder, seconds=_SECONDS)
                for server, paths in (turns if number % 2 else turns[::-1])
            }
            pairs.append((done[ours.base], done[peer.base]))
            print(f"  {name}: {pairs[-1][0]} pywb {pairs[-1][1]}")
        wrong = sum(pair[0].wrong + pair[0].broken + pair[1].wrong for pair in pairs)
        if wrong:
            raise SystemExit(f"{name}: {wrong} answers were wrong")
        rate = statistics.median(pair[0].rate / pair[1].rate for pair in pairs)
        tail = statistics.median(pair[0].p99 / pair[1].p50 for pair in pairs)
        mine_a_second, theirs_a_second = (
            statistics.median(each.rate for each in column) for column in zip(*pairs, strict=True)
        )
        detail = f"a second: {mine_a_second:.0f}, pywb {theirs_a_second:.0f}"
        found.append(Ratio(f"{name}, of pywb", rate, floor, detail=detail))
        found.append(Ratio(f"{name}: p99 of pywb's p50", tail, 1.0, most=True))
    return found


def _slow_clients(server: Server) -> Ratio:
    """The slowest of 100 answers of /health, in ms, while others send a byte now and then."""
    host, _, port = server.base.removeprefix("http://").partition(":")
    with ExitStack() as stack:
        held = []
        for _ in range(_SLOW):
            held.append(stack.enter_context(closing(socket.create_connection((host, int(port))))))
            held[-1].sendall(b"GET /web/timemap/link/http://x.example/ HTTP/1.1\r\nHost: ")
        times = []
        for number in range(100):
            for each in held[number % 10 :: 10]:
                try:
                    each.sendall(b"l")
                except OSError:
                    continue  # it was shown out, as it should be
            began = time.perf_counter()
            urllib.request.urlopen(f"{server.base}/health", timeout=30).close()
            times.append(1000 * (time.perf_counter() - began))
    detail = f"median {statistics.median(times):.1f} ms"
    return Ratio(
        f"/health beside {_SLOW} slow clients, ms", max(times), 100, most=True, detail=detail
    )


def _soak(server: Server, asked: Sequence[Capture], folder: Path) -> list[Ratio]:
    """Growth of memory over a minute of everything that is asked often."""
    paths = [
        path for pair in zip(_raw(asked, "web"), _exact(asked, ""), strict=True) for path in pair
    ]
    load(server.base, paths, folder, seconds=5, connections=16)
    before = server.resident()
    done = load(server.base, paths, folder, seconds=_SOAK, connections=16)
    growth = server.resident() / before
    detail = f"{before:.0f} MB, {done.rate:.0f} a second, p99 {done.p99:.1f} ms"
    return [
        Ratio(f"memory after {_SOAK} s, of before", growth, 1.1, most=True, detail=detail),
        Ratio(f"answers that were wrong in {_SOAK} s", done.wrong + done.broken, 0, most=True),
    ]
