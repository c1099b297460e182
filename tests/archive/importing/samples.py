"""Files as other tools write them: made with warcio, or by hand where its habits would help."""

from __future__ import annotations

import gc
import gzip
import hashlib
import io
import json
import warnings
import zipfile
from collections.abc import Iterable
from pathlib import Path

from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

DATE = "2019-03-04T05:06:07Z"
PAGE = b"<html><head><title>Old</title></head><body><p>What other tools kept.</p></body></html>"


def warcio_file(path: Path, urls: Iterable[str], *, compressed: bool = True) -> Path:
    """Warcinfo, then response and request of each URL, in warcio's order and with its SHA-1."""
    with warnings.catch_warnings():
        # warcio leaves its temporary files to the garbage collector.
        warnings.simplefilter("ignore", ResourceWarning)
        _write(path, urls, compressed)
        gc.collect()
    return path


def _write(path: Path, urls: Iterable[str], compressed: bool) -> None:
    with path.open("wb") as file:
        writer = WARCWriter(file, gzip=compressed, warc_version="1.0")
        info = writer.create_warcinfo_record(path.name, {"software": "another tool"})
        info.rec_headers.replace_header("WARC-Date", DATE)
        writer.write_record(info)
        for url in urls:
            answer = writer.create_warc_record(
                url,
                "response",
                payload=io.BytesIO(PAGE),
                http_headers=StatusAndHeaders(
                    "200 OK", [("Content-Type", "text/html; charset=utf-8")], protocol="HTTP/1.1"
                ),
                warc_headers_dict={"WARC-Date": DATE},
            )
            asked = writer.create_warc_record(
                url,
                "request",
                http_headers=StatusAndHeaders(
                    "GET / HTTP/1.1", [("Host", "example.org")], is_http_request=True
                ),
                warc_headers_dict={"WARC-Date": DATE},
            )
            writer.write_request_response_pair(asked, answer)


def record(kind: str, url: str | None, block: bytes, *fields: str, number: int = 1) -> bytes:
    """One WARC/1.0 record with the fields that are given, and no digest."""
    lines = [
        "WARC/1.0",
        f"WARC-Type: {kind}",
        f"WARC-Record-ID: <urn:uuid:00000000-0000-4000-8000-{number:012d}>",
        f"WARC-Date: {DATE}",
        *([f"WARC-Target-URI: {url}"] if url else []),
        *fields,
        f"Content-Length: {len(block)}",
    ]
    return "\r\n".join([*lines, "", ""]).encode() + block + b"\r\n\r\n"


def http(body: bytes, *headers: str, status: str = "HTTP/1.1 200 OK") -> bytes:
    """A response message."""
    return "\r\n".join([status, *headers, "", ""]).encode() + body


def packed(*records: bytes) -> bytes:
    """One gzip member a record."""
    return b"".join(gzip.compress(one, mtime=0) for one in records)


def wacz(path: Path, warcs: dict[str, bytes], *, stated: dict[str, bytes] | None = None) -> Path:
    """A package of WARC files; what it says of them is true of `stated`."""
    files = {f"archive/{name}": data for name, data in warcs.items()}
    files["pages/pages.jsonl"] = b'{"format": "json-pages-1.0"}\n'
    told = {**files, **{f"archive/{name}": data for name, data in (stated or {}).items()}}
    resources = [
        {
            "name": name.rpartition("/")[2],
            "path": name,
            "hash": f"sha256:{hashlib.sha256(data).hexdigest()}",
            "bytes": len(data),
        }
        for name, data in told.items()
    ]
    package = {"profile": "data-package", "wacz_version": "1.1.1", "resources": resources}
    description = json.dumps(package).encode()
    digest = {
        "path": "datapackage.json",
        "hash": f"sha256:{hashlib.sha256(description).hexdigest()}",
    }
    with zipfile.ZipFile(path, "w") as file:
        for name, data in files.items():
            file.writestr(name, data)
        file.writestr("datapackage.json", description)
        file.writestr("datapackage-digest.json", json.dumps(digest))
    return path
