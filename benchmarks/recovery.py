"""A spool of a process that died, as large as is wished, and the time that its recovery takes.

    python -m benchmarks.recovery [GIGABYTES]

What is in it is what crawls of news sites leave: pages coded gzip in chunks, pages and scripts as
they are, five pictures a page. Uploads do not count: the store takes nothing.
"""

from __future__ import annotations

import gzip
import json
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from archive.block import Block
from archive.http import parse_head
from archive.index import Index
from archive.model import Connection, Exchange
from archive.recovery import adopt
from archive.segment import OpenSegment
from archive.spool import Spool
from archive.store.memory import MemoryStore
from archive.timestamps import now
from archive.upload import Uploader
from benchmarks.pages import generated

_PICTURES = 5
_GROUP = 60  # exchanges from one fsync to the next, as a busy crawl has them


def main() -> None:
    """Fill a spool, recover it, and print one line of JSON."""
    size = int(float(sys.argv[1] if len(sys.argv) > 1 else "1") * 1e9)
    with tempfile.TemporaryDirectory(prefix="press-bench-") as folder:
        home = Path(folder)
        captures = fill(home, size)
        seconds, cpu = recover(home)
        line = {"bytes": size, "captures": captures, "seconds": seconds, "cpu": cpu}
        print(json.dumps(line))


def fill(home: Path, size: int) -> int:
    """Leave an open segment of `size` compressed bytes; how many captures are in it."""
    spool = Spool.create(home)
    segment = OpenSegment(spool.path, "bench")
    written = 0
    for exchange in _exchanges():
        segment.append(exchange)
        written += 1
        if written % _GROUP == 0:
            segment.sync()
            if segment.size >= size:
                break
    segment.sync()
    segment.close()
    spool.close()
    return written


def recover(home: Path) -> tuple[float, float]:
    """Seconds, and seconds of CPU, until all of the spool is sealed and in an index, empty before.

    On a machine that does something else only the latter says what recovery takes.
    """
    index = Index(f"sqlite:///{home}/index.db")
    uploader = Uploader(MemoryStore(), index)
    uploader.close()
    began, used = time.monotonic(), time.process_time()
    spools = adopt(home, index, uploader)
    seconds, cpu = time.monotonic() - began, time.process_time() - used
    for spool in spools:
        spool.close()
    index.close()
    return seconds, cpu


def _exchanges() -> Iterator[Exchange]:
    chance = random.Random(20261122)
    pages = generated(1)
    moment, number = now(), 0
    pictures = [chance.randbytes(chance.randint(4_000, 90_000)) for _ in range(200)]
    while True:
        number += 1
        page = chance.choice(pages)
        moment += timedelta(milliseconds=300)
        site = f"https://www.example.org/{number}"
        yield _exchange(f"{site}/", moment, "text/html; charset=utf-8", gzip.compress(page, 6), 1)
        yield _exchange(f"{site}/plain", moment, "text/html; charset=utf-8", page, 0)
        yield _exchange(f"{site}/site.js", moment, "text/javascript", page[:40_000], 0)
        for picture in range(_PICTURES):
            data = chance.choice(pictures)
            yield _exchange(f"{site}/{picture}.jpg", moment, "image/jpeg", data, 0)


def _exchange(url: str, moment: datetime, mime: str, body: bytes, coded: int) -> Exchange:
    lines = [
        "HTTP/1.1 200 OK",
        "Date: Sun, 22 Nov 2026 10:00:00 GMT",
        "Server: nginx",
        f"Content-Type: {mime}",
        "Cache-Control: public, max-age=600",
        "Strict-Transport-Security: max-age=31536000; includeSubDomains",
        "Vary: Accept-Encoding",
    ]
    if coded:
        lines += ["Content-Encoding: gzip", "Transfer-Encoding: chunked"]
        pieces = [body[at : at + 4096] for at in range(0, len(body), 4096)]
        body = b"".join(b"%x\r\n%b\r\n" % (len(one), one) for one in pieces) + b"0\r\n\r\n"
    else:
        lines.append(f"Content-Length: {len(body)}")
    block = ("\r\n".join(lines) + "\r\n\r\n").encode() + body
    head = parse_head(block)
    request = f"GET {url} HTTP/1.1\r\nHost: www.example.org\r\nUser-Agent: bench\r\n\r\n"
    return Exchange(
        url=url,
        method="GET",
        started=moment,
        request=Block(request.encode()),
        response=Block(block),
        head_length=head.length,
        status=head.status,
        mime=head.mime,
        connection=Connection(
            ip="192.0.2.7", tls_version="TLSv1.3", cipher="TLS_AES_256_GCM_SHA384"
        ),
        source="bench",
        job="20261122100000000-abcdefghij",
    )


if __name__ == "__main__":
    main()
