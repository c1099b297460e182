"""Withholding secrets from the requests that are stored."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from archive.block import Block

REDACTED = b"[redacted]"
"""What is stored for the value of a field that held a secret."""

_CREDENTIALS = (b"authorization", b"proxy-authorization")


class Redactor:
    """Replaces, whole, the value of each request field that holds one of the secrets.

    Authorization and Proxy-Authorization hold nothing else (RFC 9110, 11.6.2 and 11.7.2), whoever
    set them: Scrapy makes them from userinfo and settings, in Base64. With `keep` nothing is
    replaced.
    """

    def __init__(self, secrets: Iterable[str] = (), *, keep: bool = False) -> None:
        self._keep = keep
        # Header values go out as Latin-1 where they fit, what others write may be UTF-8.
        self._secrets = tuple({form for secret in secrets if secret for form in _encoded(secret)})
        names = b"|".join(b"^%s[ \t]*:" % name for name in _CREDENTIALS)
        values = b"".join(b"|" + re.escape(secret) for secret in self._secrets)
        self._suspicion = re.compile(names + values, re.IGNORECASE | re.MULTILINE)

    def redact(self, request: Block, folder: Path) -> tuple[Block, tuple[str, ...]]:
        """The request as it is to be stored, and the names of the fields that were withheld.

        The same block where nothing is; otherwise that one is closed, and the new one spills to
        `folder`. Raises OSError.
        """
        pieces = request.pieces()
        first = next(pieces, b"")
        head, end, body = first.partition(b"\r\n\r\n")
        if self._keep or not self._suspicion.search(head):
            return request, ()
        request_line, *fields = head.split(b"\r\n")
        redacted: list[str] = []
        for index, field in enumerate(fields):
            name, _, value = field.partition(b":")
            if self._is_secret(name, value):
                fields[index] = name + b": " + REDACTED
                redacted.append(name.decode("latin-1"))
        if not redacted:
            return request, ()
        block = Block(b"\r\n".join([request_line, *fields]) + end + body, folder=folder)
        for piece in pieces:
            block.write(piece)
        request.close()
        return block, tuple(redacted)

    def _is_secret(self, name: bytes, value: bytes) -> bool:
        return name.strip().lower() in _CREDENTIALS or any(
            secret in value for secret in self._secrets
        )


def _encoded(secret: str) -> Iterator[bytes]:
    yield secret.encode()
    with suppress(UnicodeEncodeError):
        yield secret.encode("latin-1")
