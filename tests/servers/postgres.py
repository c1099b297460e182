"""A real PostgreSQL server on loopback, in a temporary folder, under an unprivileged user.

    with PostgresServer() as server:
        url = server.make_database()

The Debian package is installed when it is missing and the user may do that; running needs no root.
"""

from __future__ import annotations

import os
import pwd
import re
import shutil
import signal
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import psycopg
import pytest

from tests.servers import debian, process

PACKAGE = "postgresql"
USER = "pressmark"
PASSWORD = "test:pass/word@1"
"""With the characters that a URL has to escape."""

_PROGRAMS = ("initdb", "postgres")
_FOLDERS = Path("/usr/lib/postgresql")
_UNPRIVILEGED = "nobody"  # PostgreSQL refuses to run as root


def programs() -> Path | None:
    """The folder of the newest version that is installed."""
    found = [
        folder
        for folder in _FOLDERS.glob("*/bin")
        if all((folder / program).exists() for program in _PROGRAMS)
    ]
    return max(found, key=lambda folder: int(re.sub(r"\D", "", folder.parent.name)), default=None)


def install_package() -> Path:
    """Install it if it is missing. Raises PackagesMissing."""
    if found := programs():
        return found
    debian.install("postgresql-common")
    debian.make_no_cluster()
    debian.install(PACKAGE)
    if found := programs():
        return found
    raise debian.PackagesMissing(f"the package {PACKAGE} has no programs below {_FOLDERS}")


class PostgresServer:
    """Context manager that starts the server and leaves nothing behind.

    `fsync` as it is by default, on: what is committed survives the machine. Raises PackagesMissing
    and ServerFailed when entered.
    """

    port: int

    def __init__(self, *, fsync: bool = True) -> None:
        self._fsync = fsync
        self._folder = Path()
        self._process: process.Process | None = None

    def __enter__(self) -> Self:
        self._programs = install_package()
        self._folder = Path(tempfile.mkdtemp(prefix="press-postgres-"))
        try:
            self._account = _account()
            if self._account:
                os.chown(self._folder, *self._account)
            self._initialise()
            process.started(self._start_anywhere)
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(self, *_: object) -> None:
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
        """Start it on its port, and return when it takes connections. Raises ServerFailed."""
        command: list[str | Path] = [
            self._programs / "postgres", "-D", self._folder / "data", "-p", str(self.port),
        ]  # fmt: skip
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
        log = self._folder / "log"
        self._process = process.launch(command, log, cwd=self._folder, **self._as_user())
        process.wait_until_ready(
            [self._process], [log], lambda: self.connect().close(), psycopg.OperationalError
        )

    def stop(self, *, crash: bool = False) -> None:
        """End it: connections are cut. `crash`: without a checkpoint, as when the power fails."""
        self._end(signal.SIGQUIT if crash else signal.SIGINT)

    def restart(self, *, crash: bool = False) -> None:
        """End it and start it on the same port. Raises ServerFailed."""
        self.stop(crash=crash)
        self.start()

    def _initialise(self) -> None:
        passwords = self._folder / "password"
        passwords.write_text(PASSWORD)
        passwords.chmod(0o644)
        process.set_up(
            [
                self._programs / "initdb", "--no-sync", "--encoding=UTF8", "--locale=C.UTF-8",
                f"--username={USER}", "--auth=scram-sha-256", f"--pwfile={passwords}",
                "-D", self._folder / "data",
            ],
            cwd=self._folder,
            **self._as_user(),
        )  # fmt: skip

    def _start_anywhere(self) -> None:
        self._end(signal.SIGKILL)
        self.port = process.free_ports()
        self.start()

    def _as_user(self) -> dict[str, Any]:
        if not self._account:
            return {}
        user, group = self._account
        return {"user": user, "group": group, "extra_groups": []}

    def _end(self, how: signal.Signals) -> None:
        if self._process is not None:
            process.end(self._process, how=how)
            self._process = None


def _account() -> tuple[int, int] | None:
    if os.geteuid() != 0:
        return None
    entry = pwd.getpwnam(_UNPRIVILEGED)
    return entry.pw_uid, entry.pw_gid


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """The running server. Without its package the test is skipped, or fails where CI=true."""
    with debian.needed():
        install_package()
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
