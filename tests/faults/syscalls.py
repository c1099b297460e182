"""What a process did to the files of one folder, read from a log of strace.

    run = record(["python", "-m", "tests.faults.life", ...], folder, log)

Only what changes files, or makes changes durable, is looked at. A call that the model of
`tests.faults.disk` does not know raises `NotModelled`: it must not be passed over.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.servers.strace import need_strace

_CREATE = "openat open creat"
_CALLS = (
    f"{_CREATE} write pwrite64 writev pwritev lseek fsync fdatasync rename renameat renameat2 "
    "link linkat unlink unlinkat ftruncate truncate mkdir mkdirat rmdir "
    # Known to nobody here: `events` raises.
    "sync_file_range fallocate sendfile copy_file_range symlink symlinkat"
)
_LINE = re.compile(r"(?P<thread>\d+) +(?P<rest>.*)", re.DOTALL)
_CALL = re.compile(r"(?P<name>\w+)\((?P<arguments>.*)\) += (?P<result>-?\d+)(?P<note>.*)")
_UNFINISHED = " <unfinished ...>"
_RESUMED = re.compile(r"<\.\.\. (?P<name>\w+) resumed>(?P<rest>.*)")
_STRING = re.compile(r'"((?:\\x[0-9a-f]{2})*)"(\.\.\.)?')
_DESCRIPTOR = re.compile(r"(?P<number>-?\d+|AT_FDCWD)(?:<(?P<path>(?:\\x[0-9a-f]{2})*)>)?")

END = -1
"""Offset of what is appended."""


class NotModelled(Exception):
    """A call that changes the folder in a way that the model does not know."""


@dataclass(frozen=True, slots=True)
class Event:
    """One call on a path of the folder. Paths are relative to it, "." is the folder itself."""

    kind: str  #: create write truncate sync_began sync_done rename link unlink mkdir rmdir
    path: str
    to: str = ""  #: the second name of `rename` and `link`
    data: bytes = b""  #: of `write`
    at: int = 0  #: offset of `write` (or END), size of `truncate`
    token: int = 0  #: pairs `sync_began` with `sync_done`


def record(command: Sequence[str], log: Path, environment: dict[str, str]) -> int:
    """Run a command under strace; its exit status (a signal as the negative number)."""
    need_strace()
    options = ["-f", "-y", "-xx", "-s", "100000000", "--seccomp-bpf", "-e", "signal=none"]
    done = subprocess.run(
        ["strace", *options, "-e", f"trace={','.join(_CALLS.split())}", "-o", str(log), *command],
        stdin=subprocess.DEVNULL,
        env=os.environ | environment,
        timeout=300,
        check=False,
    )
    return done.returncode


def events(log: Path, folder: Path) -> Iterator[Event]:
    """The events of one process (with its threads) in the order of their ends; syncs also begin.

    Raises NotModelled.
    """
    reader = _Reader(folder)
    with log.open("rb") as lines:
        for line in lines:
            yield from reader.line(line.decode("latin-1").rstrip("\n"))


class _Reader:
    def __init__(self, folder: Path) -> None:
        self._folder = str(folder)
        self._positions: dict[str, int] = {}  # descriptor number -> offset of the next write(2)
        self._appends: set[str] = set()
        self._unfinished: dict[str, tuple[str, int]] = {}
        self._tokens = 0

    def line(self, line: str) -> Iterator[Event]:
        match = _LINE.fullmatch(line)
        assert match, line[:200]
        thread, rest = match["thread"], match["rest"]
        if rest.startswith(("+++", "---")):
            return
        if rest.endswith(_UNFINISHED):
            start = rest.removesuffix(_UNFINISHED)
            self._unfinished[thread] = (start, self._tokens + 1)
            yield from self._sync_began(start)
            return
        if resumed := _RESUMED.fullmatch(rest):
            start, token = self._unfinished.pop(thread)
            yield from self._call(start + resumed["rest"], token)
            return
        yield from self._sync_began(rest)
        yield from self._call(rest, self._tokens)

    def _sync_began(self, text: str) -> Iterator[Event]:
        name, _, arguments = text.partition("(")
        if name in ("fsync", "fdatasync") and (path := self._descriptor(arguments)[1]):
            self._tokens += 1
            yield Event("sync_began", path, token=self._tokens)

    def _call(self, text: str, token: int) -> Iterator[Event]:
        call = _CALL.fullmatch(text)
        if call is None:
            # It ended with its process, or another thread did: "exit_group" leaves "= ?", a thread
            # whose state strace could not read any more "= ? <unavailable>".
            assert text.endswith(("= ?", "= ? <unavailable>")), text[-300:]
            return
        if int(call["result"]) < 0:
            return
        name, arguments = call["name"], call["arguments"]
        if name in _CREATE.split():
            yield from self._open(arguments, call["result"] + call["note"])
        elif name == "lseek":
            number, path = self._descriptor(arguments)
            if path:
                self._positions[number] = int(call["result"])
        elif name in ("fsync", "fdatasync"):
            if path := self._descriptor(arguments)[1]:
                yield Event("sync_done", path, token=token)
        elif name in ("write", "pwrite64", "ftruncate"):
            yield from self._descriptor_call(name, arguments, int(call["result"]))
        else:
            yield from self._path_call(name, arguments)

    def _open(self, arguments: str, result: str) -> Iterator[Event]:
        number, path = self._descriptor(result)
        if not path or "O_DIRECTORY" in arguments:
            return
        self._positions[number] = 0
        self._appends.discard(number)
        if "O_APPEND" in arguments:
            self._appends.add(number)
        if "O_CREAT" in arguments:
            yield Event("create", path)
        if "O_TRUNC" in arguments:
            yield Event("truncate", path)

    def _descriptor_call(self, name: str, arguments: str, result: int) -> Iterator[Event]:
        number, path = self._descriptor(arguments)
        if not path:
            return
        if name == "ftruncate":
            yield Event("truncate", path, at=int(arguments.rpartition(",")[2]))
            return
        data = _strings(arguments)[0][:result]
        if name == "pwrite64":
            yield Event("write", path, data=data, at=int(arguments.rpartition(",")[2]))
            return
        if number in self._appends:
            yield Event("write", path, data=data, at=END)
            return
        at = self._positions[number]
        self._positions[number] = at + result
        yield Event("write", path, data=data, at=at)

    def _path_call(self, name: str, arguments: str) -> Iterator[Event]:
        paths = [self._relative(text.decode()) for text in _strings(arguments)]
        if not any(paths):
            if self._descriptor(arguments)[1]:
                raise NotModelled(f"{name} on {self._descriptor(arguments)[1]}")
            return
        if not all(paths):
            raise NotModelled(f"{name} out of the folder or into it: {paths}")
        kind = {"unlinkat": "rmdir" if "AT_REMOVEDIR" in arguments else "unlink"}.get(
            name, name.removesuffix("2").removesuffix("at")
        )
        if kind not in ("rename", "link", "unlink", "mkdir", "rmdir"):
            raise NotModelled(f"{name} on {paths}")
        yield Event(kind, str(paths[0]), to=str(paths[1]) if len(paths) > 1 else "")

    def _descriptor(self, text: str) -> tuple[str, str | None]:
        """Number and path of the descriptor that the text begins with; the path in the folder."""
        match = _DESCRIPTOR.match(text)
        if match is None or match["path"] is None or text[match.end() :].startswith("(deleted)"):
            return "", None
        return match["number"], self._relative(_unescaped(match["path"]).decode())

    def _relative(self, path: str) -> str | None:
        """None outside of the folder, where relative paths and pipes are too."""
        if path == self._folder:
            return "."
        if not path.startswith(f"{self._folder}/"):
            return None
        return path[len(self._folder) + 1 :]


def _strings(arguments: str) -> list[bytes]:
    found = []
    for match in _STRING.finditer(arguments):
        assert not match[2], "strace has cut a string"
        found.append(_unescaped(match[1]))
    return found


def _unescaped(text: str) -> bytes:
    return bytes.fromhex(text.replace("\\x", ""))
