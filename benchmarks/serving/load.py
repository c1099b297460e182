"""Load by wrk: how many requests a second, and how long they take."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_SCRIPT = """
local paths = {}
for line in io.lines(os.getenv("PATHS")) do paths[#paths + 1] = line end
local at = 0
local wrong = 0
request = function()
  at = at % #paths + 1
  return wrk.format("GET", paths[at])
end
response = function(status)
  if status ~= 200 then print("status " .. status) end
end
"""
_UNITS = {"us": 0.001, "ms": 1.0, "s": 1000.0, "m": 60_000.0}


@dataclass(frozen=True, slots=True)
class Load:
    """What wrk saw."""

    rate: float  #: requests a second
    p50: float  #: ms
    p99: float  #: ms
    wrong: int  #: answers that were not 200
    broken: int  #: connections that failed, or ended, as uWSGI ends each, with an answer


def load(
    base: str, paths: Sequence[str], folder: Path, *, seconds: int, connections: int = 8
) -> Load:
    """Ask for the paths in turn, over connections that are kept."""
    script, listed = folder / "load.lua", folder / "paths"
    script.write_text(_SCRIPT)
    listed.write_text("\n".join(paths) + "\n")
    done = subprocess.run(
        ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-s", script, base],
        env={"PATH": "/usr/bin:/bin", "PATHS": str(listed)},
        capture_output=True,
        text=True,
        check=True,
    )
    text = done.stdout
    errors = re.search(
        r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", text
    )
    return Load(
        rate=float(_of(r"Requests/sec:\s+([\d.]+)", text)),
        p50=_milliseconds(_of(r"\s50%\s+([\d.]+\w+)", text)),
        p99=_milliseconds(_of(r"\s99%\s+([\d.]+\w+)", text)),
        wrong=len(re.findall(r"^status ", text, re.MULTILINE)),
        broken=sum(map(int, errors.groups())) if errors else 0,
    )


def _of(pattern: str, text: str) -> str:
    match = re.search(pattern, text)
    if match is None:
        raise ValueError(f"wrk printed no {pattern}: {text}")
    return match[1]


def _milliseconds(text: str) -> float:
    match = re.fullmatch(r"([\d.]+)(\w+)", text)
    assert match is not None
    return float(match[1]) * _UNITS[match[2]]
