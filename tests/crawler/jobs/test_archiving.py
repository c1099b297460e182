"""Jobs that the real command does, in a process of its own."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from archive.index import CaptureQuery, Index
from archive.jobs import ARCHIVE, Job
from archive.timestamps import now
from crawler.jobs import archiving
from crawler.jobs.archiving import ArchiveWorker
from crawler.jobs.local import Ending
from tests.environment import inherited
from tests.servers.routes import Routes, html, site
from tests.servers.wire import Wire
from tests.waiting import until

_PAGE = html("<p>Good.")


def _environment(folder: Path, configuration: str = "", **more: str) -> Mapping[str, str]:
    file = folder / "pressmark.yaml"
    file.write_text(f"contact: https://example.org/about\n{configuration}", encoding="utf-8")
    return {
        **inherited(),
        "PRESSMARK_CONFIG": str(file),
        "PRESSMARK_ALLOW_NETWORKS": "127.0.0.0/8",
        **more,
    }


def _jobs(*urls: str) -> list[Job]:
    return [
        Job(
            id=f"{number:040x}",
            kind=ARCHIVE,
            arguments={"url": url},
            state="running",
            submitted=now(),
        )
        for number, url in enumerate(urls)
    ]


async def _run(
    worker: ArchiveWorker, *urls: str, stop: asyncio.Event | None = None
) -> Sequence[Ending]:
    endings: list[Ending] = []
    await worker.run(_jobs(*urls), stop or asyncio.Event(), endings.append)
    return endings


def _reasons(endings: Sequence[Ending]) -> list[str | None]:
    return [ending.error.reason if ending.error else None for ending in endings]


def _captures(folder: Path, url: str) -> int:
    with closing(Index(f"sqlite:///{folder}/data/index.db")) as index:
        return index.count(CaptureQuery(url=url))


async def _asked(routes: Routes, path: str) -> None:
    await asyncio.to_thread(until, lambda: path in routes.asked)


def test_each_job_gets_what_became_of_its_url(tmp_path: Path) -> None:
    answers = {"/": _PAGE, "/gone": html("<p>Gone.", status=b"410 Gone")}
    _, server = site({**answers, "/loop": html("", b"Location: /loop", status=b"302 Found")})
    worker = ArchiveWorker(grace=5, environment=_environment(tmp_path, "defaults: {delay: 0.05}\n"))
    with server:
        good = f"{server.url}/"
        urls = (good, f"{server.url}/gone", "http://10.1.2.3/", f"{server.url}/loop", good)
        endings = asyncio.run(_run(worker, *urls))
    assert _reasons(endings) == [None, None, "address-refused", "too-many-redirects", None]
    first = endings[0].result
    assert first is not None
    assert (first["url"], first["state"], first["status"]) == (good, "stored", 200)
    assert "reason" not in first
    assert [ending.job.arguments["url"] for ending in endings] == list(urls)
    assert endings[1].result is not None
    assert endings[1].result["status"] == 410


def test_stopped_in_order_what_was_captured_is_stored(tmp_path: Path) -> None:
    routes, server = site({"/": _PAGE, "/later": _PAGE})
    # The second waits for its turn long after the stop.
    environment = _environment(tmp_path, "defaults: {delay: 600}\n")
    worker = ArchiveWorker(grace=30, environment=environment)

    async def main(url: str) -> Sequence[Ending]:
        stop = asyncio.Event()
        work = asyncio.create_task(_run(worker, f"{url}/", f"{url}/later", stop=stop))
        await _asked(routes, "/")
        stop.set()
        return await work

    with server:
        endings = asyncio.run(main(server.url))
    assert _reasons(endings) == [None, "interrupted"]
    assert [ending.cut_short for ending in endings] == [False, True]


def test_a_killed_process_is_a_failure_and_loses_nothing(tmp_path: Path) -> None:
    async def stall(wire: Wire) -> None:
        await asyncio.sleep(600)

    page = html('<link rel="stylesheet" href="/stalls.css"><p>Good.')
    routes, server = site({"/": page, "/stalls.css": stall, "/other": _PAGE})
    worker = ArchiveWorker(grace=5, environment=_environment(tmp_path, "store_wait: 5\n"))

    async def killed(url: str) -> Sequence[Ending]:
        work = asyncio.create_task(_run(worker, f"{url}/"))
        await _asked(routes, "/stalls.css")
        (child,) = _children()
        os.kill(child, signal.SIGKILL)
        return await work

    with server:
        endings = asyncio.run(killed(server.url))
        assert _reasons(endings) == ["failed"]
        assert not endings[0].cut_short
        after = asyncio.run(_run(worker, f"{server.url}/other"))
        assert _reasons(after) == [None]
        assert _captures(tmp_path, f"{server.url}/") == 1
    assert not list((tmp_path / "data" / "spool").glob("*/*.warc.gz*"))


def test_what_is_only_spooled_is_no_success_and_tells_nothing_of_the_store(tmp_path: Path) -> None:
    environment = _environment(
        tmp_path,
        "store_wait: 0\n",
        PRESSMARK_COLLECTION="s3://nowhere/x",
        AWS_ENDPOINT_URL_S3="http://127.0.0.1:1",
        AWS_ACCESS_KEY_ID="none",
        AWS_SECRET_ACCESS_KEY="none",
    )
    _, server = site({"/": _PAGE})
    with server:
        worker = ArchiveWorker(grace=5, environment=environment)
        (ending,) = asyncio.run(_run(worker, f"{server.url}/"))
    assert ending.error is not None
    assert ending.result is not None
    assert (ending.error.reason, ending.result["state"]) == ("not-stored", "spooled")
    assert "nowhere" not in ending.error.message


def test_a_configuration_that_is_wrong_by_now_fails_the_job(tmp_path: Path) -> None:
    worker = ArchiveWorker(grace=5, environment=_environment(tmp_path, "no_such_key: 1\n"))
    (ending,) = asyncio.run(_run(worker, "http://127.0.0.1:1/"))
    assert _reasons([ending]) == ["failed"]
    assert ending.error is not None
    assert "no_such_key" not in ending.error.message


def _says(monkeypatch: pytest.MonkeyPatch, folder: Path, script: str) -> Path:
    """The command is a script; where it notes its process id."""
    note = folder / "pid"
    begun = f"import os, time, sys; open({str(note)!r}, 'w').write(str(os.getpid())); "
    monkeypatch.setattr(archiving, "_COMMAND", [sys.executable, "-c", begun + script])
    return note


def test_a_line_that_is_no_result_is_a_failure_of_its_url_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _says(monkeypatch, tmp_path, "print('no json'); print('[1]'); print('{\"ok\": true}')")
    endings = asyncio.run(_run(ArchiveWorker(grace=5), "http://a/", "http://b/", "http://c/"))
    assert _reasons(endings) == ["failed", "failed", None]


def test_a_line_without_end_ends_the_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archiving, "_LONGEST_LINE", 1000)
    said = "print('{\"ok\": true}'); print('x' * 200_000, flush=True); time.sleep(600)"
    note = _says(monkeypatch, tmp_path, said)
    endings = asyncio.run(_run(ArchiveWorker(grace=5), "http://a/", "http://b/", "http://c/"))
    assert _reasons(endings) == [None, "failed", "failed"]
    assert not Path(f"/proc/{note.read_text()}").exists()


def test_no_process_is_left_when_its_results_cannot_be_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    note = _says(monkeypatch, tmp_path, "print('{}', flush=True); time.sleep(600)")

    def tell(_: Ending) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        asyncio.run(ArchiveWorker(grace=5).run(_jobs("http://a/"), asyncio.Event(), tell))
    assert not Path(f"/proc/{note.read_text()}").exists()


@pytest.mark.slow
def test_a_process_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    _, server = site({"/": _PAGE, "/later": _PAGE})
    environment = _environment(tmp_path, "defaults: {delay: 600}\n")
    worker = ArchiveWorker(grace=30, environment=environment, longest=3)
    with server:
        endings = asyncio.run(_run(worker, f"{server.url}/", f"{server.url}/later"))
    # How far it came depends on the machine.
    assert _reasons(endings)[1] == "interrupted"
    assert not endings[1].cut_short


def _children() -> list[int]:
    """Processes that this one has started and that run `archive`."""
    found = []
    for file in Path("/proc/self/task").glob("*/children"):
        for pid in map(int, file.read_text().split()):
            if b"archive" in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0"):
                found.append(pid)
    return found
