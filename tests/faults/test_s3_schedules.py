"""Uploads through an S3 server that fails by a schedule: stored whole, once, or still spooled."""

from __future__ import annotations

import asyncio
import functools
import hashlib
import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from botocore.config import Config
from botocore.loaders import create_loader

from archive import upload
from archive.documents import text_digest
from archive.errors import AccessDenied, ArchiveError
from archive.store import s3_client
from archive.store.base import StoredObject
from archive.store.s3 import S3Store
from archive.store.s3_options import LEAST_PART, S3Options
from tests.exchanges import ARTICLE, exchange, response
from tests.faults.acks import Ack
from tests.faults.driver import recover
from tests.faults.invariants import Violation, check, check_crash
from tests.faults.schedules import FAULTS, LATE, Schedule
from tests.keeping import Place, place
from tests.servers.ceph import S3Server
from tests.servers.faultproxy import FaultProxy, Message

_SHORT, _FULL = 15, 300
_PATIENCE = 1.0  # seconds that a process waits for a store that is away
_EARNEST = s3_client._config


def _hurry(patch: pytest.MonkeyPatch, read_timeout: float) -> None:
    hurry = Config(read_timeout=read_timeout, retries={"mode": "standard", "total_max_attempts": 3})
    patch.setattr(s3_client, "_config", lambda options: _EARNEST(options).merge(hurry))


@pytest.fixture(scope="module", autouse=True)
def hurried() -> Iterator[None]:
    """Clients and uploads that give up and try again sooner than they do in earnest."""
    with pytest.MonkeyPatch.context() as patch:
        _hurry(patch, LATE / 2)
        patch.setattr(upload, "_FIRST_PAUSE", 0.01)
        patch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", lambda *_: 0.01)
        # boto3 would parse the same 2 MB of service model for each of many clients.
        patch.setattr("botocore.session.create_loader", functools.cache(create_loader))
        yield


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket, seen directly and through the proxy."""

    server: S3Server
    proxy: FaultProxy
    name: str

    def store(self, prefix: str, *, through_proxy: bool, in_parts: bool = False) -> S3Store:
        """A client of its own."""
        options = S3Options(
            endpoint_url=self.proxy.url if through_proxy else self.server.endpoint_url,
            access_key_id=self.server.access_key,
            secret_access_key=self.server.secret_key,
        )
        if in_parts:
            options = replace(options, multipart_threshold=LEAST_PART, multipart_chunk=LEAST_PART)
        return S3Store(self.name, prefix, options)


@pytest.fixture(scope="module")
def bucket(s3: S3Server) -> Iterator[Bucket]:
    """One for all schedules, each of which has a prefix of its own."""
    with FaultProxy(s3.endpoint_url) as proxy:
        yield Bucket(s3, proxy, s3.make_bucket())


async def _life(
    here: Place, seed: int, *, in_parts: bool, patience: float
) -> tuple[list[Ack], ArchiveError | None]:
    """Two segments, one with text, sealed and sent; what was promised, and what was said then."""
    acks = []
    for number, source in enumerate(("one", "two", "one")):
        size = LEAST_PART + 100_000 if in_parts and number == 1 else 300
        body = random.Random(f"{seed} {number}").randbytes(size)
        message = response(body, b"Content-Type: application/octet-stream")
        kept = exchange(f"https://example.org/{number}", message, source=source)
        (capture,) = await here.writer.keep(source, [kept])
        acks.append(
            Ack(
                kind="spooled",
                time=0.0,
                filename=capture.filename,
                offset=capture.offset,
                url=capture.url,
                digest=hashlib.sha256(message).hexdigest(),
            )
        )
    await here.writer.add(capture, ARTICLE)
    acks.append(replace(acks[-1], kind="document", digest=text_digest(ARTICLE.text)))
    await here.writer.seal()
    stored = await here.drain(patience)
    error = here.uploader.error()
    assert stored == (error is None)
    acks += [
        Ack(kind="stored", time=0.0, filename=segment.filename)
        for segment in here.collection.index.segments("stored")
    ]
    return acks, error


def _run(
    bucket: Bucket, home: Path, schedule: Schedule, patience: float = _PATIENCE
) -> ArchiveError | None:
    """One process with faults, the next without; what the first one said at its end."""
    seed, home = schedule.seed, home / str(schedule.seed)
    home.mkdir()
    prefix, in_parts = f"seed{seed}", seed % 5 == 0
    proxy = bucket.proxy
    proxy.forget()
    store = bucket.store(prefix, through_proxy=True, in_parts=in_parts)
    if seed % 2:
        store.probe()  # without, nobody knows whether the server refuses to overwrite
    proxy.schedule(schedule)

    async def main() -> tuple[list[Ack], ArchiveError | None]:
        async with place(home, store) as here:
            return await _life(here, seed, in_parts=in_parts, patience=patience)

    acks, error = asyncio.run(main())
    proxy.schedule(lambda _request: None)
    spooled = [path.name for path in (home / "spool").rglob("*-*.*")]
    # A store that was away may have come back while the process ended.
    assert error is not None or spooled == []
    if isinstance(error, AccessDenied):
        assert "403" in str(error)
        assert spooled
    with closing(bucket.store(prefix, through_proxy=False)) as direct:
        check_crash(home, acks, store=direct)
    again = bucket.store(prefix, through_proxy=True, in_parts=in_parts)
    assert recover(home, again)
    with closing(bucket.store(prefix, through_proxy=False)) as direct:
        check(home, acks, store=direct)
    _check_writes(bucket, prefix)
    return error


def _check_writes(bucket: Bucket, prefix: str) -> None:
    """No object was ever given other bytes, and no parts are left that somebody pays for."""
    written: dict[str, set[str]] = defaultdict(set)
    for request, answer in bucket.proxy.answers:
        if etag := _written_etag(request, answer):
            written[request.target.partition("?")[0]].add(etag)
    assert {path: etags for path, etags in written.items() if len(etags) > 1} == {}
    left = bucket.server.client.list_multipart_uploads(Bucket=bucket.name, Prefix=prefix)
    assert left.get("Uploads", []) == []


def _written_etag(request: Message, answer: Message) -> str:
    """ETag of the object that the request has made; "" when it has made none."""
    query = request.target.partition("?")[2]
    if answer.status != 200 or "/probe/" in request.target:
        return ""
    if request.method == "PUT" and not query:
        return answer.header("ETag").strip('"')
    if request.method == "POST" and "uploadId=" in query:
        found = re.search(rb"<ETag>(?:&quot;|\")?([0-9a-f-]+)", answer.body)
        # Ceph answers so when this very upload was completed before.
        return found[1].decode() if found else ""
    return ""


def _run_all(bucket: Bucket, folder: Path, seeds: range) -> None:
    drawn: Counter[str] = Counter()
    ends: Counter[str] = Counter()
    for seed in seeds:
        schedule = Schedule(seed)
        error = _run(bucket, folder, schedule)
        drawn.update(name for _, _, name in schedule.drawn)
        ends[type(error).__name__] += 1
        if isinstance(error, AccessDenied):
            assert "forbidden" in {name for _, _, name in schedule.drawn}
    # The harness must not fail to break what it means to break.
    assert drawn.keys() == FAULTS.keys()
    assert len(ends) >= 3, f"all processes ended alike: {ends}"


def test_uploads_through_some_faulty_schedules(bucket: Bucket, tmp_path: Path) -> None:
    _run_all(bucket, tmp_path, range(_SHORT))


@pytest.mark.slow
def test_uploads_through_all_faulty_schedules(bucket: Bucket, tmp_path: Path) -> None:
    _run_all(bucket, tmp_path, range(_SHORT, _SHORT + _FULL))


def test_same_seed_breaks_the_same_requests(
    bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Nothing here may depend on how fast the machine is.
    _hurry(monkeypatch, 60.0)
    drawn = []
    for folder in ("first", "second"):
        (tmp_path / folder).mkdir()
        other = replace(bucket, name=bucket.server.make_bucket())
        schedule = Schedule(2, stalls=False)
        _run(other, tmp_path / folder, schedule, patience=120.0)
        drawn.append(schedule.drawn)
    assert drawn[0] == drawn[1] != []


def test_uploader_that_believes_in_success_is_found_out(
    bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_new = S3Store.put_new

    def believing(store: S3Store, key: str, source: bytes | Path) -> StoredObject:
        try:
            return put_new(store, key, source)
        except ArchiveError:
            return StoredObject(key=key, size=0, sha256=None)

    monkeypatch.setattr(S3Store, "put_new", believing)
    with pytest.raises(Violation, match=r"stored|vouches"):
        _run_all(replace(bucket, name=bucket.server.make_bucket()), tmp_path, range(_SHORT))
