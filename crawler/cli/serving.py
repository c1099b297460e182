"""`serve`: the archive in a browser, and for the clients of other web archives."""

from __future__ import annotations

import logging
import socket
from contextlib import ExitStack, closing
from ipaddress import ip_address
from secrets import token_bytes
from urllib.parse import urlsplit

import click

from archive.errors import ServerError, StateFailure, StoreUnavailable
from archive.restrictions.refreshing import Refreshing
from archive.state import State
from archive.store.waiting import within
from archive.tokens import Tokens
from archive.view import View
from archive.web.app import make_app
from archive.web.grants import Grants
from archive.web.guard.access_log import AccessLog
from archive.web.guard.origins import is_loopback_name
from archive.web.guard.register import TokenRegister
from archive.web.quick_thread import QuickThread
from archive.web.server import address_of, is_loopback, listen, serve
from archive.web.site import Site, WebSettings
from archive.web.store_threads import StoreThreads
from config.errors import ConfigurationError
from config.schema import Configuration
from config.serve import Serve
from crawler.cli.elsewhere import load_of_existing
from crawler.cli.exits import leave
from crawler.following import followed
from crawler.jobs.opening import open_queue
from crawler.opening import open_collection

logger = logging.getLogger(__name__)

_SIGNING_KEY = "web"
_LAST_SECONDS = 1.0
"""For what is still read when all requests have ended, or had their time."""


@click.command("serve")
@click.option("--host", help="Address to listen on; else `serve.host` (127.0.0.1).")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    help="Port to listen on; 0: any free one; else `serve.port` (8080).",
)
def serve_command(host: str | None, port: int | None) -> None:
    """Serve the collection over HTTP: pages, replay, Memento, CDX and the API.

    On loopback reading and saving are open. Elsewhere it takes a token (`pressmark token create`),
    or `public_read: true` for everybody to read.
    """
    configuration = load_of_existing()
    keys = configuration.serve
    with ExitStack() as stack:
        collection = stack.enter_context(closing(open_collection(configuration, waited_for=True)))
        listening = stack.enter_context(
            closing(
                listen(keys.host if host is None else host, keys.port if port is None else port)
            )
        )
        local = is_loopback(listening) and not _is_published(keys)
        tokens = _tokens(configuration, stack, local=local)
        if not local and not keys.public_read and (tokens is None or not tokens.any_in_force()):
            raise ConfigurationError(_refusal(listening))
        sockets = [listening]
        replaying = _replay(keys, listening, local=local)
        if replaying is not None:
            sockets.append(stack.enter_context(closing(replaying)))
        site = Site(
            collection=collection,
            view=View(collection),
            settings=_settings(keys, sockets, local=local),
            jobs=open_queue(configuration),
            sources=followed(configuration),
            tokens=None if tokens is None else TokenRegister(tokens),
            grants=_grants(tokens),
            access_log=_access_log(keys, local=local),
            store_threads=StoreThreads() if _is_elsewhere(configuration) else None,
            quick=QuickThread() if configuration.index_url.startswith("sqlite:") else None,
        )
        proxies = [str(network) for network in keys.proxies]
        ready = f"Pressmark serves {keys.public_url or _reached(keys, listening)}"
        stack.enter_context(Refreshing(site.view.restrictions, collection.store))
        serve(make_app(site), sockets, lambda: click.echo(ready), proxies)
        _end(site)


def _is_elsewhere(configuration: Configuration) -> bool:
    """Whether reads of the store cross a network."""
    return configuration.collection_uri.startswith("s3:")


def _end(site: Site) -> None:
    """Whoever was served had time to be; what a store, a database or a disk that is stuck keeps in
    a thread is left."""
    try:
        within(_LAST_SECONDS, site.collection.store.uri, lambda: site.shut_down(wait=True))
    except StoreUnavailable:
        logger.warning(
            "ending although the store, a database or the disk of the access log has not answered"
        )
        leave(0)


def _reached(keys: Serve, listening: socket.socket) -> str:
    """Where browsers find it: all addresses of the machine are the address of nobody."""
    host, port, *_ = listening.getsockname()
    if not ip_address(host.partition("%")[0]).is_unspecified:
        return address_of(listening)
    told = f"http://127.0.0.1:{port}, and port {port} of every address of this machine"
    if keys.replay_port is None and keys.replay_host is None:
        told += "; to show archived pages there set `serve.replay_port`, or `serve.replay_host`"
    return told


def _is_published(keys: Serve) -> bool:
    """Whether somebody passes on what comes from elsewhere, so that loopback says nothing."""
    public = urlsplit(keys.public_url or "").hostname
    names = [*keys.hosts, *([public] if public else [])]
    return bool(keys.proxies) or not all(map(is_loopback_name, names))


def _refusal(listening: socket.socket) -> str:
    return (
        f"{address_of(listening)} can be reached by others than this machine, and nobody has a "
        "token: make one with `pressmark token create NAME`, or set `serve: {public_read: true}` "
        "to let everybody read"
    )


def _tokens(configuration: Configuration, stack: ExitStack, *, local: bool) -> Tokens | None:
    """None: without them a server for this machine alone still shows all that there is."""
    try:
        state = State(configuration.state_url)
    except StateFailure as error:
        if not local:
            raise
        logger.warning(
            "nobody can administer this server, for no token can be looked up: %s", error
        )
        return None
    return Tokens(stack.enter_context(closing(state)))


def _grants(tokens: Tokens | None) -> Grants:
    """Signing with the key of the state, so that several servers know each other's sessions."""
    try:
        return Grants(tokens.signing_key(_SIGNING_KEY) if tokens else token_bytes(32))
    except StateFailure as error:
        logger.warning("who signs in now is not known to the next server: %s", error)
        return Grants(token_bytes(32))


def _replay(keys: Serve, listening: socket.socket, *, local: bool) -> socket.socket | None:
    """A second port for archived pages, where it was asked for; on this machine, whose names have
    none beside them, always: the next one, or any."""
    host, port, *_ = listening.getsockname()
    if keys.replay_port is not None:
        logger.warning(
            "archived pages are shown on another port of this host, which shares its cookies: give "
            "them a name with `serve.replay_host` if it has one"
        )
        return listen(host, keys.replay_port)
    if not local or keys.replay_host is not None:
        return None
    try:
        return listen(host, port + 1)
    except (ServerError, OverflowError):
        return listen(host, 0)


def _settings(keys: Serve, sockets: list[socket.socket], *, local: bool) -> WebSettings:
    ports = [listening.getsockname()[1] for listening in sockets]
    return WebSettings(
        public_url=keys.public_url,
        local=local,
        public_read=keys.public_read,
        hosts=keys.hosts,
        port=ports[0],
        replay_host=keys.replay_host,
        replay_port=ports[1] if len(ports) > 1 else None,
        save_rate=_rate(keys, "save_rate", local=local),
        search_rate=_rate(keys, "search_rate", local=local),
        body_limit=keys.body_limit,
        concurrency=keys.concurrency,
    )


def _rate(keys: Serve, key: str, *, local: bool) -> int:
    """On loopback one stands in nobody's way: there a rate counts only where it was chosen."""
    rate: int = getattr(keys, key)
    return 0 if local and key not in keys.model_fields_set else rate


def _access_log(keys: Serve, *, local: bool) -> AccessLog | None:
    target = keys.access_log or ("none" if local else "stderr")
    return None if target == "none" else AccessLog(target)
