"""What the query string of an interface that other archives have, too, gives."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qsl

from archive.errors import ParameterError

_MOST = 128


def given_in(query_string: bytes) -> list[tuple[str, str]]:
    """Names and values, in their order; also those without a value. Raises ParameterError."""
    try:
        return parse_qsl(
            query_string.decode("latin-1"), keep_blank_values=True, max_num_fields=_MOST
        )
    except ValueError as error:
        raise ParameterError(
            f"the request has too many parameters: at most {_MOST} are read"
        ) from error


def url_in(given: Mapping[str, str]) -> str:
    """The parameter `url`, as it was written. Raises ParameterError."""
    text = given.get("url", "").strip()
    if not text:
        raise ParameterError("url is missing: give the URL that is looked for, url=example.org")
    return text


def digits_in(given: Mapping[str, str], name: str, *, most: int = 14) -> str:
    """A time as 1 to `most` digits; "": it is not given. Raises ParameterError."""
    text = given.get(name, "").strip()
    if text and not (text.isascii() and text.isdigit() and len(text) <= most):
        raise ParameterError(
            f"{name}={text[:40]!r} is not a time: give 1 to {most} digits, such as 20261122"
        )
    return text
