"""A server with both origins over pages of our own making, and the web that they came from.

That web is a proxy which every name leads to but those of this machine: what it is asked for has
left the archive. It answers, so that what leaks is also seen.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import uvicorn
from playwright.sync_api import Frame, Page

from archive.model import Capture
from archive.timestamps import to_timestamp
from archive.tokens import Tokens
from archive.web.app import make_app
from archive.web.guard.register import TokenRegister
from archive.web.server import configuration, listen
from archive.web.site import Site, WebSettings
from tests.archive.web.serving import open_site
from tests.exchanges import STARTED, response
from tests.keeping import archive_messages
from tests.servers.wire import Wire, WireServer, reply

HTML = b"Content-Type: text/html; charset=utf-8"
AT = to_timestamp(STARTED)
"""When the pages were captured; 14 digits."""

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c63785a5f"
    "0f00042c01e4e2bf94fd0000000049454e44ae426082"
)
"""A picture of one pixel."""

LIVE = "This is the live web"
_SENTINEL = "http://sentinel.example/"

Message = tuple[str, bytes, int]
"""URL, response, seconds after STARTED."""


def html(url: str, body: str, *headers: bytes, seconds: int = 0) -> Message:
    """A page in UTF-8."""
    return url, response(body.encode(), HTML, *headers), seconds


def file(url: str, body: bytes, mime: str, *, seconds: int = 0) -> Message:
    """Something that a page needs."""
    return url, response(body, b"Content-Type: " + mime.encode()), seconds


async def live(wire: Wire) -> None:
    """The web: whatever is asked for, it has it."""
    while request := await wire.request():
        if request.startswith(b"CONNECT "):
            await wire.send(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
        else:
            await wire.send(reply(f"<h1>{LIVE}</h1>".encode(), HTML, b"Cache-Control: no-store"))


class Web(WireServer):
    """The proxy before everything that is not on this machine."""

    def asked(self) -> list[str]:
        """Request lines that are for a host of a page, in order; the browser talks to its maker by
        itself."""
        lines = [
            line.decode("latin-1")
            for wire in self.wires
            for line in bytes(wire.received).split(b"\r\n")
            if line.endswith((b" HTTP/1.1", b" HTTP/1.0"))
        ]
        return [line for line in lines if ".example" in line]


@dataclass(frozen=True, slots=True)
class Tls:
    """Files in PEM."""

    certificate: Path
    key: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Both origins, and what to open pages with."""

    scheme: str
    port: int
    replay_port: int
    site: Site
    captures: list[Capture]

    @property
    def main(self) -> str:
        """The main origin by a name that has a sibling."""
        return f"{self.scheme}://archive.localhost:{self.port}"

    @property
    def by_address(self) -> str:
        """The main origin by an address, which needs the second port."""
        return f"{self.scheme}://127.0.0.1:{self.port}"

    def url(self, url: str, at: str = AT, *, main: str | None = None) -> str:
        """Where a capture is shown."""
        return f"{main or self.main}/web/{at}/{url}"

    def show(self, page: Page, url: str, at: str = AT, *, main: str | None = None) -> Frame:
        """Open a capture; the frame of the archived page, when all of it is there."""
        page.goto(self.url(url, at, main=main))
        return shown(page)


def shown(page: Page, url: str | None = None) -> Frame:
    """The frame of the archived page, when it is there (`url`: when it is this one)."""
    wrapper = page.frame_locator("#archived")
    which = "[data-shown]" if url is None else f'[data-shown="{url}"]'
    inner = wrapper.locator(f"iframe#page{which}").element_handle()
    frame = inner.content_frame()
    assert frame is not None
    return frame


def settle(page: Page) -> None:
    """Wait until what the page has set going is over: what is asked for afterwards has come."""
    page.wait_for_timeout(200)
    other = page.context.new_page()
    other.goto(_SENTINEL)
    assert LIVE in other.inner_text("body")
    other.close()


def leaked(web: Web) -> list[str]:
    """Request lines that have left the archive, but for those of `settle`."""
    return [line for line in web.asked() if _SENTINEL not in line]


def inner_frame(page: Page, frame: Frame, number: int = 0) -> Frame:
    """A frame of the archived page, when it has come from the archive."""
    for _ in range(600):
        frames = frame.child_frames
        if len(frames) > number and "/r/" in frames[number].url:
            frames[number].wait_for_load_state()
            return frames[number]
        page.wait_for_timeout(50)
    raise AssertionError(
        f"no frame {number} from the archive: {[f.url for f in frame.child_frames]}"
    )


@contextmanager
def staged(
    folder: Path,
    messages: Sequence[Message],
    *,
    tokens: Tokens | None = None,
    tls: Tls | None = None,
) -> Iterator[Stage]:
    """Serve an archive of these messages on two free ports. With `tokens` nobody may read without
    one."""
    with open_site(f"sqlite:///{folder}/index.db") as empty:
        captures = archive_messages(empty.collection, *messages)
        sockets = [listen("127.0.0.1", 0), listen("127.0.0.1", 0)]
        port, replay_port = (each.getsockname()[1] for each in sockets)
        settings = WebSettings(port=port, replay_port=replay_port, local=tokens is None)
        register = None if tokens is None else TokenRegister(tokens)
        site = replace(empty, settings=settings, tokens=register)
        config = configuration(make_app(site))
        if tls is not None:
            config.ssl_certfile, config.ssl_keyfile = str(tls.certificate), str(tls.key)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": sockets})
        thread.start()
        try:
            yield Stage(
                scheme="http" if tls is None else "https",
                port=port,
                replay_port=replay_port,
                site=site,
                captures=captures,
            )
        finally:
            server.should_exit = True
            thread.join()
            if register is not None:
                register.shutdown(wait=True)
