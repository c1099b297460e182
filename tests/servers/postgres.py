"""A real PostgreSQL server on loopback, in a temporary folder, under an unprivileged user.

    with PostgresServer() as server:
        url = server.make_database()

The Debian package is installed when it is missing and the user may do that; running needs no root.
"""

from __future__ import annotations

import os
import pwd
import random
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psycopg
import pytest

from tests.servers import debian

PACKAGE = "postgresql"
USER = "pressmark"
PASSWORD = "test:pass/word@1"
"""With the characters that a URL has to escape."""

_PROGRAMS = ("initdb", "postgres")
_FOLDERS = Path("/usr/lib/postgresql")
_STARTS = 3  # another program may take a port between the check and the use
_READY_SECONDS = 60
# Below the range that outgoing connections take their ports from: it is taken again after a stop.
_PORTS = range(20000, 31990)
_UNPRIVILEGED = "nobody"  # PostgreSQL refuses to run as root


class PostgresMissing(Exception):
    """The package is not installed and cannot be; the message says what to do."""


class PostgresFailed(Exception):
    """The server did not start; the message ends with what it wrote last."""


def programs() -> Path | None:
    """The folder of the newest version that is installed."""
    found = [
        folder
        for folder in _FOLDERS.glob("*/bin")
        if all((folder / program).exists() for program in _PROGRAMS)
    ]
    return max(found, key=lambda folder: int(re.sub(r"\D", "", folder.parent.name)), default=None)


def install_package() -> Path:
    """Install it if it is missing. Raises PostgresMissing."""
    found = programs()
    if found:
        return found
    reason = debian.install("postgresql-common")
    if reason is None:
        debian.make_no_cluster()
        reason = debian.install(PACKAGE)
    if reason:
        raise PostgresMissing(reason)
    found = programs()
    if not found:
        raise PostgresMissing(f"the package {PACKAGE} has no programs below {_FOLDERS}")
    return found


class PostgresServer:
    """Context manager that starts the server and leaves nothing behind.

    `fsync` as it is by default, on: what is committed survives the machine. Raises PostgresMissing
    and PostgresFailed when entered.
    """

    port: int

    def __init__(self, *, fsync: bool = True) -> None:
        self._fsync = fsync
        self._folder = Path()
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self._programs = install_package()
        self._folder = Path(tempfile.mkdtemp(prefix="press-postgres-"))
        try:
            self._account = _account()
            if self._account:
                os.chown(self._folder, *self._account)
            self._initialise()
            for attempt in range(_STARTS):
                self.port = _free_port()
                try:
                    self.start()
                    break
                except PostgresFailed:
                    self._end(signal.SIGKILL)
                    if attempt == _STARTS - 1:
                        raise
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # Nothing of it is to be kept: it needs no checkpoint. SIGQUIT ends its children with it.
        self._end(signal.SIGQUIT)
        shutil.rmtree(self._folder, ignore_errors=True)

    def make_database(self) -> str:
        """Create an empty database and return its URL, with a password in it."""
        name = f"press_{uuid.uuid4().hex[:12]}"
        with self.connect() as connection:
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE template0')
        return self.url(name)

    def empty(self, url: str) -> None:
        """Make a database as new, whoever is connected: quicker than another one."""
        with self.connect(url) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            schemas = connection.execute(
                "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'press\\_%'"
            ).fetchall()
            for (schema,) in schemas:
                connection.execute(f'DROP SCHEMA "{schema}" CASCADE')
            connection.execute("DROP SCHEMA public CASCADE")
            connection.execute("CREATE SCHEMA public")

    def url(self, database: str) -> str:
        """The URL of a database, there or not."""
        password = PASSWORD.replace("/", "%2F").replace("@", "%40").replace(":", "%3A")
        return f"postgresql+psycopg://{USER}:{password}@127.0.0.1:{self.port}/{database}"

    def connect(self, url: str | None = None) -> psycopg.Connection:
        """A connection of its own, in autocommit, to look behind the back of what is tested."""
        return psycopg.connect(
            host="127.0.0.1", port=self.port, user=USER, password=PASSWORD, autocommit=True,
            dbname=url.rpartition("/")[2] if url else "postgres",
        )  # fmt: skip

    def start(self) -> None:
        """Start it on its port, and return when it takes connections. Raises PostgresFailed."""
        command = [self._programs / "postgres", "-D", self._folder / "data", "-p", str(self.port)]
        for setting in (
            "listen_addresses=127.0.0.1",
            "unix_socket_directories=",
            f"fsync={'on' if self._fsync else 'off'}",
            "max_connections=200",
            "shared_buffers=128MB",
            "max_wal_size=2GB",
            "autovacuum_naptime=10s",
        ):
            command += ["-c", setting]
        # The kernel ends it when this process is killed before it can.
        guard = ["setpriv", "--pdeathsig", "KILL"] if shutil.which("setpriv") else []
        with (self._folder / "log").open("ab") as output:
            self._process = subprocess.Popen(
                [*guard, *map(str, command)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=self._folder,
                **self._as_user(),
            )
        self._wait_until_ready()

    def stop(self, *, crash: bool = False) -> None:
        """End it: connections are cut. `crash`: without a checkpoint, as when the power fails."""
        self._end(signal.SIGQUIT if crash else signal.SIGINT)

    def restart(self, *, crash: bool = False) -> None:
        """End it and start it on the same port. Raises PostgresFailed."""
        self.stop(crash=crash)
        self.start()

    def _initialise(self) -> None:
        passwords = self._folder / "password"
        passwords.write_text(PASSWORD)
        passwords.chmod(0o644)
        done = subprocess.run(
            [
                self._programs / "initdb", "--no-sync", "--encoding=UTF8", "--locale=C.UTF-8",
                f"--username={USER}", "--auth=scram-sha-256", f"--pwfile={passwords}",
                "-D", self._folder / "data",
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=120,
            check=False,
            cwd=self._folder,
            **self._as_user(),
        )  # fmt: skip
        if done.returncode:
            raise PostgresFailed(f"initdb ended with {done.returncode}:\n{done.stdout[-1500:]}")

    def _as_user(self) -> dict[str, Any]:
        if not self._account:
            return {}
        user, group = self._account
        return {"user": user, "group": group, "extra_groups": []}

    def _wait_until_ready(self) -> None:
        end = time.monotonic() + _READY_SECONDS
        while True:
            assert self._process is not None
            if self._process.poll() is not None:
                words = (self._folder / "log").read_text(errors="replace")[-1500:]
                raise PostgresFailed(f"it ended with {self._process.returncode}:\n{words}")
            try:
                self.connect().close()
                return
            except psycopg.OperationalError as error:
                if time.monotonic() > end:
                    raise PostgresFailed(f"no answer in {_READY_SECONDS} s: {error}") from error
            time.sleep(0.05)

    def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        with suppress(ProcessLookupError):
            process.send_signal(how)
        try:
            process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(timeout=30)


def _account() -> tuple[int, int] | None:
    if os.geteuid() != 0:
        return None
    entry = pwd.getpwnam(_UNPRIVILEGED)
    return entry.pw_uid, entry.pw_gid


def _free_port() -> int:
    while True:
        port = random.choice(_PORTS)
        with closing(socket.socket()) as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """The running server. Without its package the test is skipped, or fails where CI=true."""
    try:
        install_package()
    except PostgresMissing as error:
        debian.skip_or_fail(str(error))
    with PostgresServer() as server:
        yield server


@pytest.fixture
def own_postgres(postgres: PostgresServer) -> Iterator[PostgresServer]:
    """A server of the test's own, to be stopped and started."""
    with PostgresServer() as server:
        yield server


@pytest.fixture(scope="session")
def _postgres_database(postgres: PostgresServer) -> str:
    return postgres.make_database()


@pytest.fixture
def postgres_url(postgres: PostgresServer, _postgres_database: str) -> str:
    """The URL of a database that is empty when the test begins."""
    postgres.empty(_postgres_database)
    return _postgres_database
