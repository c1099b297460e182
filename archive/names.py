"""Names of segments and runs, and the keys of the objects that belong to them.

NAME = <source>-<17 digits>-<10 of a-z2-7>          e.g. bhrrc-20261122093000123-k3m5p7r2t4
run  = <17 digits>-<10 of a-z2-7>

collection.json                      what tells a collection from a folder
warc/2026/11/22/NAME.warc.gz         exchanges
cdxj/2026/11/22/NAME.cdxj.gz         their index lines
text/2026/11/22/NAME.<run>.jsonl.gz  documents of one extraction run
manifests/2026/11/22/NAME.jsonl      digests of the WARC, the CDXJ and every record
manifests/2026/11/22/NAME.<run>.jsonl  digests of one text object
access/2026/11/22/<id>.json          a decision to withhold, or to do so no longer; id is as a run
"""

from __future__ import annotations

import base64
import re
import secrets
from datetime import datetime
from typing import Literal

from archive.errors import KeyInvalid
from archive.timestamps import now, to_long_timestamp

_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"
_SOURCE = re.compile(r"[a-z0-9][a-z0-9_]{0,39}")
_FILE = re.compile(
    r"(?P<name>(?P<source>[a-z0-9][a-z0-9_]{0,39})-(?P<begun>(?P<day>\d{8})\d{6})\d{3}-[a-z2-7]{10})"
    r"(?:\.(?P<run>\d{17}-[a-z2-7]{10}))?\.(?P<ending>warc\.gz|cdxj\.gz|jsonl\.gz|jsonl)"
)
_DECISION = re.compile(r"(?P<day>\d{8})\d{9}-[a-z2-7]{10}")
_FOLDERS = {"warc.gz": "warc", "cdxj.gz": "cdxj", "jsonl.gz": "text", "jsonl": "manifests"}

DESCRIPTION = "collection.json"
"""Key of what every collection has: a store without it is none, or empty."""

ACCESS = "access/"
"""What the keys of decisions to withhold begin with."""

Ending = Literal["warc.gz", "cdxj.gz", "jsonl.gz", "jsonl"]


def random_part(length: int = 10) -> str:
    """Characters of a-z2-7: each has 5 random bits."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))


def new_name(source: str, moment: datetime | None = None) -> str:
    """A fresh segment name. Raises ValueError for a source name outside [a-z0-9][a-z0-9_]{0,39}."""
    return f"{_checked(source)}-{to_long_timestamp(moment or now())}-{random_part()}"


def _checked(source: str) -> str:
    if not _SOURCE.fullmatch(source):
        raise ValueError(f"{source!r} is not a source name: [a-z0-9][a-z0-9_]{{0,39}}")
    return source


IMPORTED = "imported"
"""Source of what other tools captured, where no other is named."""


def imported_name(source: str, moment: datetime, sha256: str) -> str:
    """The segment name of a WARC of another tool: the same for the same file, at any time.

    `moment` is the date of its first record and `sha256` the hex digest of the file. Raises
    ValueError as `new_name`.
    """
    return f"{_checked(source)}-{digest_name(moment, sha256)}"


def digest_name(moment: datetime, sha256: str) -> str:
    """17 digits, "-", `letters_of`."""
    return f"{to_long_timestamp(moment)}-{letters_of(sha256)}"


def letters_of(sha256: str) -> str:
    """10 characters of a-z2-7: the first 50 bits of a hex digest."""
    return base64.b32encode(bytes.fromhex(sha256)).decode().lower()[:10]


def decision_key(id_: str) -> str:
    """The key in the store of the decision of that id. Raises KeyInvalid."""
    match = _DECISION.fullmatch(id_)
    if match is None:
        raise KeyInvalid(f"{id_!r} is not the id of a decision", id_)
    return f"{ACCESS}{_folders(match['day'])}/{id_}.json"


def decision_of(key: str) -> str:
    """The id of the decision that is kept under that key. Raises KeyInvalid."""
    id_ = key.rpartition("/")[2].removesuffix(".json")
    if decision_key(id_) != key:
        raise KeyInvalid(f"{key!r} is not the key of a decision", key)
    return id_


def new_run(moment: datetime | None = None) -> str:
    """A fresh run id; later runs are greater."""
    return f"{to_long_timestamp(moment or now())}-{random_part()}"


def source_name(text: str) -> str:
    """A source name made of a host or the name of a spider: letters and digits, the rest as `_`."""
    return re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")[:40].rstrip("_") or "site"


def source_of(filename: str) -> str:
    """The source in a file name made here. Raises KeyInvalid."""
    return _parse(filename)["source"]


def begun_of(filename: str) -> str:
    """When the segment of a file name made here was begun, 14 digits. Raises KeyInvalid."""
    return _parse(filename)["begun"]


def segment_of(filename: str) -> str:
    """NAME.warc.gz of the segment that the file belongs to. Raises KeyInvalid."""
    return f"{_parse(filename)['name']}.warc.gz"


def key_of(filename: str) -> str:
    """The key in the store for a file name made here. Raises KeyInvalid."""
    parts = _parse(filename)
    return f"{_FOLDERS[parts['ending']]}/{_folders(parts['day'])}/{filename}"


def _folders(day: str) -> str:
    return f"{day[:4]}/{day[4:6]}/{day[6:]}"


def sibling(filename: str, ending: Ending) -> str:
    """The name of another file of the same segment (and run)."""
    parts = _parse(filename)
    run = f".{parts['run']}" if parts["run"] else ""
    return f"{parts['name']}{run}.{ending}"


def text_of(segment: str, run: str) -> str:
    """The name of the text object of a segment and a run."""
    return f"{_parse(segment)['name']}.{run}.jsonl.gz"


def _parse(filename: str) -> re.Match[str]:
    match = _FILE.fullmatch(filename)
    if match is None:
        raise KeyInvalid(f"{filename!r} is not a file name of a collection", filename)
    return match
