"""Running a crawl for a test, and what it wrote."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]


@dataclass(frozen=True)
class Kept:
    """One exchange as the keeper got it."""

    fields: dict[str, Any]
    stem: Path  #: of the files that hold the blocks

    @property
    def request(self) -> bytes:
        """The request's block."""
        return self.stem.with_suffix(".request").read_bytes()

    @property
    def response(self) -> bytes:
        """The response's block."""
        return self.stem.with_suffix(".response").read_bytes()

    def __getitem__(self, name: str) -> Any:
        return self.fields[name]


@dataclass(frozen=True)
class Crawl:
    """What a crawl left behind."""

    exchanges: list[Kept]
    outcomes: list[dict[str, Any]]
    stats: dict[str, Any]
    peak: int  #: of the process's memory, kB
    log: str

    def of(self, url: str) -> list[Kept]:
        """The exchanges of a URL, in order."""
        return [kept for kept in self.exchanges if kept["url"] == url]

    @property
    def only(self) -> Kept:
        """The one exchange that there is."""
        assert len(self.exchanges) == 1, self.log
        return self.exchanges[0]


def request(url: str, *, body: bytes = b"", **fields: Any) -> dict[str, Any]:
    """A request for `crawl`; fields: method, headers, meta, then (a request to follow)."""
    return {"url": url, "body": base64.b64encode(body).decode(), **fields}


def crawl(
    folder: Path,
    requests: Sequence[dict[str, Any] | str],
    *,
    environment: dict[str, str] | None = None,
    **job: Any,
) -> Crawl:
    """Fetch in a process of its own. `job`: settings, fail_after, spool, keeper, bare."""
    folder.mkdir(parents=True, exist_ok=True)
    job["requests"] = [request(one) if isinstance(one, str) else one for one in requests]
    job_file = folder / "job.json"
    job_file.write_text(json.dumps(job))
    done = subprocess.run(
        [sys.executable, "-m", "tests.crawler.recorder.crawling", str(job_file)],
        cwd=ROOT,
        env=os.environ | (environment or {}),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    summary = json.loads((folder / "summary.json").read_text())
    return Crawl(_exchanges(folder), **summary, log=done.stderr)


def _exchanges(folder: Path) -> list[Kept]:
    log = folder / "exchanges.jsonl"
    described = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
    return [Kept(fields, folder / f"{fields['n']:05d}") for fields in described]
