"""From pydantic's findings to sentences with file, line, column, and what is allowed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, get_args

from pydantic import BaseModel, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from config.document import Document, Path
from config.errors import Problem
from config.schema import Configuration
from config.suggest import closest
from config.values import Allowed

Override = tuple[str, object]
"""Name of an environment variable, and its value."""

_SHOWN = 80
# None undoes the schedule of `defaults`.
_MAY_BE_EMPTY = "schedule"


def explain(
    error: ValidationError, source: Document, overrides: Mapping[tuple[str, ...], Override]
) -> Iterator[Problem]:
    """One problem for each finding. A value that may be a secret is not repeated."""
    for finding in error.errors():
        if finding["type"] == "invalid_key":
            continue  # a key that is no text: the document has that with its own line
        path: Path = (*finding["loc"], *finding.get("ctx", {}).get("path", ()))
        variable = next((overrides[key][0] for key in overrides if path[: len(key)] == key), None)
        if variable:
            what = _sentence(finding, path, empty=False)
            yield Problem(f"environment variable {variable}", 0, 0, what)
        else:
            place = source.place(path, of_key=finding["type"] == "extra_forbidden")
            what = _sentence(finding, path, empty=place.empty)
            yield Problem(source.name, place.line, place.column, what)


def unfilled(source: Document) -> Iterator[Problem]:
    """One problem for each key with nothing behind it: left by mistake, it must not be a default.

    Some of them `explain` names too, by the same line and column.
    """
    for path in _unfilled(source.data, (), set()):
        place = source.place(path)
        may = allowed(_field_at(path))
        what = f"{path[-1]} has no value" + (f"; allowed: {may}" if may else "")
        yield Problem(source.name, place.line, place.column, what)


def _unfilled(value: object, path: Path, seen: set[int]) -> Iterator[Path]:
    """Aliases make a graph of a document: every mapping and list is looked at once."""
    if not isinstance(value, dict | list) or id(value) in seen:
        return
    seen.add(id(value))
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
        if inner is None and isinstance(value, dict) and key != _MAY_BE_EMPTY:
            yield (*path, key)
        yield from _unfilled(inner, (*path, key), seen)


def _sentence(finding: ErrorDetails, path: Path, *, empty: bool) -> str:
    if finding["type"] == "extra_forbidden":
        model = _model_at(path[:-1])
        keys = sorted(model.model_fields) if model else []
        word = str(path[-1])
        return f"unknown key {word!r}{closest(word, keys)}; allowed here: {', '.join(keys)}"
    field = _field_at(path)
    key = next((part for part in reversed(path) if isinstance(part, str)), "")
    if finding["type"] == "missing":
        what = f"the key {key!r} is missing"
    elif "path" in finding.get("ctx", {}):
        return finding["msg"]
    elif empty:
        what = f"{key} has no value"
    elif finding["type"] == "value_error":
        what = f"{key}: " * bool(key) + finding["msg"].removeprefix("Value error, ")
    else:
        what = f"{key}: {_shown(finding['input'], field)} is not allowed"
    may = allowed(field)
    return f"{what}; allowed: {may}" if may else what


def _shown(value: object, field: FieldInfo | None) -> str:
    if isinstance(value, dict | list | tuple):
        return "a mapping" if isinstance(value, dict) else "a list"
    # A whole source that is wrongly a text has no secrets in it that anyone put there.
    secret = field is None or (is_secret(field) and model_of(field) is None)
    if secret or "@" in str(value):
        return "this"
    text = repr(value)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "..."


def allowed(field: FieldInfo | None) -> str | None:
    """What a key may hold, in words."""
    if field is None:
        return None
    return next((str(part) for part in field.metadata if isinstance(part, Allowed)), None)


def _field_at(path: Path) -> FieldInfo | None:
    """The innermost field on the way to `path`; None for the root."""
    model: type[BaseModel] | None = Configuration
    field: FieldInfo | None = None
    for part in path:
        if isinstance(part, str) and model is not None and part in model.model_fields:
            field = model.model_fields[part]
            model = model_of(field)
    return field


def _model_at(path: Path) -> type[BaseModel] | None:
    model: type[BaseModel] | None = Configuration
    for part in path:
        if isinstance(part, str):
            model = model_of(model.model_fields[part]) if model else None
    return model


def model_of(field: FieldInfo) -> type[BaseModel] | None:
    """The model that a key's mapping, or each item of its list, is checked by."""
    return _model_in(field.annotation)


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next(filter(None, map(_model_in, get_args(annotation))), None)


def is_secret(field: FieldInfo) -> bool:
    """Whether a value of the key is never shown."""
    return _has_secret(field.annotation)


def _has_secret(annotation: Any) -> bool:
    return annotation is SecretStr or any(map(_has_secret, get_args(annotation)))
