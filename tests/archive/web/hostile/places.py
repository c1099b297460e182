"""Where a text can be put into a request: in every address of the whole server."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeVar
from urllib.parse import quote_from_bytes, urlencode

from archive.web.app import make_app
from archive.web.site import Site

_RAW = "".join(map(chr, range(0x21, 0x7F)))
_URL = "https://news.example.org/"
T = TypeVar("T")
Code = Callable[[bytes], bytes]

FORM: Mapping[str, bytes] = {"Content-Type": b"application/x-www-form-urlencoded"}
JSON: Mapping[str, bytes] = {"Content-Type": b"application/json"}
MULTIPART: Mapping[str, bytes] = {"Content-Type": b"multipart/form-data; boundary=x"}
_FIELDS = ("url", "if_not_archived_within", "reason", "until", "digest", "match")


def _no_headers(_: bytes) -> Mapping[str, bytes]:
    return {}


def _no_body(_: bytes) -> bytes:
    return b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A request with a text in it; each part of it follows from the text."""

    name: str
    method: str = "GET"
    target: Code
    headers: Callable[[bytes], Mapping[str, bytes]] = _no_headers
    body: Code = _no_body


def escaped(text: bytes) -> bytes:
    """As a component."""
    return quote_from_bytes(text, safe="").encode()


def raw(text: bytes) -> bytes:
    """As it is, but for what would end the request line."""
    return quote_from_bytes(text, safe=_RAW).encode()


PATHS = (
    "/", "/web/", "/web/20261122100000/", "/web/20261122100000id_/", "/web/2026*/",
    "/web/timemap/", "/web/timemap/link/", "/web/timemap/json/", "/web/timemap/cdxj/", "/cdx/",
    "/cdx/search/", "/wayback/", "/warcs/", "/api/", "/api/v1/", "/save/", "/save/status/",
    "/static/", "/sources/", "/jobs/", "/health/",
    "/grant/", "/metrics/", "/robots",
)  # fmt: skip
"""Beginnings of paths."""

_LIST = "url matchType from to filter collapse fl fields limit offset sort closest page pageSize "
_LIST += "showNumPages showPagedIndex resumeKey showResumeKey output gzip fastLatest"

QUERIES: Mapping[str, tuple[Mapping[str, str], str]] = {
    "/": ({"q": "factory"}, "q language source quality from to page as"),
    "/captures": ({"url": _URL}, "url match year month changes after page"),
    "/document": ({"url": _URL}, "url at"),
    "/cite": ({"url": _URL}, "url at form"),
    "/diff": ({"url": _URL}, "url from to"),
    "/sources": ({}, "q"),
    "/jobs": ({}, "before state"),
    "/save": ({}, "url"),
    "/about": ({}, "q"),
    "/health": ({}, "q"),
    "/metrics": ({}, "q"),
    "/login": ({}, "next"),
    "/cdx": ({"url": f"{_URL}*"}, _LIST),
    "/cdx/search/cdx": ({"url": f"{_URL}*"}, _LIST),
    "/wayback/available": ({"url": _URL}, "url timestamp callback timeout closest status_code tag"),
    "/save/status": ({}, "job_ids"),
}
"""Paths with parameters that are right, and the names of those that are put in."""

POSTS: Mapping[str, tuple[Mapping[str, str], str]] = {
    "/save": (
        {"url": _URL},
        "url if_not_archived_within capture_cookie use_user_agent target_username",
    ),
    "/save/status": ({}, "job_ids"),
    "/login": ({"token": "x"}, "token next"),
    "/logout": ({}, "next"),
    "/jobs/x/cancel": ({}, "back"),
    "/jobs/x/retry": ({}, "back"),
}

HEADERS = (
    "Accept", "Accept-Datetime", "Accept-Encoding", "Accept-Language", "Authorization", "Cookie",
    "Content-Type", "Range", "If-None-Match", "If-Modified-Since", "Referer", "Origin",
    "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "Sec-Fetch-Site", "HX-Request",
    "Host",
)  # fmt: skip
HEADED = (
    "/", "/web/https://news.example.org/", "/web/20261122100000id_/https://news.example.org/",
    "/cdx?url=news.example.org", "/api/v1/search?q=factory", "/captures?url=news.example.org",
    "/metrics", "/login",
)  # fmt: skip

REPLAY = ("/", "/raw/", "/raw/20261122100000/", "/view/", "/view/20261122100000/", "/r/", "/x/",
          "/grant/", "/grant/x/")  # fmt: skip
"""Beginnings of paths on the origin of archived pages."""


def places(openapi: Mapping[str, Any], port: int) -> list[Place]:
    """All of them. `openapi`: the document of the API; `port`: that of the server."""
    replay = partial(_constant, {"Host": f"replay.localhost:{port}".encode()})
    return [
        *_in_paths(PATHS),
        *_in_queries(),
        *_in_posts(),
        *_in_headers(),
        *(replace(one, name=f"replay {one.name}", headers=replay) for one in _in_paths(REPLAY)),
        *_in_api(openapi),
    ]


def _constant(value: T, _: bytes) -> T:
    return value


def _same(text: bytes) -> bytes:
    return text


def _within(before: str, behind: str, text: bytes, *, code: Code = escaped) -> bytes:
    return before.encode() + code(text) + behind.encode()


def _header(name: str, text: bytes) -> Mapping[str, bytes]:
    # What ends a field ends it: to send more of it would be another request.
    return {name: text.translate(None, b"\r\n\0")}


def _in_paths(beginnings: Iterable[str]) -> Iterator[Place]:
    for path in beginnings:
        yield Place(name=path, target=partial(_within, path, "", code=raw))
        yield Place(name=f"{path} escaped", target=partial(_within, path, ""))


def _query(path: str, given: Mapping[str, str], name: str) -> Code:
    others = {key: value for key, value in given.items() if key != name}
    return partial(_within, f"{path}?{name}=", f"&{urlencode(others)}" if others else "")


def _in_queries() -> Iterator[Place]:
    for path, (given, names) in QUERIES.items():
        for name in names.split():
            yield Place(name=f"{path}?{name}", target=_query(path, given, name))
        yield Place(name=f"{path}?", target=partial(_within, f"{path}?", "", code=raw))


def _in_posts() -> Iterator[Place]:
    for path, (given, names) in POSTS.items():
        target = partial(_constant, path.encode())
        for name in names.split():
            others = urlencode({key: value for key, value in given.items() if key != name})
            yield Place(
                name=f"POST {path} {name}",
                method="POST",
                target=target,
                headers=partial(_constant, FORM),
                body=partial(_within, f"{name}=", f"&{others}"),
            )
        for kind in (FORM, JSON, MULTIPART):
            yield Place(
                name=f"POST {path} as {kind['Content-Type'].decode()}",
                method="POST",
                target=target,
                headers=partial(_constant, kind),
                body=_same,
            )


def _in_headers() -> Iterator[Place]:
    for path in HEADED:
        for name in HEADERS:
            yield Place(
                name=f"{name} of {path}",
                target=partial(_constant, path.encode()),
                headers=partial(_header, name),
            )


def _in_api(openapi: Mapping[str, Any]) -> Iterator[Place]:
    """Each parameter of each operation, and each field of a body."""
    prefix = openapi["servers"][0]["url"]
    for path, operations in openapi["paths"].items():
        for method, operation in operations.items():
            yield from _in_operation(f"{prefix}{path}", method.upper(), operation)


def _in_operation(path: str, method: str, operation: Mapping[str, Any]) -> Iterator[Place]:
    parameters = operation.get("parameters", [])
    given = {
        item["name"]: _URL if item["name"] == "url" else "factory"
        for item in parameters
        if item["in"] == "query" and item.get("required")
    }
    for item in parameters:
        name = item["name"]
        if item["in"] == "query":
            target: Code = _query(_filled(path), given, name)
        else:
            before, _, behind = path.partition(f"{{{name}}}")
            target = partial(_within, _filled(before), _filled(behind))
        yield Place(name=f"{method} {path} {name}", method=method, target=target)
    if "requestBody" in operation:
        bodies = {"body": _same} | {name: partial(_in_json, name) for name in _FIELDS}
        for name, body in bodies.items():
            yield Place(
                name=f"{method} {path} {name}",
                method=method,
                target=partial(_constant, _filled(path).encode()),
                headers=partial(_constant, JSON),
                body=body,
            )


def _in_json(name: str, text: bytes) -> bytes:
    return json.dumps({"url": _URL, name: text.decode("utf-8", "surrogateescape")}).encode()


def _filled(path: str) -> str:
    return path.format(
        timestamp="20261122100000", url=_URL, name="courier", job="x", restriction="x"
    )


def addresses(site: Site) -> set[str]:
    """Every path, or beginning of one, that the server's applications have routes for."""
    found: set[str] = set()
    _collect(make_app(site), found, set())
    return found


def _collect(part: object, found: set[str], seen: set[int]) -> None:
    if id(part) in seen or not type(part).__module__.startswith(("archive.web", "starlette")):
        return
    seen.add(id(part))
    held = vars(part) if hasattr(part, "__dict__") else {}
    for name in ("path", "_prefix"):
        value = held.get(name)
        if isinstance(value, str) and value.startswith("/"):
            found.add(value)
    found.update(held.get("_paths", ()))
    for value in held.values():
        for inner in value if isinstance(value, list | tuple) else (value,):
            _collect(inner, found, seen)
