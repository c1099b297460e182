"""What other people's tools say of our WARC files."""

from __future__ import annotations

import gc
import io
import json
import os
import subprocess
import sys
import sysconfig
import warnings
from pathlib import Path

from fastwarc.warc import ArchiveIterator, WarcRecordType
from warcio.bufferedreaders import BufferedReader
from warcio.checker import Checker

from archive.cdxj import from_line
from archive.model import Capture
from archive.names import sibling
from archive.warc.gzip import members

with warnings.catch_warnings():
    # Its `surt` has escapes that newer Pythons warn about.
    warnings.simplefilter("ignore")
    from cdxj_indexer.main import CDXJIndexer

# warcio 1.8 cannot use the `brotli` that Scrapy and FastWARC bring along: it sets an attribute on
# that package's decompressor, so `warcio check` ends with an AttributeError at records coded br.
# Without the package it checks the digests of such records as of all others.
BufferedReader.DECOMPRESSORS.pop("br", None)
_WARCIO = "import sys; sys.modules['brotli'] = None; from warcio.cli import main; main()"

MADE_UP = "other"
"""Source of segments that a test put together from records as it liked."""

SCRIPTS = Path(sysconfig.get_path("scripts"))


class _Arguments:
    """What `warcio check` passes to its checker."""

    verbose = False
    inputs: tuple[str, ...] = ()


def written_by_us(folder: Path) -> list[Path]:
    """Sealed WARCs below a folder, without those that `tests.keeping.store_records` made up."""
    return sorted(
        path for path in folder.rglob("*.warc.gz") if not path.name.startswith(f"{MADE_UP}-")
    )


def check_warcs(folder: Path) -> int:
    """Check every WARC of ours below a folder with warcio, FastWARC and cdxj-indexer; how many."""
    paths = written_by_us(folder)
    with warnings.catch_warnings():
        # cdxj-indexer leaves its temporary files to the garbage collector.
        warnings.simplefilter("ignore", ResourceWarning)
        for path in paths:
            _check(path, folder)
        gc.collect()
    return len(paths)


def _check(path: Path, folder: Path) -> None:
    _check_warcio(path)
    _check_fastwarc(path)
    captures = read_cdxj(folder, path.name, near=path)
    if captures is not None:
        assert indexed_by_others(path) == {
            (c.urlkey, c.timestamp, c.offset, c.length, c.status) for c in captures
        }


def check_by_commands(folder: Path) -> int:
    """The same two checks by the commands that a person would type; how many files."""
    paths = [str(path) for path in sorted(folder.rglob("*.warc.gz"))]
    for path in paths:
        for command in (
            [sys.executable, "-c", _WARCIO, "check"],
            [SCRIPTS / "fastwarc", "check", "-p"],
        ):
            subprocess.run([*command, path], check=True, timeout=120)
    return len(paths)


def read_cdxj(folder: Path, filename: str, near: Path | None = None) -> list[Capture] | None:
    """Captures in our CDXJ of a WARC; None where the side file is not there yet.

    Of several copies that which has most of its path in common with `near`.
    """
    found = list(folder.rglob(sibling(filename, "cdxj.gz")))
    if not found:
        return None
    path = max(found, key=lambda path: len(os.path.commonpath([path, near or path])))
    text = b"".join(content for _, _, content in members(path)).decode()
    return [from_line(line) for line in text.splitlines()]


def indexed_by_others(path: Path) -> set[tuple[str, str, int, int, int]]:
    """`(urlkey, timestamp, offset, length, status)` of each line of cdxj-indexer."""
    output = io.StringIO()
    CDXJIndexer(output, [str(path)], records="response,revisit").process_all()
    lines = set()
    for line in output.getvalue().splitlines():
        urlkey, timestamp, fields = line.split(" ", 2)
        values = json.loads(fields)
        place = (int(values["offset"]), int(values["length"]))
        lines.add((urlkey, timestamp, *place, int(values.get("status", 0))))
    return lines


def _check_warcio(path: Path) -> None:
    checker = Checker(_Arguments())
    checker.process_one(str(path))
    assert checker.exit_value == 0, f"warcio check: {path}"


def _check_fastwarc(path: Path) -> None:
    with path.open("rb") as file:
        records = ArchiveIterator(file, record_types=WarcRecordType.any_type, parse_http=False)
        for record in records:
            assert record.verify_block_digest(consume=False) is True, path
    with path.open("rb") as file:
        records = ArchiveIterator(file, record_types=WarcRecordType.any_type, parse_http=True)
        for record in records:
            if "WARC-Payload-Digest" in record.headers:
                assert record.verify_payload_digest() is True, path
