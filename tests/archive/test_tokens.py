"""Tokens in the state, on both databases."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from archive.errors import TokenNameTaken, TokenUnknown
from archive.state import State
from archive.state.backup import back_up
from archive.state.restoring import restore_into
from archive.timestamps import now
from archive.tokens import PREFIX, SCOPES, USE_NOTED, Tokens, check_name, hash_of


@pytest.fixture(params=["sqlite", "postgresql"])
def state_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """URL of a database without tables."""
    if request.param == "postgresql":
        return str(request.getfixturevalue("postgres_url"))
    return f"sqlite:///{tmp_path}/state.db"


@pytest.fixture
def tokens(state_url: str) -> Iterator[Tokens]:
    """Of a fresh state."""
    with closing(State(state_url)) as state:
        yield Tokens(state)


def test_secret_is_long_random_and_kept_nowhere(tokens: Tokens, tmp_path: Path) -> None:
    token, secret = tokens.create("one", "read")
    other, another = tokens.create("two", "read")
    assert re.fullmatch(f"{PREFIX}[a-z2-7]{{40}}", secret)
    assert secret != another
    assert token.id != other.id
    assert token.hash == hash_of(secret)
    assert tokens.all() == [token, other] or tokens.all() == [other, token]
    assert secret not in repr(tokens.all())
    assert token.hash not in repr(token)
    for file in tmp_path.iterdir():
        assert secret.encode() not in file.read_bytes()


@pytest.mark.parametrize("scope", SCOPES)
def test_scopes_include_those_before_them(scope: str) -> None:
    with closing(State("sqlite:///:memory:")) as state:
        token, _ = Tokens(state).create("one", scope)
    assert token.scopes == SCOPES[: SCOPES.index(scope) + 1]


def test_what_is_no_scope_is_refused(tokens: Tokens) -> None:
    with pytest.raises(ValueError, match="'write' is no scope: give one of read, save, admin"):
        tokens.create("one", "write")
    assert tokens.all() == []


def test_name_is_taken_while_its_token_is_in_force(tokens: Tokens) -> None:
    first, _ = tokens.create("one", "read")
    with pytest.raises(TokenNameTaken, match="token revoke one"):
        tokens.create("one", "admin")
    tokens.revoke("one")
    second, _ = tokens.create("one", "admin")
    assert tokens.revoke("one").id == second.id
    assert {token.id for token in tokens.all()} == {first.id, second.id}
    assert not tokens.any_in_force()
    past, _ = tokens.create("over", "read", now() - timedelta(seconds=1))
    assert not past.in_force(now())
    tokens.create("over", "read")


def test_revoking(tokens: Tokens) -> None:
    token, _ = tokens.create("one", "read")
    assert tokens.any_in_force()
    revoked = tokens.revoke(token.id)
    assert revoked.revoked is not None
    assert not revoked.in_force(now())
    assert tokens.revoke("one") == revoked
    with pytest.raises(TokenUnknown, match=r"'two'.*token list"):
        tokens.revoke("two")


def test_expiry(tokens: Tokens) -> None:
    end = datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)
    token, _ = tokens.create("one", "read", end)
    assert token.expires == "20300102030405"
    assert token.in_force(end - timedelta(seconds=1))
    assert not token.in_force(end)


def test_use_is_written_once_an_hour(tokens: Tokens) -> None:
    token, _ = tokens.create("one", "read")
    first = now()
    assert tokens.note_use(token, first)
    # One who still has what was read before does not write it again either.
    assert not tokens.note_use(token, first + timedelta(minutes=5))
    (seen,) = tokens.all()
    assert not tokens.note_use(seen, first + timedelta(minutes=59))
    assert tokens.note_use(seen, first + USE_NOTED + timedelta(seconds=1))
    (later,) = tokens.all()
    assert str(later.last_used) > str(seen.last_used)


def test_signing_key_is_the_same_for_every_process(tokens: Tokens, state_url: str) -> None:
    key = tokens.signing_key("web")
    assert len(key) == 32
    assert tokens.signing_key("other") != key
    with closing(State(state_url)) as other:
        assert Tokens(other).signing_key("web") == key


def test_backup_carries_tokens_and_keys(tokens: Tokens, state_url: str, tmp_path: Path) -> None:
    _, secret = tokens.create("one", "save")
    key = tokens.signing_key("web")
    with closing(State(state_url)) as state:
        back_up(state, tmp_path / "backup")
    url = f"sqlite:///{tmp_path}/other.db"
    restore_into(url, tmp_path / "backup")
    with closing(State(url)) as state:
        (token,) = Tokens(state).all()
        assert (token.name, token.hash) == ("one", hash_of(secret))
        assert Tokens(state).signing_key("web") == key


@pytest.mark.parametrize("name", ["a", "press room".replace(" ", "-"), "a@b.org", "A" * 64])
def test_names(name: str) -> None:
    assert check_name(name) == name


@pytest.mark.parametrize("name", ["", " ", "-a", "a b", "a\n", "A" * 65, "\u00e4"])
def test_what_is_no_name(name: str) -> None:
    with pytest.raises(ValueError, match="is no name"):
        check_name(name)
