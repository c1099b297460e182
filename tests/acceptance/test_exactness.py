"""From the wire to the WARC: what the server logged against what the records hold."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from archive.warc.reading import Record, read_members
from tests.acceptance.command import CONTACT, Pressmark


@dataclass(frozen=True, slots=True)
class Wire:
    """A running wireserver and where it logs."""

    folder: Path
    ready: dict[str, Any]

    @property
    def exchanges(self) -> list[dict[str, Any]]:
        """What it has logged."""
        return [json.loads(line) for line in (self.folder / "log").read_text().splitlines()]

    def sent(self, number: int) -> bytes:
        """All bytes of a response."""
        return (self.folder / f"bytes/{number:05d}.response").read_bytes()


@contextmanager
def _wireserver(shared: Path, folder: Path) -> Iterator[Wire]:
    folder.mkdir()
    command = [sys.executable, str(shared / "tools/wireserver.py"), "--port", "0"]
    command += ["--tls-port", "0", "--log", str(folder / "log"), "--bytes", str(folder / "bytes")]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            yield Wire(folder, json.loads(process.stdout.readline()))
        finally:
            process.terminate()


def _pairs(home: Path) -> list[tuple[Record, Record]]:
    """Requests with their responses."""
    pairs: list[tuple[Record, Record]] = []
    for path in home.rglob("*.warc.gz"):
        request = None
        for member in read_members(path):
            if member.record.type == "request":
                request = member.record
            elif member.record.type == "response":
                assert request is not None
                pairs.append((request, member.record))
    return pairs


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_every_exchange_is_in_the_warc_as_it_was(
    pressmark: Pressmark, shared: Path, tmp_path: Path, scheme: str
) -> None:
    pressmark.configure(
        f"{CONTACT}limits: {{timeout: 3, page: 40MiB}}\n"
        "defaults: {delay: 0, concurrency: 8, requisites: false}\n"
    )
    with _wireserver(shared, tmp_path / "wire") as wire:
        port = wire.ready["port" if scheme == "http" else "tls_port"]
        root = f"{scheme}://127.0.0.1:{port}"
        many = "\n".join(f"{root}/many/{number}" for number in range(200))
        crawled = pressmark("crawl", f"{root}/", "--depth", "1", "--json")
        archived = pressmark("archive", "--input", "-", "--json", stdin=many)
        exchanges = wire.exchanges
        assert archived.status == 0
        assert crawled.line["captures"] > 30

        whole = {(e["request"]["sha256"], e["response"]["final_sha256"]) for e in exchanges}
        found: Counter[str] = Counter()
        for request, response in _pairs(pressmark.home):
            pair = (_sha256(request.block), _sha256(response.block))
            if response.get("WARC-Truncated") is None:
                assert pair in whole, response.url
                found["whole"] += 1
            else:
                assert any(
                    e["request"]["sha256"] == pair[0]
                    and wire.sent(e["n"])[e["response"]["interim"] :].startswith(response.block)
                    for e in exchanges
                ), response.url
                found["cut"] += 1
        complete = [e for e in exchanges if e["complete"] and not e["cut"]]
        kept = Counter(
            (_sha256(request.block), _sha256(response.block))
            for request, response in _pairs(pressmark.home)
        )
        for e in complete:
            pair = (e["request"]["sha256"], e["response"]["final_sha256"])
            assert kept[pair] > 0 or e["response"]["length"] > 40 << 20, e["target"]
        assert found["whole"] >= 220
        assert found["cut"] >= 6
