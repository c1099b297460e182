"""All keys of pressmark.yaml as a table for the documentation.

`python -m config.reference` prints it; docs/operations.md holds a copy that a test compares.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from config.environment import VARIABLES
from config.explain import allowed, model_of
from config.schema import Configuration, processors
from config.sources import Source, SourceDefaults


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One key that holds a value."""

    path: tuple[str, ...]  #: names from the root; those of a source begin with "sources[]"
    default: str
    allowed: str
    meaning: str
    variables: tuple[str, ...]  #: environment variables that win, the stronger one first


def keys() -> Iterator[Key]:
    """In the order of the schema; those that a source has from `defaults` once, under that."""
    yield from _keys(Configuration, ())


def _keys(model: type[BaseModel], above: tuple[str, ...]) -> Iterator[Key]:
    for name, field in model.model_fields.items():
        if model is Source and name in SourceDefaults.model_fields:
            continue
        inner = model_of(field)
        if inner is not None:
            yield from _keys(inner, (*above, f"{name}[]" if inner is Source else name))
        else:
            path = (*above, name)
            yield Key(
                path=path,
                default=_default(field),
                allowed=allowed(field) or "",
                meaning=field.description or "",
                variables=VARIABLES.get(path, ()),
            )


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "(needed)"
    if field.default_factory is processors:
        return "one a processor"
    value = field.get_default(call_default_factory=True, validated_data={})
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple | dict):
        return "[]" if isinstance(value, tuple) else "{}"
    return _size(value) if isinstance(value, int) and value >= 1 << 20 else str(value)


def _size(size: int) -> str:
    return f"{size >> 20}MiB" if size % (1 << 20) == 0 else f"{size // 10**9}GB"


def table() -> str:
    """Markdown."""
    lines = ["| key | default | may hold | what it is |", "|---|---|---|---|"]
    for key in keys():
        default = f"`{key.default}`" if key.default else ""
        meaning = key.meaning
        if key.variables:
            meaning += f" Environment: {', '.join(f'`{name}`' for name in key.variables)}."
        lines.append(f"| `{'.'.join(key.path)}` | {default} | {key.allowed} | {meaning} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(table())
