"""One snapshot from S3 by way of the server, beside boto3's ranged GET of the same bytes."""

from __future__ import annotations

import http.client
import random
import statistics
import tempfile
import time
from contextlib import closing
from pathlib import Path

from archive.cdxj import from_line
from archive.names import key_of
from archive.store.open import open_store
from archive.store.s3_options import S3Options
from benchmarks.ratio import Ratio
from benchmarks.serving.corpus import make
from benchmarks.serving.servers import pressmark
from tests.servers.ceph import CephServer

_CAPTURES = 2_000
_ASKED = 1_500
_WARM = 200


def from_s3() -> Ratio:
    """The median time of an answer, of that of the bare request; in turns, one after the other."""
    with CephServer() as ceph, tempfile.TemporaryDirectory(prefix="press-bench-") as name:
        server, home = ceph.http, Path(name)
        uri = f"s3://{server.make_bucket()}/news"
        options = S3Options(
            endpoint_url=server.endpoint_url,
            region="us-east-1",
            access_key_id=server.access_key,
            secret_access_key=server.secret_key,
        )
        with closing(open_store(uri, options)) as store:
            corpus = make(store, f"sqlite:///{home}/index.db", home / "index.cdxj", _CAPTURES)
        with corpus.cdxj.open() as lines:
            asked = random.Random(3).sample([from_line(line) for line in lines], _ASKED)
        bucket, _, prefix = uri.removeprefix("s3://").partition("/")
        environment = server.environment() | {"PRESSMARK_COLLECTION": uri}
        bare, ours = [], []
        with (
            pressmark(home, environment) as served,
            closing(http.client.HTTPConnection(served.base.removeprefix("http://"))) as client,
        ):
            for capture in asked:
                began = time.perf_counter()
                last = capture.offset + capture.length - 1
                answer = server.client.get_object(
                    Bucket=bucket,
                    Key=f"{prefix}/{key_of(capture.filename)}",
                    Range=f"bytes={capture.offset}-{last}",
                )
                answer["Body"].read()
                bare.append(time.perf_counter() - began)
                began = time.perf_counter()
                client.request("GET", f"/web/{capture.timestamp}id_/{capture.url}")
                response = client.getresponse()
                response.read()
                ours.append(time.perf_counter() - began)
                if response.status != 200:
                    raise SystemExit(f"{capture.url}: status {response.status}")
    middle = [1000 * statistics.median(times[_WARM:]) for times in (ours, bare)]
    detail = f"median ms: {middle[0]:.2f}, bare {middle[1]:.2f}"
    return Ratio(
        "a snapshot from S3, of the bare GET", middle[0] / middle[1], 1.3, most=True, detail=detail
    )
