"""The pool with its real processes; deadlines are short so that the whole stays quick."""

from __future__ import annotations

import asyncio
import fcntl
import gzip
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from archive.model import Article
from pipelines.text.pool import PoolClosed, RawPage, TextPool, WorkerError

PARAGRAPHS = "".join(
    f"<p>Paragraph {number} of this page says a thing that none of the others says.</p>"
    for number in range(8)
)
GOOD = f"<!doctype html><html><head><title>Good page</title><body><article>{PARAGRAPHS}"
# Holds trafilatura for much longer than the deadlines here.
SLOW = b"<html><body><table>" + b"<tr><td>a</td><td>b</td></tr>" * 150_000


def raw(body: bytes | str, content_type: str | None = "text/html; charset=utf-8") -> RawPage:
    data = body.encode() if isinstance(body, str) else body
    return RawPage(url="http://news.example/a", content_type=content_type, body=data)


Work = Callable[[TextPool], Awaitable[None]]


def run(
    work: Work,
    *,
    workers: int = 1,
    deadline: float = 20.0,
    memory: int = 1_500 << 20,
    recycle: int = 1000,
) -> None:
    async def main() -> None:
        async with TextPool(
            workers=workers, deadline=deadline, memory=memory, recycle=recycle
        ) as pool:
            await work(pool)

    before = children()
    asyncio.run(main())
    assert children() <= before, "a zombie counts as a child too"


@pytest.fixture(scope="module")
def shared_pool() -> Iterator[Callable[[Work], None]]:
    """Runs a test's work on one pool of one worker, that all of them share."""
    before = children()
    with asyncio.Runner() as runner:
        pool = runner.run(_started())
        yield lambda work: runner.run(_awaited(work(pool)))
        runner.run(pool.close())
    assert children() <= before


async def _started() -> TextPool:
    pool = TextPool(workers=1, deadline=1.5)
    pool.start()
    return pool


async def _awaited(work: Awaitable[None]) -> None:
    await work


async def is_healthy(pool: TextPool) -> bool:
    article = await pool.extract(raw(GOOD))
    return article.extraction_status == "ok" and article.text.count("\n") == 7


def children() -> set[str]:
    lists = (path.read_text() for path in Path("/proc/self/task").glob("*/children"))
    return {pid for pids in lists for pid in pids.split()}


def open_files(pid: int) -> set[str]:
    return {str(link.readlink()) for link in Path(f"/proc/{pid}/fd").iterdir()}


def environment(pid: int) -> bytes:
    return Path(f"/proc/{pid}/environ").read_bytes()


async def busy_worker(pool: TextPool) -> int:
    """Process id of the one worker once it works on a page."""
    while True:
        for worker in pool._busy:
            if worker._ready:
                return worker.pid
        await asyncio.sleep(0.01)


def test_the_crawler_needs_no_parser() -> None:
    code = "import sys, pipelines.text.pool; sys.exit('trafilatura' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[3])


def test_many_pages_at_once() -> None:
    async def work(pool: TextPool) -> None:
        pages = [GOOD.replace("Paragraph", f"Page{number} paragraph") for number in range(200)]
        articles = await asyncio.gather(*(pool.extract(raw(page)) for page in pages))
        for number, article in enumerate(articles):
            assert article.text.startswith(f"Page{number} paragraph 0 of this page")

    run(work, workers=2)


def test_bad_pages_each_have_a_status_and_the_pool_stays_healthy(
    shared_pool: Callable[[Work], None],
) -> None:
    sentence = "This sentence stands in a text that is very long. "
    expected = {
        "200k attributes": (b"<html><p" + b" a=1" * 200_000, "too_complex"),
        "21 MB": (b"<html><p>" + b"x " * 10_500_000, "too_large"),
        "text node of 12 MB": (b"<html><p>" + b"x" * 12_000_000, "too_large"),
        "10,000 deep": (b"<html>" + b"<div>" * 10_000 + b"x", "too_complex"),
        "60k rows": (b"<html><table>" + b"<tr><td>a</td></tr>" * 60_000, "timeout"),
        "NULs": (GOOD.replace(" ", " \0").encode(), "ok"),
        "wrong charset": (GOOD.replace("thing", "élève").encode("latin-1"), "ok"),
        "empty": (b"", "empty"),
        "binary": (bytes(range(256)) * 99, "encoding"),
        "undecodable": (b"<html>" + bytes(range(128, 160)) * 99, "encoding"),
        "gzip": (gzip.compress(GOOD.encode() * 99), "empty"),
        "NUL bytes": (b"\0" * 100_000, "empty"),
    }  # fmt: skip
    large = {
        "JSON-LD of 5 MB": b'<script type="application/ld+json">["'
        + sentence.encode() * 100_000
        + b'"]</script>',
        "base64 image": b'<img src="data:image/png;base64,' + b"iVBOR" * 1_000_000 + b'">',
    }

    async def work(pool: TextPool) -> None:
        await is_healthy(pool)
        found: dict[str, str] = {}
        for name, (body, _) in expected.items():
            found[name] = (await pool.extract(raw(body))).extraction_status
        assert found == {name: status for name, (_, status) in expected.items()}
        for name, part in large.items():
            article = await pool.extract(raw(GOOD.encode() + part))
            assert article.extraction_status in ("ok", "timeout"), name
        assert await is_healthy(pool)

    shared_pool(work)


def test_deadline_ends_the_worker(
    shared_pool: Callable[[Work], None],
) -> None:
    async def work(pool: TextPool) -> None:
        assert await is_healthy(pool)
        (before,) = pool._idle
        article = await pool.extract(raw(SLOW))
        assert article.extraction_status == "timeout"
        assert article.quality == "error"
        assert not before.alive
        assert await is_healthy(pool)

    shared_pool(work)


def test_killed_worker_is_a_crash_of_that_page_alone(
    shared_pool: Callable[[Work], None],
) -> None:
    async def work(pool: TextPool) -> None:
        page = asyncio.ensure_future(pool.extract(raw(SLOW)))
        os.kill(await busy_worker(pool), signal.SIGKILL)
        assert (await page).extraction_status == "crash"
        assert await is_healthy(pool)

    shared_pool(work)


def test_worker_that_died_while_idle_costs_no_page(
    shared_pool: Callable[[Work], None],
) -> None:
    async def work(pool: TextPool) -> None:
        assert await is_healthy(pool)
        (worker,) = pool._idle
        os.kill(worker.pid, signal.SIGKILL)
        assert await asyncio.to_thread(worker._process.wait) == -signal.SIGKILL
        assert await is_healthy(pool)

    shared_pool(work)


def test_memory_is_limited() -> None:
    async def work(pool: TextPool) -> None:
        assert await is_healthy(pool)
        article = await pool.extract(raw(SLOW))
        assert article.extraction_status == "crash"
        assert await is_healthy(pool)

    run(work, memory=450 << 20)


def test_cpu_is_limited_where_the_pool_is_held_up() -> None:
    async def work(pool: TextPool) -> None:
        assert await is_healthy(pool)
        (worker,) = pool._idle
        pool._deadline = 60.0
        assert (await pool.extract(raw(SLOW))).extraction_status == "timeout"
        assert not worker.alive

    run(work, deadline=0.2)


def test_workers_are_recycled() -> None:
    async def work(pool: TextPool) -> None:
        pids = set()
        for _ in range(5):
            assert await is_healthy(pool)
            pids |= {worker.pid for worker in pool._idle}
        assert len(pids) == 3, "replaced after the second and the fourth page"

    run(work, recycle=2)


def test_cancelled_page_does_not_answer_the_next(
    shared_pool: Callable[[Work], None],
) -> None:
    async def work(pool: TextPool) -> None:
        page = asyncio.ensure_future(pool.extract(raw(SLOW)))
        await busy_worker(pool)
        page.cancel()
        with pytest.raises(asyncio.CancelledError):
            await page
        assert await is_healthy(pool)

    shared_pool(work)


def test_close_in_the_middle() -> None:
    async def main() -> None:
        pool = TextPool(workers=1)
        pages = [asyncio.ensure_future(pool.extract(raw(SLOW))) for _ in range(3)]
        await busy_worker(pool)
        await pool.close()
        for result in await asyncio.gather(*pages, return_exceptions=True):
            assert isinstance(result, PoolClosed)
        with pytest.raises(PoolClosed):
            await pool.extract(raw(GOOD))
        await pool.close()

    asyncio.run(main())


def test_close_before_any_worker_is_ready() -> None:
    async def main() -> None:
        pool = TextPool(workers=2)
        pool.start()
        page = asyncio.ensure_future(pool.extract(raw(GOOD)))
        await asyncio.sleep(0)
        await pool.close()
        with pytest.raises(PoolClosed):
            await page

    asyncio.run(main())


def test_worker_that_cannot_start_is_an_error_of_ours() -> None:
    async def work(pool: TextPool) -> None:
        with pytest.raises(WorkerError, match="could not be started"):
            await pool.extract(raw(GOOD))

    run(work, memory=40 << 20)


def test_no_descriptor_is_inherited(tmp_path: Path) -> None:
    """A worker that outlives the crawler for a moment must not hold its lock."""
    with (tmp_path / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        os.set_inheritable(file.fileno(), True)

        async def work(pool: TextPool) -> None:
            assert await is_healthy(pool)
            (worker,) = pool._idle
            assert str(tmp_path / "lock") not in open_files(worker.pid)

        run(work)


def test_interrupt_of_the_terminal_and_secrets_stay_with_the_parent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not-for-workers")

    async def work(pool: TextPool) -> None:
        assert await is_healthy(pool)
        (worker,) = pool._idle
        assert os.getsid(worker.pid) != os.getsid(0)
        assert b"not-for-workers" not in environment(worker.pid)

    run(work)


def test_workers_die_with_their_parent(tmp_path: Path) -> None:
    """Killed in the middle of a page, when no worker looks at its socket."""
    script = tmp_path / "parent.py"
    script.write_text(
        textwrap.dedent("""
        import asyncio, os, signal
        from pipelines.text.pool import RawPage, TextPool

        async def main():
            pool = TextPool(workers=1)
            body = b"<html><table>" + b"<tr><td>a</td><td>b</td></tr>" * 150_000
            page = RawPage(url="http://news.example/", content_type="text/html", body=body)
            task = asyncio.ensure_future(pool.extract(page))
            while not (pool._busy and next(iter(pool._busy))._ready):
                await asyncio.sleep(0.01)
            await asyncio.sleep(0.3)
            print(next(iter(pool._busy)).pid, flush=True)
            os.kill(os.getpid(), signal.SIGKILL)

        asyncio.run(main())
        """)
    )
    variables = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    result = subprocess.run(
        [sys.executable, script], check=False, stdout=subprocess.PIPE, env=variables
    )
    worker = Path(f"/proc/{int(result.stdout)}/stat")
    for _ in range(150):  # much less than the page takes
        # A zombie that nobody has collected yet has ended as well.
        if not worker.exists() or worker.read_text().rpartition(")")[2].split()[0] in "ZX":
            return
        time.sleep(0.02)
    pytest.fail("the worker outlived its parent")


def test_results_are_articles(
    shared_pool: Callable[[Work], None],
) -> None:
    async def work(pool: TextPool) -> None:
        article = await pool.extract(raw(GOOD))
        assert isinstance(article, Article)
        assert isinstance(article.authors, tuple)
        assert article.title == "Good page"

    shared_pool(work)
