"""A small newspaper on loopback and a home that crawls it, again and again, until it is killed."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from archive.store.base import Store
from archive.store.local import LocalStore
from tests.crawler.spiders.site import Answer, Site
from tests.environment import inherited
from tests.faults.acks import Ack, read_acks
from tests.faults.invariants import History, check, check_crash
from tests.waiting import until

ROOT = Path(__file__).resolve().parents[2]
PAGES = 24
CONCURRENCY = 4
TIMEOUT = 120.0
_WORDS = ("alpha", "beta", "gamma", "delta", "epsilon", "zeta")
_CONFIGURATION = """\
contact: https://example.org/about
store_wait: {store_wait}
text: {{workers: 1}}
defaults: {{delay: 0, robots: ignore, requisites: false, concurrency: {concurrency}}}
sources:
  - name: paper
    seeds: [{base}/]
    include: [/news/]
    depth: 1
"""


def newspaper(pages: int = PAGES) -> Site:
    """A front page that links to articles, each with words and a size of its own."""
    links = "".join(f'<p><a href="/news/{n}">Article {n}</a></p>' for n in range(pages))
    answers = {"/": Answer(f"<html><body><h1>Paper</h1>{links}</body></html>")}
    for number in range(pages):
        dice = random.Random(number)
        words = " ".join(dice.choices(_WORDS, k=300))
        noise = dice.randbytes(dice.choice([0, 2000, 60_000])).hex()
        answers[f"/news/{number}"] = Answer(
            f"<html><head><title>Article {number}</title></head><body><article>"
            f"<h1>Article {number}</h1><p>{words}.</p></article><!-- {noise} --></body></html>"
        )
    return Site(answers)


@dataclass(slots=True)
class Newsroom:
    """A home, the newspaper that it follows, and all promises made in it; a context manager."""

    folder: Path
    mutant: str = ""
    store: Store | None = None  #: None: the folder `collection` in the home
    index_url: str | None = None  #: None: index.db in the home
    environment: Mapping[str, str] = field(default_factory=dict)
    pages: int = PAGES
    store_wait: float = 20
    extra: str = ""  #: more lines of pressmark.yaml
    history: History = field(default_factory=History)
    site: Site = field(init=False)
    _stack: ExitStack = field(default_factory=ExitStack)

    @property
    def home(self) -> Path:
        return self.folder / "data"

    @property
    def acks(self) -> list[Ack]:
        """All promises so far."""
        return read_acks(self.folder / "acks")

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.site = self._stack.enter_context(newspaper(self.pages))
        text = _CONFIGURATION.format(
            base=self.site.base, store_wait=self.store_wait, concurrency=CONCURRENCY
        )
        (self.folder / "pressmark.yaml").write_text(text + self.extra)
        if self.store is None:
            self.store = LocalStore(self.home / "collection")
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def start(self, *arguments: str, strace: Sequence[str] = ()) -> subprocess.Popen[str]:
        """Start `pressmark` with these arguments, `crawl` without any."""
        program = [sys.executable, "-m", "tests.faults.crawl", str(self.folder / "acks")]
        return subprocess.Popen(
            [*strace, *program, *(arguments or ("crawl",))],
            cwd=self.folder,
            env={
                **inherited(),
                "PYTHONPATH": str(ROOT),
                "PRESSMARK_ALLOW_NETWORKS": "127.0.0.0/8",
                "MUTANT": self.mutant,
                **self.environment,
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )

    def start_neighbour(self) -> subprocess.Popen[str]:
        """Start a crawl of the same pages as another source: one is crawled once at a time."""
        return self.start("crawl", f"{self.site.base}/", "--depth", "1")

    def crawl(self, *arguments: str, strace: Sequence[str] = ()) -> tuple[int, str]:
        """Run `pressmark` to its end; exit status and standard error."""
        return finish(self.start(*arguments, strace=strace))

    def kill_crawl(self, after: int, delay: float, seconds: float = 60.0) -> bool:
        """Kill a crawl `delay` seconds after so many promises; whether it was still alive."""
        wanted = len(self.acks) + after
        process = self.start()
        until(lambda: len(self.acks) >= wanted or process.poll() is not None, seconds, pause=0.005)
        time.sleep(delay)
        process.kill()
        status, errors = finish(process)
        assert status in (0, -signal.SIGKILL), errors
        return status == -signal.SIGKILL

    @property
    def opened(self) -> Store:
        """The store, to look behind the back of the processes."""
        assert self.store is not None
        return self.store

    def check_crash(self) -> None:
        """Look at what a dead process left. Raises Violation."""
        check_crash(self.home, self.acks, store=self.opened, index_url=self.index_url)
        self.history.look(self.opened)

    def check(self) -> None:
        """Nothing is lost, doubled, orphaned or overwritten. Raises Violation."""
        self.history.look(self.opened)
        check(self.home, self.acks, store=self.opened, index_url=self.index_url)


def finish(process: subprocess.Popen[str]) -> tuple[int, str]:
    """Wait for the end of a command; exit status and standard error."""
    try:
        _, errors = process.communicate(timeout=TIMEOUT)
    except subprocess.TimeoutExpired:
        process.kill()
        _, errors = process.communicate()
        raise AssertionError(f"still running after {TIMEOUT} s: {errors}") from None
    assert "Traceback" not in errors, errors
    return process.returncode, errors


def wait_for_promises(room: Newsroom, count: int) -> None:
    """Until so many promises more have been made. Raises AssertionError after a minute."""
    wanted = len(room.acks) + count
    until(lambda: len(room.acks) >= wanted, pause=0.01)
