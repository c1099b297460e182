"""Looking tokens up: what is remembered, for how long, and when the state is away."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from archive.errors import StateFailure
from archive.state import State
from archive.tokens import Token, Tokens
from archive.web.guard.register import TokenRegister


class Counted(Tokens):
    """Counts how often all are read."""

    def __init__(self, state: State) -> None:
        super().__init__(state)
        self.read = 0
        self.failing = False

    def all(self) -> list[Token]:
        """As ever."""
        self.read += 1
        if self.failing:
            raise StateFailure("away")
        return super().all()


@pytest.fixture
def tokens(tmp_path: Path) -> Iterator[Counted]:
    """Of a fresh state."""
    with closing(State(f"sqlite:///{tmp_path}/state.db")) as state:
        yield Counted(state)


def test_many_ask_and_the_state_is_read_once(tokens: Counted) -> None:
    token, secret = tokens.create("one", "read")
    tokens.read = 0

    async def ask() -> None:
        register = TokenRegister(tokens)
        asked = [register.by_secret(secret) for _ in range(50)]
        wrong = [register.by_secret(f"pressmark_{n}") for n in range(50)]
        found = await asyncio.gather(*asked, *wrong, register.by_id(token.id))
        assert found == [token] * 50 + [None] * 50 + [token]
        register.shutdown(wait=True)

    asyncio.run(ask())
    assert tokens.read == 1


def test_use_is_noted(tokens: Counted) -> None:
    _, secret = tokens.create("one", "read")

    async def ask() -> None:
        register = TokenRegister(tokens)
        await asyncio.gather(*(register.by_secret(secret) for _ in range(20)))
        register.shutdown(wait=True)

    asyncio.run(ask())
    assert tokens.all()[0].last_used is not None


def test_nobody_is_let_in_while_the_state_is_away(tokens: Counted) -> None:
    _, secret = tokens.create("one", "read")

    async def ask() -> None:
        register = TokenRegister(tokens)
        tokens.failing = True
        for _ in range(2):
            with pytest.raises(StateFailure):
                await register.by_secret(secret)
        tokens.failing = False
        assert await register.by_secret(secret) is not None
        register.shutdown(wait=True)

    asyncio.run(ask())


def test_who_gives_up_takes_no_reading_from_others(tokens: Counted) -> None:
    token, secret = tokens.create("one", "read")

    async def ask() -> None:
        register = TokenRegister(tokens)
        first = asyncio.ensure_future(register.by_secret(secret))
        second = asyncio.ensure_future(register.by_secret(secret))
        await asyncio.sleep(0)
        first.cancel()
        assert await second == token
        register.shutdown(wait=True)

    asyncio.run(ask())
