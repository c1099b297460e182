"""Schemathesis asks the API everything that its description allows, and what it forbids."""

from __future__ import annotations

import os
import subprocess
import sys
from asyncio import Event
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from archive.jobs import ARCHIVE, Failure, Job, Limits
from archive.state import State
from archive.tokens import Tokens
from archive.web.guard.register import TokenRegister
from archive.web.site import WebSettings
from crawler.jobs.local import Ending, LocalQueue, Tell
from tests.archive.web.api.conftest import FOLLOWED, fill
from tests.archive.web.serving import served, stored_site

SETTINGS = Path(__file__).with_name("schemathesis.toml")


class Refusing:
    """A worker that fetches nothing."""

    async def run(self, jobs: Sequence[Job], stop: Event, tell: Tell) -> None:
        """Every job ends at once."""
        for job in jobs:
            tell(Ending(job=job, error=Failure(reason="blocked", message="no")))


@pytest.fixture(scope="module")
def address_and_token(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """Of a server that has something of everything, for an administrator."""
    home = tmp_path_factory.mktemp("home")
    fill(home)
    with closing(State(f"sqlite:///{home}/state.db")) as state:
        tokens = Tokens(state)
        _, secret = tokens.create("fuzzer", "admin")
        open_site = stored_site(
            home,
            settings=WebSettings(search_rate=0, save_rate=0),
            sources=FOLLOWED,
            jobs=LocalQueue({ARCHIVE: Refusing()}, Limits(waiting=100_000, running=1)),
            tokens=TokenRegister(tokens),
        )
        with open_site as site, served(site) as running:
            yield running.url, secret


def fuzz(address_and_token: tuple[str, str], folder: Path, *arguments: str) -> None:
    """Fails with what Schemathesis found."""
    address, token = address_and_token
    command = [
        str(Path(sys.executable).with_name("schemathesis")),
        "--config-file", str(SETTINGS),
        "run", f"{address}/api/v1/openapi.json",
        "--header", f"Authorization: Bearer {token}",
        "--generation-database", "none",
        "--continue-on-failure",
        *arguments,
    ]  # fmt: skip
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "NO_COLOR": "1", "COLUMNS": "160"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-2000:]
    assert "passed" in done.stdout


def test_examples_and_limits(address_and_token: tuple[str, str], tmp_path: Path) -> None:
    """Without chance: each example, and each bound from both sides."""
    fuzz(address_and_token, tmp_path, "--phases", "examples,coverage")


@pytest.mark.slow  # two minutes each
@pytest.mark.parametrize("seed", ["1", "2"])
def test_anything(address_and_token: tuple[str, str], tmp_path: Path, seed: str) -> None:
    fuzz(
        address_and_token, tmp_path,
        "--phases", "fuzzing,stateful", "--max-examples", "100", "--seed", seed,
    )  # fmt: skip
