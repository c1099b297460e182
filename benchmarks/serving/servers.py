"""The two servers that are compared, each one process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.serving.corpus import Corpus
from tests.servers.process import end, free_ports, last_words, launch

_ROOT = Path(__file__).resolve().parents[2]
_CLIENTS = _ROOT / "tests/clients"
PEERS = _ROOT / ".venv-peers"
"""pywb and uWSGI; see tests/clients."""

_UWSGI = """
[uwsgi]
http-socket = 127.0.0.1:{port}
buffer-size = 65536
die-on-term = true
gevent = 100
env = GEVENT_MONKEY_PATCH=1
env = PYWB_CONFIG_FILE=config.yaml
venv = {venv}
wsgi = pywb.apps.wayback
disable-logging = true
"""
_PYWB = """
collections:
  bench:
    index_paths: {cdxj}
    archive_paths: {folder}/
enable_memento: true
"""


@dataclass(frozen=True, slots=True)
class Server:
    """One that runs."""

    base: str
    pid: int

    def resident(self) -> float:
        """MB of memory that it holds."""
        text = Path(f"/proc/{self.pid}/statm").read_text()
        return int(text.split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


@contextmanager
def pressmark(home: Path, environment: Mapping[str, str] | None = None) -> Iterator[Server]:
    """`pressmark serve` over a home."""
    port = free_ports(2)
    command = [sys.executable, "-c", "from crawler.cli.main import main; main()"]
    command += ["serve", "--port", str(port)]
    settings = {"PRESSMARK_HOME": str(home), "PYTHONPATH": str(_ROOT), **(environment or {})}
    with _process(command, home, {**os.environ, **settings}) as process:
        base = f"http://127.0.0.1:{port}"
        _wait(f"{base}/health", process)
        yield Server(base, process.pid)


@contextmanager
def pywb(corpus: Corpus, warcs: Path, folder: Path) -> Iterator[Server]:
    """pywb in uWSGI with gevent, as its own uwsgi.ini runs it, one process."""
    uv = str(Path(sys.executable).with_name("uv"))
    options = ["--project", str(_CLIENTS), "--group", "bench", "--python", sys.executable]
    subprocess.run(
        [uv, "sync", "--quiet", "--frozen", *options],
        env=os.environ | {"UV_PROJECT_ENVIRONMENT": str(PEERS), "UV_SYSTEM_CERTS": "true"},
        check=True,
    )
    port = free_ports()
    (folder / "uwsgi.ini").write_text(_UWSGI.format(port=port, venv=PEERS))
    (folder / "config.yaml").write_text(_PYWB.format(cdxj=corpus.cdxj, folder=warcs))
    with _process([str(PEERS / "bin/uwsgi"), "uwsgi.ini"], folder, None) as process:
        base = f"http://127.0.0.1:{port}"
        _wait(f"{base}/bench/", process)
        yield Server(base, process.pid)


@contextmanager
def _process(
    command: Sequence[str], folder: Path, environment: Mapping[str, str] | None
) -> Iterator[subprocess.Popen[bytes]]:
    log = folder / "server.log"
    process = launch(command, log, cwd=folder, env=environment)
    try:
        yield process
    except BaseException:
        print(last_words([log]))
        raise
    finally:
        end(process, how=signal.SIGTERM)


def _wait(url: str, process: subprocess.Popen[bytes]) -> None:
    stop = time.monotonic() + 60
    while time.monotonic() < stop and process.poll() is None:
        try:
            urllib.request.urlopen(url, timeout=5).close()
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise SystemExit(f"{url} does not answer")
