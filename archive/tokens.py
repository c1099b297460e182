"""Bearer tokens: who may read, save and administer, kept in the state database."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Connection, RowMapping, insert, or_, select, update

from archive.errors import TokenNameTaken, TokenUnknown
from archive.names import random_part
from archive.state import State
from archive.state.schema import signing_keys, tokens
from archive.timestamps import now, to_datetime, to_timestamp

PREFIX = "pressmark_"
"""What every token begins with, so that people and scanners for leaked secrets know one."""

SCOPES = ("read", "save", "admin")
"""What a token may be for; each includes those before it."""

USE_NOTED = timedelta(hours=1)
"""How old `last_used` may be: a write for each request would cost more than the request."""

_SECRET = 40  # characters of 5 bits: 200 bits
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")
_KEY_BYTES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """What is known of a token; the secret itself is known to its holder alone."""

    id: str  #: 10 characters of a-z and 2-7; no secret
    name: str
    scope: str  #: the greatest of SCOPES that it is for
    created: str  #: 14 digits, UTC, as all moments here
    expires: str | None  #: not in force from then on
    last_used: str | None  #: to the hour
    revoked: str | None
    hash: str = field(repr=False)  #: SHA-256 of the token, hex

    @property
    def scopes(self) -> tuple[str, ...]:
        """All that it may be used for."""
        return SCOPES[: SCOPES.index(self.scope) + 1]

    def in_force(self, at: datetime) -> bool:
        """Whether it opens anything at that time."""
        return self.revoked is None and (self.expires is None or to_timestamp(at) < self.expires)


def check_name(name: str) -> str:
    """The same name. Raises ValueError for what is none."""
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no name: 1 to 64 of A-Z, a-z, 0-9 and . _ @ -, "
                         "beginning with a letter or a digit")  # fmt: skip
    return name


def _check_scope(scope: str) -> str:
    """The same scope. Raises ValueError for what is none."""
    if scope not in SCOPES:
        raise ValueError(f"{scope!r} is no scope: give one of {', '.join(SCOPES)}")
    return scope


def hash_of(secret: str) -> str:
    """SHA-256, hex. Slow hashes and salts guard what people think of: nobody guesses 200 bits."""
    return hashlib.sha256(secret.encode()).hexdigest()


class Tokens:
    """The tokens of one state. Thread-safe; every method raises StateFailure."""

    def __init__(self, state: State) -> None:
        self._state = state

    def create(self, name: str, scope: str, expires: datetime | None = None) -> tuple[Token, str]:
        """A new token and its secret, which is told this once. Raises TokenNameTaken."""
        secret = PREFIX + random_part(_SECRET)
        time = now()
        token = Token(
            id=random_part(),
            name=check_name(name),
            scope=_check_scope(scope),
            created=to_timestamp(time),
            expires=to_timestamp(expires) if expires else None,
            last_used=None,
            revoked=None,
            hash=hash_of(secret),
        )
        with self._changing() as connection:
            if any(one.name == name and one.in_force(time) for one in _all(connection)):
                raise TokenNameTaken(name)
            row = {column.name: getattr(token, column.name) for column in tokens.c}
            connection.execute(insert(tokens).values(row))
        return token, secret

    def all(self) -> list[Token]:
        """Every token that there ever was, the oldest first."""
        with self._state.reading() as connection:
            return _all(connection)

    def any_in_force(self) -> bool:
        """Whether somebody can be let in."""
        time = now()
        return any(token.in_force(time) for token in self.all())

    def revoke(self, name_or_id: str) -> Token:
        """End a token; the newest of that name where there were several. One that is revoked stays
        as it was. Raises TokenUnknown.
        """
        with self._changing() as connection:
            named = [token for token in _all(connection) if name_or_id in (token.name, token.id)]
            # One in force goes before one that has ended already.
            named.sort(key=lambda token: (token.revoked is None, token.created))
            if not named:
                raise TokenUnknown(name_or_id)
            token = named[-1]
            if token.revoked is None:
                revoked = to_timestamp(now())
                where = tokens.c.id == token.id
                connection.execute(update(tokens).where(where).values(revoked=revoked))
                token = next(one for one in _all(connection) if one.id == token.id)
            return token

    def note_use(self, token: Token, at: datetime) -> bool:
        """Write down that it was used, unless that was done within the hour; whether it was."""
        if not use_is_old(token, at):
            return False
        before = to_timestamp(at - USE_NOTED)
        stale = or_(tokens.c.last_used.is_(None), tokens.c.last_used <= before)
        with self._state.writing() as connection:
            written = connection.execute(
                update(tokens)
                .where(tokens.c.id == token.id, stale)
                .values(last_used=to_timestamp(at))
            )
            return bool(written.rowcount)

    def signing_key(self, name: str) -> bytes:
        """32 random bytes, the same for all processes that share the state; made when new."""
        with self._changing() as connection:
            row = {"name": name, "key": secrets.token_bytes(_KEY_BYTES)}
            self._state.upsert(connection, signing_keys, [row], keep=True)
            found = select(signing_keys.c.key).where(signing_keys.c.name == name)
            return bytes(connection.execute(found).scalar_one())

    @contextmanager
    def _changing(self) -> Iterator[Connection]:
        """A transaction that no other one of these runs beside."""
        with self._state.writing() as connection:
            self._state.lock(connection)
            yield connection


def use_is_old(token: Token, at: datetime) -> bool:
    """Whether its `last_used` is to be written again."""
    return token.last_used is None or at - to_datetime(token.last_used) >= USE_NOTED


def _all(connection: Connection) -> list[Token]:
    rows = connection.execute(select(tokens).order_by(tokens.c.created, tokens.c.id)).mappings()
    return [_token(row) for row in rows]


def _token(row: RowMapping) -> Token:
    return Token(**{str(name): value for name, value in row.items()})
