"""Reading pressmark.yaml and the environment into one checked Configuration."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from pydantic import ValidationError

from config import document, environment
from config.document import Document
from config.errors import ConfigurationError, Problem
from config.explain import Override, explain, unfilled
from config.places import has_scheme
from config.schema import Configuration

DEFAULT_FILE = "pressmark.yaml"

_PATHS: tuple[tuple[str, ...], ...] = (
    ("home",),
    ("collection",),
    ("mirror",),
    ("database",),
    ("s3", "ca_bundle"),
)
_STORES = (("collection",), ("mirror",))
_SQLITE = "sqlite:///"


def load(path: Path | None = None, environ: Mapping[str, str] = os.environ) -> Configuration:
    """The configuration: defaults, then the file, then environment variables.

    The file is `path`, else PRESSMARK_CONFIG, else ./pressmark.yaml where one lies. Relative
    folders in the file, and the default home, are relative to the file's folder; those in the
    environment to the working directory. Raises ConfigurationError that names every problem.
    """
    file = config_file(path, environ)
    source = _read(file) if file else Document("", {})
    overrides = environment.overrides(environ)
    data = _combined(source, overrides, file.parent if file else Path())
    problems = list(source.problems)
    configuration = None
    try:
        configuration = Configuration.model_validate(data)
    except ValidationError as error:
        problems += explain(error, source, overrides)
    named = {(problem.line, problem.column) for problem in problems}
    problems += [one for one in unfilled(source) if (one.line, one.column) not in named]
    if configuration is None or problems:
        raise ConfigurationError(problems)
    return configuration


def config_file(path: Path | None = None, environ: Mapping[str, str] = os.environ) -> Path | None:
    """The file that `load` reads; None where there is none."""
    if path is not None:
        return path
    if environ.get(environment.CONFIG):
        return Path(environ[environment.CONFIG])
    default = Path(DEFAULT_FILE)
    return default if default.exists() else None


def _read(file: Path) -> Document:
    try:
        content = file.read_bytes()
    except OSError as error:
        what = f"cannot be read: {error.strerror}; `pressmark init` writes one"
        raise ConfigurationError([Problem(str(file), 0, 0, what)]) from error
    return document.parse(content, str(file))


def _combined(
    source: Document, overrides: Mapping[tuple[str, ...], Override], folder: Path
) -> dict[str, object]:
    data: dict[str, object] = {"home": "data", **source.data}
    for path in _PATHS:
        data = _replaced(data, path, _placed(path, _value(data, path), folder))
    for key, (_, value) in overrides.items():
        data = _replaced(data, key, _placed(key, value, Path()), new=True)
    return data


def _value(data: object, path: tuple[str, ...]) -> object:
    for key in path:
        data = data.get(key) if isinstance(data, dict) else None
    return data


def _replaced(
    data: dict[str, object], path: tuple[str, ...], value: object, *, new: bool = False
) -> dict[str, object]:
    """A copy with another value at `path`. What is no mapping there is left for the schema."""
    key, *rest = path
    if key not in data and not new:
        return data
    if rest:
        inner = data.get(key, {})
        if not isinstance(inner, dict):
            return data
        value = _replaced(inner, tuple(rest), value, new=new)
    return {**data, key: value}


def _placed(path: tuple[str, ...], value: object, folder: Path) -> object:
    """A path made absolute. What looks like the URL of a store is left, for the schema to judge."""
    if path not in _PATHS or (path in _STORES and isinstance(value, str) and has_scheme(value)):
        return value
    return _absolute(value, folder)


def _absolute(value: object, folder: Path) -> object:
    if not isinstance(value, str) or not value.strip():
        return value
    if value.startswith(_SQLITE):
        return _SQLITE + str(_absolute(value.removeprefix(_SQLITE), folder))
    if "://" in value:
        return value
    # Only one's own home: expanduser raises for a user that is not there.
    path = Path(value).expanduser() if value == "~" or value.startswith("~/") else Path(value)
    return str((folder / path).absolute())
