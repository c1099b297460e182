"""Servers that tokens guard, each with its settings; and the tokens, which all of them share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace

import pytest

from archive.state import State
from archive.tokens import SCOPES, Token, Tokens
from archive.web.guard.register import TokenRegister
from archive.web.site import WebSettings
from tests.archive.web.serving import Served, open_site, served

Serving = Callable[..., Served]


@pytest.fixture(scope="module")
def tokens(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tokens]:
    """Those of a fresh state."""
    with closing(State(f"sqlite:///{tmp_path_factory.mktemp('state')}/state.db")) as state:
        yield Tokens(state)


@dataclass(frozen=True, slots=True)
class Held:
    """A token, and what its holder has."""

    token: Token
    secret: str


@pytest.fixture(scope="module")
def held(tokens: Tokens) -> dict[str, Held]:
    """A token for each scope; every server knows them from its first request on."""
    return {scope: Held(*tokens.create(f"for-{scope}", scope)) for scope in SCOPES}


@pytest.fixture(scope="module")
def servers(
    tmp_path_factory: pytest.TempPathFactory,
    tokens: Tokens,
    held: dict[str, Held],
) -> Iterator[Callable[[WebSettings], Served]]:
    """A server for each of the settings that a module asks for."""
    running: dict[WebSettings, Served] = {}
    with ExitStack() as stack:

        def start(settings: WebSettings) -> Served:
            if settings not in running:
                folder = tmp_path_factory.mktemp("index")
                site = stack.enter_context(open_site(f"sqlite:///{folder}/index.db"))
                chosen = replace(site, settings=settings, tokens=TokenRegister(tokens))
                running[settings] = stack.enter_context(served(chosen))
            return running[settings]

        yield start


@pytest.fixture
def serving(servers: Callable[[WebSettings], Served]) -> Serving:
    """The server with the given WebSettings, by default one that other machines reach. Nobody is
    signed in."""

    def serve(**settings: object) -> Served:
        chosen = {"local": False, **settings}
        server = servers(WebSettings(**chosen))  # type: ignore[arg-type] # a test's own values
        server.client.cookies.clear()
        return server

    return serve
