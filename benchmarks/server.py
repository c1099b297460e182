"""A page server that costs little: answers prepared, one write a request. Run as a process.

python -m benchmarks.server gzip|identity [FOLDER]     prints its port, ends with its input
"""

from __future__ import annotations

import asyncio
import functools
import gzip
import sys
from pathlib import Path

from benchmarks.pages import site

_ROBOTS = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 14\r\n\r\nUser-agent: *\n"
)


def _answer(body: bytes, coding: str) -> bytes:
    headers = b"Content-Type: text/html; charset=utf-8\r\n"
    if coding == "gzip":
        body = gzip.compress(body, 6, mtime=0)
        headers += b"Content-Encoding: gzip\r\n"
    return b"HTTP/1.1 200 OK\r\n%sContent-Length: %d\r\n\r\n%s" % (headers, len(body), body)


@functools.cache
def _large(megabytes: int) -> bytes:
    piece = bytes(range(256)) * 4096
    head = (
        b"HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: %d\r\n\r\n"
    )
    return head % (len(piece) * megabytes) + piece * megabytes


class Server:
    """Answers /robots.txt, /large/N (MiB) and every other path with one of the pages."""

    def __init__(self, pages: list[bytes], coding: str) -> None:
        self._answers = [_answer(page, coding) for page in pages]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                path = head.split(b" ", 2)[1].decode()
                writer.write(self._find(path))
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    def _find(self, path: str) -> bytes:
        if path == "/robots.txt":
            return _ROBOTS
        kind, _, number = path.strip("/").partition("/")
        if kind == "large":
            return _large(int(number.partition("?")[0]))
        return self._answers[int(number or 0) % len(self._answers)]


async def _main() -> None:
    coding = sys.argv[1]
    pages = site(Path(sys.argv[2]) if len(sys.argv) > 2 else None)
    server = await asyncio.start_server(Server(pages, coding).serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.read)
    server.close()


if __name__ == "__main__":
    asyncio.run(_main())
