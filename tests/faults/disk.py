"""A disk with a write cache, and what it may hold after the power was cut.

What POSIX promises, and no more: `fsync` of a file makes its content durable, and not its name;
`fsync` of a folder makes the names in it durable as they were when it began. Everything else may
have reached the disk or not:

- of what was written to a file since its last sync any part; the last write that did may be torn,
  and what is missing before it reads as zeros;
- of the changes of names in a folder any that do not depend on one that is missing (the same name,
  or a name that was renamed). File systems with a journal keep them all in order; that is the case
  of the strategies that take a prefix.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from tests.faults.syscalls import END, Event, NotModelled

Tree = dict[str, bytes | None]
"""Relative path -> content; None: a folder."""


@dataclass(slots=True)
class _Write:
    at: int
    data: bytes | None  #: None: a truncation to the size `at`


@dataclass(slots=True)
class _File:
    durable: bytes = b""
    pending: list[_Write] = field(default_factory=list)


@dataclass(slots=True)
class _Folder:
    durable: dict[str, int] = field(default_factory=dict)  # name -> node
    pending: list[dict[str, int | None]] = field(default_factory=list)  # None: removed

    def now(self) -> dict[str, int]:
        return _named(self.durable, self.pending)


STRATEGIES = ("lost", "kept", "names", "data", "torn", "random", "prefix", "loose")
"""lost, kept: nothing of what was not synced, or all of it. names, data: all names and no data, all
data and no names. torn: all names, and the last write of each file in part. random: each file and
folder as chance has it, names in order. prefix: the same, data in order too. loose: names in any
order that their dependencies permit."""


class Disk:
    """Applies events in order; `crash` says what may be left at any moment."""

    def __init__(self) -> None:
        self._nodes: dict[int, _File | _Folder] = {0: _Folder()}
        self._syncs: dict[int, tuple[int, int]] = {}  # token -> node, number of pending changes

    def apply(self, event: Event) -> None:
        """Raises NotModelled."""
        getattr(self, f"_{event.kind}")(event)

    def crash(self, strategy: str, seed: int = 0) -> Tree:
        """One state that the disk may be in when the power comes back."""
        chance = random.Random(f"{strategy} {seed}")
        tree: Tree = {}
        contents: dict[int, bytes] = {}
        self._left(0, "", strategy, chance, tree, contents)
        return tree

    def _left(
        self,
        number: int,
        prefix: str,
        strategy: str,
        chance: random.Random,
        tree: Tree,
        contents: dict[int, bytes],
    ) -> None:
        folder = self._nodes[number]
        assert isinstance(folder, _Folder)
        for name, child in sorted(_names_left(folder, strategy, chance).items()):
            node = self._nodes[child]
            if isinstance(node, _Folder):
                tree[prefix + name] = None
                self._left(child, f"{prefix}{name}/", strategy, chance, tree, contents)
            else:
                # Two names of one file have one content.
                if child not in contents:
                    contents[child] = _data_left(node, strategy, chance)
                tree[prefix + name] = contents[child]

    # Events

    def _create(self, event: Event) -> None:
        folder, name = self._parent(event.path)
        if name not in folder.now():
            folder.pending.append({name: self._new(_File())})

    def _mkdir(self, event: Event) -> None:
        folder, name = self._parent(event.path)
        folder.pending.append({name: self._new(_Folder())})

    def _write(self, event: Event) -> None:
        file = self._file(event.path)
        at = len(_written(file.durable, file.pending)) if event.at == END else event.at
        file.pending.append(_Write(at, event.data))

    def _truncate(self, event: Event) -> None:
        self._file(event.path).pending.append(_Write(event.at, None))

    def _rename(self, event: Event) -> None:
        folder, name = self._parent(event.path)
        target, new = self._parent(event.to)
        if folder is not target:
            raise NotModelled(f"a rename from one folder to another: {event}")
        folder.pending.append({name: None, new: folder.now()[name]})

    def _link(self, event: Event) -> None:
        folder, name = self._parent(event.path)
        target, new = self._parent(event.to)
        target.pending.append({new: folder.now()[name]})

    def _unlink(self, event: Event) -> None:
        folder, name = self._parent(event.path)
        folder.pending.append({name: None})

    _rmdir = _unlink

    def _sync_began(self, event: Event) -> None:
        number = self._find(event.path)
        self._syncs[event.token] = number, len(self._nodes[number].pending)

    def _sync_done(self, event: Event) -> None:
        number, count = self._syncs.pop(event.token)
        node = self._nodes[number]
        if isinstance(node, _File):
            node.durable = _written(node.durable, node.pending[:count])
        else:
            node.durable = _named(node.durable, node.pending[:count])
        del node.pending[:count]
        # Of two syncs at once the later began when there was more: that is gone now.
        self._syncs = {
            token: (other, max(left - count, 0) if other == number else left)
            for token, (other, left) in self._syncs.items()
        }

    # Nodes

    def _new(self, node: _File | _Folder) -> int:
        number = len(self._nodes)
        self._nodes[number] = node
        return number

    def _find(self, path: str) -> int:
        number = 0
        for name in [] if path == "." else path.split("/"):
            folder = self._nodes[number]
            assert isinstance(folder, _Folder), path
            number = folder.now()[name]
        return number

    def _file(self, path: str) -> _File:
        node = self._nodes[self._find(path)]
        assert isinstance(node, _File), path
        return node

    def _parent(self, path: str) -> tuple[_Folder, str]:
        above, _, name = path.rpartition("/")
        node = self._nodes[self._find(above or ".")]
        assert isinstance(node, _Folder), path
        return node, name


def _names_left(folder: _Folder, strategy: str, chance: random.Random) -> dict[str, int]:
    pending = folder.pending
    if strategy in ("lost", "data"):
        return folder.durable
    if strategy in ("random", "prefix"):
        return _named(folder.durable, pending[: chance.randint(0, len(pending))])
    if strategy != "loose":
        return _named(folder.durable, pending)
    left, missing = [], set[str]()
    for change in pending:
        if missing & change.keys() or chance.random() < 0.5:
            missing |= change.keys()
        else:
            left.append(change)
    return _named(folder.durable, left)


def _data_left(file: _File, strategy: str, chance: random.Random) -> bytes:
    pending = file.pending
    if not pending or strategy in ("lost", "names"):
        return file.durable
    if strategy in ("kept", "data"):
        return _written(file.durable, pending)
    if strategy == "torn":
        return _written(file.durable, [*pending[:-1], *_torn(pending[-1], chance)])
    left = pending[: chance.randint(0, len(pending))]
    if strategy != "prefix":
        left = [write for write in left if chance.random() < 0.7]
    if left:
        left[-1:] = _torn(left[-1], chance)
    return _written(file.durable, left)


def _torn(write: _Write, chance: random.Random) -> list[_Write]:
    if write.data is None:
        return [write] if chance.random() < 0.5 else []
    return [_Write(write.at, write.data[: chance.randint(0, len(write.data))])]


def _named(names: dict[str, int], changes: list[dict[str, int | None]]) -> dict[str, int]:
    left: dict[str, int | None] = dict(names)
    for change in changes:
        left |= change
    return {name: node for name, node in left.items() if node is not None}


def _written(content: bytes, writes: list[_Write]) -> bytes:
    if not writes:
        return content
    data = bytearray(content)
    for write in writes:
        if write.data is None:
            del data[write.at :]
            data.extend(bytes(max(write.at - len(data), 0)))
        else:
            data.extend(bytes(max(write.at - len(data), 0)))
            data[write.at : write.at + len(write.data)] = write.data
    return bytes(data)
