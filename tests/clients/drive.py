"""One client of other people against a server: `drive.py CLIENT BASE`; prints JSON.

Runs in the environment of this folder, which has nothing of Pressmark. The archive is that of
tests/archive/web/test_clients.py.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from datetime import datetime
from typing import Any

PAGE = "http://news.example.org/page"
HOST = "news.example.org"
NOON = datetime(2026, 11, 22, 12, 0, 0)  # noqa: DTZ001 - memento_client takes naive times, in UTC


def memento_client(base: str) -> Any:
    """TimeGate, negotiated, and the relations that it names."""
    from memento_client import MementoClient

    client = MementoClient(timegate_uri=f"{base}/web/", check_native_timegate=False)
    info = client.get_memento_info(PAGE, NOON)
    found = {
        name: each["datetime"].strftime("%Y%m%d%H%M%S") for name, each in info["mementos"].items()
    }
    status = info["mementos"]["closest"]["http_status_code"]
    unknown = client.get_memento_info(f"http://{HOST}/never", NOON)
    uri = info["mementos"]["closest"]["uri"][0]
    return {
        "times": found,
        "status": status,
        "unknown": sorted(unknown),
        "is_memento": MementoClient.is_memento(uri),
        "original": MementoClient().get_original_uri(uri),
    }


def edgi(base: str) -> Any:
    """Search with resume keys, and mementos with their archived headers."""
    import wayback
    from wayback import _client, _utils

    _client.CDX_SEARCH_URL = f"{base}/cdx/search/cdx"
    _utils.MEMENTO_URL_PATTERN = _utils.re.compile(
        rf"^{_utils.re.escape(base)}/web/(\d+)(\w\w_)?/(.+)$"
    )
    _utils.MEMENTO_URL_TEMPLATE = base + "/web/{timestamp}{mode}/{url}"
    session = wayback.WaybackSession(
        retries=0, search_calls_per_second=0, memento_calls_per_second=0
    )
    with wayback.WaybackClient(session) as client:
        records = list(client.search(PAGE, limit=2))
        whole = list(client.search(f"{HOST}/*", limit=3, filter_field="statuscode:200"))
        memento = client.get_memento(records[0])
        moved = client.get_memento(f"http://{HOST}/moved", timestamp="20261122100000", exact=False)
        return {
            "search": [[r.timestamp.strftime("%Y%m%d%H%M%S"), r.status_code] for r in records],
            "prefix": sorted({r.url for r in whole}),
            "body": memento.text,
            "headers": {name.lower(): value for name, value in memento.headers.items()},
            "time": memento.timestamp.strftime("%Y%m%d%H%M%S"),
            "url": memento.url,
            "links": sorted(memento.links),
            "moved": [moved.text, moved.url, len(moved.history)],
        }


def waybackpy(base: str) -> Any:
    """The CDX server and availability."""
    from waybackpy import WaybackMachineAvailabilityAPI, WaybackMachineCDXServerAPI

    def ask(**parameters: Any) -> Any:
        cdx = WaybackMachineCDXServerAPI(url=PAGE, **parameters)
        cdx.endpoint = f"{base}/cdx/search/cdx"
        return cdx

    every = [snapshot.timestamp for snapshot in ask(limit=2).snapshots()]
    fine = [s.timestamp for s in ask(filters=["statuscode:200"], collapses=["digest"]).snapshots()]
    near = ask().near(year=2026, month=11, day=22, hour=12, minute=10).timestamp
    available = WaybackMachineAvailabilityAPI(PAGE)
    available.endpoint = f"{base}/wayback/available"
    available.api_call_time_gap = 0
    found = available.near(year=2026, month=11, day=22, hour=12, minute=10)
    return {
        "all": every,
        "fine": fine,
        "near": near,
        "oldest": ask().oldest().timestamp,
        "newest": ask().newest().timestamp,
        "available": [str(found.timestamp()), found.archive_url],
    }


def cdx_toolkit(base: str) -> Any:
    """Both dialects: whole iterations, filters, sizes, and content by `id_` and by WARC ranges."""
    from cdx_toolkit import CDXFetcher

    answers: dict[str, Any] = {}
    for name, path in (("wayback", "/cdx/search/cdx"), ("pywb", "/cdx")):
        fetcher = CDXFetcher(source=base + path, wb=f"{base}/web")
        found = fetcher.get(f"{HOST}/*", limit=100, filter="=status:200")
        answers[name] = {
            "get": sorted({capture["url"] for capture in found}),
            "iterated": sum(1 for _ in fetcher.iter(f"{HOST}/*", limit=100)),
            "pages": fetcher.get_size_estimate(f"{HOST}/*", as_pages=True),
            # Its `get` takes the empty answer that pywb gives for a failure.
            "none": sum(1 for _ in fetcher.iter(f"http://{HOST}/never", limit=10)),
            "content": [c.content.decode() for c in fetcher.get(PAGE, limit=100)],
        }
    by_range = CDXFetcher(source=f"{base}/cdx", warc_download_prefix=f"{base}/warcs")
    answers["warcs"] = [c.content.decode() for c in by_range.get(PAGE, limit=100)]
    return answers


CLIENTS: dict[str, Callable[[str], Any]] = {
    each.__name__: each for each in (memento_client, edgi, waybackpy, cdx_toolkit)
}

if __name__ == "__main__":
    print(json.dumps(CLIENTS[sys.argv[1]](sys.argv[2])))
