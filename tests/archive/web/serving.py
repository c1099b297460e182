"""A server on a free port of this machine, in a thread, over a collection that a test has made."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from starlette.types import ASGIApp

from archive.collection import Collection
from archive.index import Index
from archive.store.local import LocalStore
from archive.store.memory import MemoryStore
from archive.view import View
from archive.web.app import make_app
from archive.web.quick_thread import QuickThread
from archive.web.server import address_of, configuration, listen
from archive.web.site import Site


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A server that runs."""

    url: str  #: without a slash at the end
    site: Site
    client: httpx.Client  #: follows no redirects, and sends paths as they are written

    def get(self, path: str, **headers: str) -> httpx.Response:
        """GET of a path on the server; `accept_datetime` is Accept-Datetime."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.get(f"{self.url}{path}", headers=named)


@contextmanager
def running(app: ASGIApp) -> Iterator[str]:
    """Run an application; its address."""
    listening = listen("127.0.0.1", 0)
    server = uvicorn.Server(configuration(app))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        # The socket listens already: who connects before the start waits.
        yield address_of(listening)
    finally:
        server.should_exit = True
        thread.join()


@contextmanager
def served(site: Site) -> Iterator[Served]:
    """Serve a site as the command does."""
    if site.quick is None and site.collection.index.software.startswith("SQLite"):
        site = replace(site, quick=QuickThread())
    with running(make_app(site)) as url, httpx.Client(timeout=60) as client:
        yield Served(url=url, site=site, client=client)
    if site.tokens is not None:
        site.tokens.shutdown(wait=True)


@contextmanager
def open_site(database: str) -> Iterator[Site]:
    """A site over an empty collection in memory; `database` is the URL of its index."""
    with closing(Collection(MemoryStore(), Index(database))) as collection:
        yield Site(collection=collection, view=View(collection))


@contextmanager
def stored_site(home: Path, **fields: Any) -> Iterator[Site]:
    """A site over the collection that was made in a folder; `fields` of `Site` beside it."""
    store, index = LocalStore(home / "collection"), Index(f"sqlite:///{home}/index.db")
    with closing(Collection(store, index)) as collection:
        yield Site(collection=collection, view=View(collection), **fields)
