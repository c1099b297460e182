"""What is wrong with the parameters of a request, in plain sentences."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from fastapi.exceptions import RequestValidationError
from pydantic import AfterValidator

from archive.errors import UrlError
from archive.timestamps import TimestampError

_OWN = "value_error"
_LONGEST_NAME = 80
_SHOWN = 40

_SENTENCES: Mapping[str, str] = {
    "missing": "it is missing",
    "int_parsing": "{input} is not a whole number",
    "int_parsing_size": "{input} is too large a number",
    "int_type": "{input} is not a whole number",
    "int_from_float": "{input} is not a whole number",
    "bool_parsing": "{input} is neither true nor false",
    "bool_type": "{input} is neither true nor false",
    "greater_than_equal": "{input} is too small: give at least {ge}",
    "less_than_equal": "{input} is too large: give at most {le}",
    "literal_error": "{input} is not known: give {expected}",
    "string_too_short": "it is empty",
    "string_too_long": "it is too long: at most {max_length} characters are allowed",
    "string_type": "it is not a text",
    "string_unicode": "it is not UTF-8",
    "json_invalid": "it is not JSON: {error}",
    "model_attributes_type": "it is not a JSON object, sent as application/json",
    "model_type": "it is not a JSON object",
    "dict_type": "it is not a JSON object",
    _OWN: "{error}",
}
"""By pydantic's names of errors, with its own values for each. Texts that have a shortest length
have one of a single character."""


def mistake(found: Mapping[str, Any]) -> tuple[str, str]:
    """Where one error of a `RequestValidationError` is, such as "query.limit", and what it is."""
    name = ".".join(str(part)[:_LONGEST_NAME] for part in found["loc"])
    given = repr(found.get("input"))
    values = {
        "input": given if len(given) <= _SHOWN else f"{given[:_SHOWN]}...",
        **found.get("ctx", {}),
    }
    sentence = _SENTENCES.get(found["type"])
    return name, str(found["msg"]) if sentence is None else sentence.format_map(values)


def wrong(sentence: str, *place: str) -> RequestValidationError:
    """To be raised where no type can tell: what is wrong with the parameter at a place."""
    return RequestValidationError([{"type": _OWN, "loc": place, "ctx": {"error": sentence}}])


def checked(read: Callable[[str], str]) -> AfterValidator:
    """For the type of a parameter: the value is what `read` makes of the text that was given.

    `read` raises UrlError, TimestampError or ValueError, and the answer tells which parameter that
    was.
    """

    def value_of(text: str | None) -> str | None:
        try:
            return None if text is None else read(text)
        except (UrlError, TimestampError) as error:
            raise ValueError(str(error)) from error

    return AfterValidator(value_of)
