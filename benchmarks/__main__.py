"""`make bench`: side-by-side measurements, interleaved in one run, with their floors.

    python -m benchmarks [--rounds N] [--pages N] [--folder DIR] [NAME]...
    python -m benchmarks [--captures N] [--documents N] index
    python -m benchmarks [--captures N] rebuild
    python -m benchmarks [--rounds N] [--served N] serve

A ratio is the median over the rounds; on a noisy machine take more rounds. NAME is one of gzip,
identity, text, memory, fsync (all by default). Results go to benchmarks/results/ with the digest of
the pages that were served, and the exit status is 1 when a floor is missed.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.index import index
from benchmarks.pages import digest, site
from benchmarks.ratio import Ratio
from benchmarks.rebuild import rebuild
from benchmarks.serving.measure import serve

_RESULTS = Path(__file__).parent / "results"


@contextmanager
def _server(coding: str, folder: Path | None) -> Iterator[int]:
    command = [sys.executable, "-m", "benchmarks.server", coding]
    command += [str(folder)] if folder else []
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline())
        finally:
            process.stdin.close()


def _crawl(mode: str, port: int, pages: int) -> dict[str, Any]:
    home = tempfile.mkdtemp(prefix="press-bench-")
    try:
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.crawl", mode, str(port), str(pages), home],
            check=True,
            capture_output=True,
            text=True,
            timeout=900,
        )
    finally:
        shutil.rmtree(home)
    line: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    wanted = 4 if mode.endswith("large") else pages
    if line["pages"] != wanted or line["finish_reason"] != "finished":
        raise SystemExit(f"{mode} did not crawl {wanted} pages: {line}\n{done.stderr}")
    if mode == "text" and line["texts"] < 0.9 * pages:
        raise SystemExit(f"text was had of {line['texts']} pages only: {line}\n{done.stderr}")
    return line


def _rounds(
    options: argparse.Namespace, coding: str, modes: list[str], pages: int
) -> list[dict[str, dict[str, Any]]]:
    rounds = []
    with _server(coding, options.folder) as port:
        for number in range(options.rounds):
            # The order turns, so that nothing always comes first.
            order = modes if number % 2 == 0 else modes[::-1]
            rounds.append({mode: _crawl(mode, port, pages) for mode in order})
            for mode in modes:
                print(f"  {coding} {number + 1}/{options.rounds} {_describe(rounds[-1][mode])}")
    return rounds


def _describe(run: dict[str, Any]) -> str:
    rate = run["pages"] / run["seconds"]
    return (
        f"{run['mode']:14} {rate:7.1f} pages/s, {_cpu(run):6.2f} ms CPU a page"
        f" (+ {1000 * run['cpu_workers'] / run['pages']:.2f} in workers), {run['peak_mb']:.0f} MB"
    )


def _cpu(run: dict[str, Any]) -> float:
    return float(1000 * run["cpu"] / run["pages"])


def _median(
    rounds: list[dict[str, dict[str, Any]]], value: Callable[[dict[str, dict[str, Any]]], float]
) -> float:
    return statistics.median(value(one) for one in rounds)


def _speed(one: dict[str, dict[str, Any]], mode: str, peer: str) -> float:
    return float(one[peer]["seconds"] / one[mode]["seconds"])


def _capture(options: argparse.Namespace, coding: str, floor: float) -> list[Ratio]:
    rounds = _rounds(options, coding, ["bare", "capture", "alike"], options.pages)
    ratio = _median(rounds, lambda one: _speed(one, "capture", "bare"))
    cpu = [_median(rounds, lambda one, m=m: _cpu(one[m])) for m in ("bare", "capture")]  # type: ignore[misc]  # mypy does not infer a lambda with a default
    # What other machines on the same processor do to a round is left out there.
    fastest = [min(one[mode]["seconds"] for one in rounds) for mode in ("bare", "capture")]
    detail = (
        f"CPU ms a page: bare {cpu[0]:.2f}, capture {cpu[1]:.2f}; "
        f"fastest rounds {fastest[0] / fastest[1]:.2f}"
    )
    alike = _median(rounds, lambda one: _speed(one, "capture", "alike"))
    return [
        Ratio(f"capture + WARC + index, {coding}, of bare", ratio, floor, detail=detail),
        Ratio(f"the same, {coding}, of bare with CONCURRENT_ITEMS alike", alike, None),
    ]


def _text(options: argparse.Namespace) -> list[Ratio]:
    rounds = _rounds(options, "gzip", ["inline", "text", "pool"], options.pages)
    faster = _median(rounds, lambda one: _speed(one, "text", "inline"))

    def of_limit(one: dict[str, dict[str, Any]]) -> float:
        run = one["text"]
        seconds_a_page = (run["cpu"] + run["cpu_workers"]) / run["pages"]
        limit = len(os.sched_getaffinity(0)) / seconds_a_page
        return float(run["pages"] / run["seconds"] / limit)

    share = _median(rounds, of_limit)
    # What this machine has of its cores in this moment.
    pooled = _median(rounds, lambda one: _speed(one, "pool", "inline"))
    workers = _median(rounds, lambda one: 1000 * one["text"]["cpu_workers"] / one["text"]["pages"])
    cpu = {m: _median(rounds, lambda one, m=m: _cpu(one[m])) for m in ("inline", "text")}  # type: ignore[misc]  # mypy does not infer a lambda with a default
    main = f"CPU ms a page: inline {cpu['inline']:.1f}, crawl {cpu['text']:.1f}"
    detail = f"{main} + workers {workers:.1f}"
    return [
        Ratio("with text, of trafilatura inline", faster, 1.5, detail=detail),
        Ratio("with text, of cores / CPU seconds a page", share, 0.9, detail=detail),
        Ratio("a bare pool, of trafilatura inline", pooled, None),
    ]


def _memory(options: argparse.Namespace) -> list[Ratio]:
    rounds = _rounds(options, "identity", ["bare-large", "capture-large"], 4)
    ratio = _median(
        rounds, lambda one: one["capture-large"]["peak_mb"] / one["bare-large"]["peak_mb"]
    )
    cpu = {m: _median(rounds, lambda one, m=m: _cpu(one[m])) for m in rounds[0]}  # type: ignore[misc]  # mypy does not infer a lambda with a default
    detail = f"CPU ms a body: bare {cpu['bare-large']:.0f}, capture {cpu['capture-large']:.0f}"
    return [
        Ratio("peak memory, four bodies of 50 MB, of bare", ratio, 1.3, most=True, detail=detail)
    ]


def _fsync(options: argparse.Namespace) -> list[Ratio]:
    rounds = _rounds(options, "gzip", ["unsynced", "capture"], options.pages)
    ratio = _median(rounds, lambda one: _speed(one, "capture", "unsynced"))
    return [Ratio("capture that waits for the disk, of one that does not", ratio, 0.9)]


_BENCHMARKS: dict[str, Callable[[argparse.Namespace], list[Ratio]]] = {
    "gzip": lambda options: _capture(options, "gzip", 0.94),
    "identity": lambda options: _capture(options, "identity", 0.88),
    "text": _text,
    "memory": _memory,
    "fsync": _fsync,
}
_ALONE: dict[str, Callable[[argparse.Namespace], list[Ratio]]] = {
    "index": lambda options: index(options.captures, options.documents),
    "rebuild": lambda options: rebuild(options.captures),
    "serve": lambda options: serve(options.served, options.rounds),
}
"""Run only when they are named."""


def main() -> int:
    """Run the benchmarks that are named; 1 when a floor is missed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--pages", type=int, default=2000)
    parser.add_argument("--folder", type=Path, help="pages to serve instead of generated ones")
    parser.add_argument("--captures", type=int, default=5_000_000)
    parser.add_argument("--documents", type=int, default=200_000)
    parser.add_argument("--served", type=int, default=120_000, help="captures to serve")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join([*_BENCHMARKS, *_ALONE]))
    options = parser.parse_args()
    ratios = [
        ratio
        for name in options.names or _BENCHMARKS
        for ratio in {**_BENCHMARKS, **_ALONE}[name](options)
    ]
    corpus = digest(site(options.folder))
    print(f"\npages: {corpus}")
    for ratio in ratios:
        print(ratio.line())
    _RESULTS.mkdir(exist_ok=True)
    path = _RESULTS / f"{datetime.now(UTC):%Y%m%d%H%M%S}.json"
    path.write_text(json.dumps({"pages": corpus, "ratios": [asdict(r) for r in ratios]}, indent=1))
    return 0 if all(ratio.kept for ratio in ratios) else 1


if __name__ == "__main__":
    sys.exit(main())
