"""A YAML file with the place of every key and value in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import yaml

from config.errors import ConfigurationError, Problem

Path = tuple[int | str, ...]
"""Keys and list indices from the root of a document to one value."""


_INDENTATION = (
    "keys that belong together begin in the same column, and so do the items of a list; a text "
    "with a colon and a space in it needs quotes"
)
_QUOTES = "a text that begins with * or & or ! or % or @ or ` needs quotes"
_HINTS = {
    r"character '\t' that": "put spaces in the place of the tab",
    "that cannot start any token": _QUOTES,
    "an alias": _QUOTES,
    "undefined alias": _QUOTES,
    "an anchor": _QUOTES,
    "a directive": _QUOTES,
    "for the tag": _QUOTES,
    "values are not allowed": _INDENTATION,
    "entries are not allowed": _INDENTATION,
    "expected <block end>": _INDENTATION,
}
"""Words of the parser's messages, and what is to be done."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value stands; line and column count from 1."""

    line: int
    column: int
    empty: bool  #: there is a key, but nothing behind it


@dataclass(frozen=True, slots=True)
class Document:
    """What a YAML file says, and where it says it."""

    name: str  #: of the file, as it was given
    data: dict[str, object]
    problems: tuple[Problem, ...] = ()  #: keys that are no texts, or are there twice
    root: yaml.Node | None = field(default=None, repr=False)

    def place(self, path: Path, *, of_key: bool = False) -> Place:
        """The place of a value, or of its key; of the innermost value there is on the way to it."""
        node, key = self.root, self.root
        for part in path:
            pair = _child(node, part)
            if pair is None:
                break
            key, node = pair
        shown = key if of_key or _empty(node) else node
        if shown is None:
            return Place(1, 1, empty=True)
        mark = shown.start_mark
        return Place(mark.line + 1, mark.column + 1, empty=_empty(node))


def parse(content: bytes, name: str) -> Document:
    """Raises ConfigurationError for what is no UTF-8, no YAML or no mapping of keys."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _failure(name, content[: error.start].decode(), "this is not UTF-8") from error
    try:
        return _document(text, name)
    except yaml.reader.ReaderError as error:
        what = f"the character {error.character!r} is not allowed in YAML"
        raise _failure(name, text[: error.position], what) from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        what = f"this is not YAML: {error.problem or error.context}{_hint(error)}"
        raise ConfigurationError([Problem(name, line, column, what)]) from error
    except RecursionError as error:
        raise ConfigurationError([Problem(name, 1, 1, "this is nested too deeply")]) from error


def _hint(error: yaml.MarkedYAMLError) -> str:
    """What is to be done about it, where the parser's words for it tell that."""
    words = f"{error.context} {error.problem}"
    for sign, hint in _HINTS.items():
        if sign in words:
            return f"; {hint}"
    return ""


def _document(text: str, name: str) -> Document:
    loader = yaml.SafeLoader(text)
    try:
        root = loader.get_single_node()
        if root is None or _empty(root):
            return Document(name, {})
        if not isinstance(root, yaml.MappingNode):
            mark = root.start_mark
            what = "a mapping of keys is expected here, such as `contact: https://example.org/`"
            raise ConfigurationError([Problem(name, mark.line + 1, mark.column + 1, what)])
        # Before construction, which resolves << into the mappings and drops the second of two keys.
        problems = tuple(_key_problems(root, name, set()))
        data = {
            key: value
            for key, value in loader.construct_document(root).items()
            if isinstance(key, str)
        }
    finally:
        loader.dispose()
    return Document(name, data, problems, root)


def _failure(name: str, before: str, what: str) -> ConfigurationError:
    line = before.count("\n") + 1
    column = len(before) - (before.rfind("\n") + 1) + 1
    return ConfigurationError([Problem(name, line, column, what)])


def _key_problems(node: yaml.Node, name: str, seen: set[int]) -> Iterator[Problem]:
    """Aliases make a graph of a document: every node is looked at once."""
    if id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _key_problems(item, name, seen)
    elif isinstance(node, yaml.MappingNode):
        lines: dict[str, int] = {}
        for key, value in node.value:
            mark = key.start_mark
            place = (name, mark.line + 1, mark.column + 1)
            if key.tag == "tag:yaml.org,2002:merge":
                pass
            elif key.tag != "tag:yaml.org,2002:str":
                yield Problem(
                    *place, "a key must be a text; put it in quotes if it is meant as one"
                )
            elif key.value in lines:
                first = lines[key.value]
                yield Problem(*place, f"{key.value!r} is given twice, first in line {first}")
            else:
                lines[key.value] = mark.line + 1
            yield from _key_problems(value, name, seen)


def _child(node: yaml.Node | None, part: int | str) -> tuple[yaml.Node, yaml.Node] | None:
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        item = node.value[part]
        return item, item
    if isinstance(node, yaml.MappingNode):
        pairs = [(key, value) for key, value in node.value if key.value == part]
        # Keys that << brought in stand first; the mapping's own wins.
        return pairs[-1] if pairs else None
    return None


def _empty(node: yaml.Node | None) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.tag == "tag:yaml.org,2002:null"
