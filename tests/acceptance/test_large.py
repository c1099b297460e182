"""A WARC of a gigabyte in a bucket."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

import pytest

from archive.names import key_of
from archive.store.s3 import S3Store
from archive.store.s3_options import S3Options
from tests.exchanges import exchange, response
from tests.keeping import place
from tests.servers.ceph import S3Server
from tests.servers.faultproxy import FaultProxy

_BODIES = 52
_BODY = 20 << 20


def _message(number: int) -> bytes:
    return response(random.Random(number).randbytes(_BODY), b"Content-Type: video/mp4")


@pytest.mark.slow
def test_one_record_of_a_gigabyte_is_one_ranged_get(
    s3: S3Server, s3_bucket: str, tmp_path: Path
) -> None:
    """Uploaded in parts, read back in one request of the record's own length."""

    async def main() -> None:
        with FaultProxy(s3.endpoint_url) as proxy:
            options = S3Options(
                endpoint_url=proxy.url,
                access_key_id=s3.access_key,
                secret_access_key=s3.secret_key,
            )
            store = S3Store(s3_bucket, options=options)
            async with place(tmp_path, store, max_bytes=2 << 30) as here:
                captures = []
                for number in range(_BODIES):
                    made = exchange(f"https://example.org/{number}", _message(number))
                    captures += await here.writer.keep("ondemand", [made])
                captures += await here.writer.keep("ondemand", [exchange()])
                (name,) = await here.writer.seal()
                assert await here.drain(300)
                stored = s3.client.head_object(Bucket=s3_bucket, Key=key_of(name))
                assert stored["ContentLength"] > 1 << 30
                for capture in (captures[0], captures[30], captures[-1]):
                    proxy.forget()
                    memento = here.collection.open(capture)
                    assert memento.payload
                    (request,) = proxy.requests
                    assert request.method == "GET"
                    start = capture.offset - (capture.request_length or 0)
                    end = capture.offset + capture.length - 1
                    assert request.header("Range") == f"bytes={start}-{end}"

    asyncio.run(main())
