"""A process that extracts one page after the other, until its pool closes the connection.

Started by pipelines.text.pool as `python -m pipelines.text.worker MEMORY CPU`, with a socket as
standard input. MEMORY is in bytes of address space, CPU in seconds that one page may take.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import logging
import math
import os
import resource
import signal
import socket
import sys
from collections.abc import Callable

from archive.model import Article
from pipelines.extraction.page import RawPage, failed
from pipelines.text.framing import PREFIX, READY, frame, pack_article, unpack_page

_PR_SET_PDEATHSIG = 1
_WARM_UP = b"""<html lang="en"><head><title>Warm up</title></head><body><article><h1>Warm up</h1>
<p>A sentence that is long enough to be taken for a paragraph of an article, by any means.</p>
<p>Written on 21 January 2022, with another sentence that is just about as long as that.</p>
</article></body></html>"""


def main() -> None:
    """Serve the socket at descriptor 0 until it is closed."""
    memory, cpu = int(sys.argv[1]), float(sys.argv[2])
    _die_with_parent()
    _limit(resource.RLIMIT_AS, memory)
    _limit(resource.RLIMIT_CORE, 0)
    # What trafilatura logs of a page is told by the status of its article.
    logging.disable(logging.CRITICAL)
    # A pool that was killed meanwhile waits for nothing.
    with socket.socket(fileno=0) as connection, contextlib.suppress(ConnectionError):
        try:
            extract_page = _warm_up()
        except Exception as error:  # noqa: BLE001 - a disk without room, libraries that do not fit
            sys.exit(f"a text worker cannot begin: {type(error).__name__}: {error}")
        connection.sendall(frame(READY))
        while (head := _receive(connection)) is not None:
            body = _receive(connection)
            if body is None:
                return
            _allow_cpu(cpu)
            page = unpack_page(head, body)
            del body
            article, detail = _attempt(extract_page, page)
            connection.sendall(frame(pack_article(article, detail)))


def _attempt(
    extract_page: Callable[[RawPage], Article], page: RawPage
) -> tuple[Article, str | None]:
    try:
        return extract_page(page), None
    except Exception as error:  # noqa: BLE001 - whatever a page brings about is told to the pool
        return failed("crash"), f"{type(error).__name__}: {error}"


def _warm_up() -> Callable[[RawPage], Article]:
    """Import what extraction needs, and what it imports while it runs, before the first page."""
    from pipelines.extraction.extractor import extract_page

    extract_page(RawPage(url="http://localhost/", content_type="text/html", body=_WARM_UP))
    gc.collect()
    gc.freeze()
    return extract_page


def _receive(connection: socket.socket) -> bytes | None:
    """One message; None when the pool has closed the connection."""
    prefix = _exactly(connection, PREFIX)
    return _exactly(connection, int.from_bytes(prefix, "big")) if prefix is not None else None


def _exactly(connection: socket.socket, size: int) -> bytes | None:
    data = bytearray(size)
    view, at = memoryview(data), 0
    while at < size:
        count = connection.recv_into(view[at:])
        if not count:
            return None
        at += count
    return bytes(data)


def _limit(kind: int, value: int) -> None:
    """Lower the soft limit; a hard one that is lower already stays."""
    _, hard = resource.getrlimit(kind)
    resource.setrlimit(kind, (value if hard == resource.RLIM_INFINITY else min(value, hard), hard))


def _allow_cpu(seconds: float) -> None:
    """Have the kernel end this process when the page takes more: should the pool fail to."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    _limit(resource.RLIMIT_CPU, math.ceil(used.ru_utime + used.ru_stime + seconds) + 1)


def _die_with_parent() -> None:
    """Also while a page is being parsed, when nobody looks at the socket. Linux only."""
    if sys.platform == "linux":
        parent = os.getppid()
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it died in between
            sys.exit()


if __name__ == "__main__":
    main()
