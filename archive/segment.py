"""An open segment in the spool: exchanges in, captures out, sealed into WARC, CDXJ and manifest."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from archive.appending import MemberFile
from archive.cdxj import to_line
from archive.digests import sha256_file
from archive.files import write_durably
from archive.model import Capture, Exchange
from archive.names import new_name, sibling
from archive.timestamps import now, to_timestamp
from archive.urlkey import urlkey
from archive.warc.gzip import member
from archive.warc.writing import (
    WarcRecord,
    certificate_chain,
    chain_digest,
    exchange_records,
    warcinfo,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of a manifest that speaks of a record."""

    record: str  #: WARC-Record-ID
    type: str  #: WARC-Type
    offset: int
    length: int  #: compressed bytes
    sha256: str  #: hex, over the compressed member
    url: str | None = None
    timestamp: str | None = None  #: 14 digits
    digest: str | None = None  #: of the payload, for responses and revisits

    def line(self) -> str:
        """JSON without the keys that have no value."""
        values = {name: getattr(self, name) for name in self.__slots__}
        return json.dumps({key: value for key, value in values.items() if value is not None})


class OpenSegment:
    """One WARC file that is being written. Not thread-safe. OSError passes through."""

    def __init__(self, folder: Path, source: str) -> None:
        self.source = source
        started, self._began = now(), time.monotonic()
        self.filename = f"{new_name(source, started)}.warc.gz"
        self._file = MemberFile(folder / self.filename)
        self._entries: list[Entry] = []
        self._captures: list[Capture] = []
        self._chains: dict[str, str] = {}
        self._settled = (0, 0, dict(self._chains))
        info = warcinfo(self.filename, started, source=source)
        self._warcinfo_id = info.record_id
        self._append(info)

    @property
    def age(self) -> float:
        """Seconds since it was opened, whatever is done to the clock."""
        return time.monotonic() - self._began

    @property
    def size(self) -> int:
        """Compressed bytes so far."""
        return self._file.size

    @property
    def empty(self) -> bool:
        """Whether it holds no capture that was acknowledged."""
        return self._settled[1] == 0

    def append(self, exchange: Exchange) -> Capture:
        """Write the exchange's records behind each other; durable only after `sync`.

        Raises UrlError before anything is written.
        """
        key = urlkey(exchange.url)
        request, response = exchange_records(
            exchange, warcinfo_id=self._warcinfo_id, chain_id=self._chain(exchange)
        )
        request_entry = self._append(request, url=exchange.url)
        timestamp = to_timestamp(exchange.started)
        digest = exchange.payload_digest()
        entry = self._append(response, url=exchange.url, timestamp=timestamp, digest=digest)
        capture = Capture(
            urlkey=key,
            timestamp=timestamp,
            url=exchange.url,
            mime=exchange.mime,
            status=exchange.status,
            digest=digest,
            filename=self.filename,
            offset=entry.offset,
            length=entry.length,
            record_id=response.record_id,
            source=exchange.source,
            job=exchange.job,
            request_length=request_entry.length,
            truncated=exchange.truncated,
            kind=exchange.kind,
        )
        self._captures.append(capture)
        return capture

    def sync(self) -> None:
        """Make everything appended so far durable."""
        self._file.sync()

    def settle(self) -> None:
        """Everything appended so far is synced and indexed: it stays."""
        self._file.settle()
        self._settled = (len(self._entries), len(self._captures), dict(self._chains))

    def take_back(self) -> None:
        """Forget what was appended after it was last settled."""
        self._file.take_back()
        entries, captures, chains = self._settled
        self._chains = dict(chains)
        del self._entries[entries:], self._captures[captures:]

    def seal(self) -> Path:
        """The sealed WARC in the spool, with its CDXJ and its manifest beside it."""
        digest = self._file.seal()
        write_side_files(self._file.path, digest, self._captures, self._entries)
        return self._file.path

    def close(self) -> None:
        """Stop writing without sealing: recovery will find it."""
        self._file.close()

    def discard(self) -> None:
        """Remove a segment that holds no capture."""
        self._file.discard()

    def _append(
        self,
        record: WarcRecord,
        *,
        url: str | None = None,
        timestamp: str | None = None,
        digest: str | None = None,
    ) -> Entry:
        offset, length, member_digest = self._file.append(record.pieces())
        entry = Entry(
            record=record.record_id,
            type=record.type,
            offset=offset,
            length=length,
            sha256=member_digest,
            url=url,
            timestamp=timestamp,
            digest=digest,
        )
        self._entries.append(entry)
        return entry

    def _chain(self, exchange: Exchange) -> str | None:
        """Record id of the exchange's certificate chain, written once a file."""
        if not exchange.connection.certificates:
            return None
        digest = chain_digest(exchange.connection)
        if digest not in self._chains:
            host = urlsplit(exchange.url).hostname or ""
            record = certificate_chain(exchange.connection, exchange.started, host)
            self._append(record)
            self._chains[digest] = record.record_id
        return self._chains[digest]


def write_side_files(
    warc: Path,
    digest: str,
    captures: Iterable[Capture],
    entries: Sequence[Entry],
    *,
    imported: Mapping[str, str | int] | None = None,
) -> None:
    """Write CDXJ and manifest beside a sealed WARC; `digest` is its sha256 hex. Raises OSError.

    `imported`: `file size sha256` of the file of another tool that it was made of.
    """
    lines = sorted(f"{to_line(capture)}\n".encode() for capture in captures)
    cdxj = warc.with_name(sibling(warc.name, "cdxj.gz"))
    write_durably(cdxj, b"".join(member(lines)))
    origin = {"imported": imported} if imported else {}
    objects: list[dict[str, object]] = [
        {"object": warc.name, "size": warc.stat().st_size, "sha256": digest, **origin},
        {"object": cdxj.name, "size": cdxj.stat().st_size, "sha256": sha256_file(cdxj)},
    ]
    manifest = [json.dumps(line) for line in objects] + [entry.line() for entry in entries]
    path = warc.with_name(sibling(warc.name, "jsonl"))
    write_durably(path, "".join(f"{line}\n" for line in manifest).encode())
