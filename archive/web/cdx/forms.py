"""Lines as bytes: text, JSON, CDXJ, link-format."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from json.encoder import encode_basestring_ascii as quoted

from archive.web import links
from archive.web.cdx.dialects import Dialect
from archive.web.cdx.lines import (
    DUPLICATES,
    LAST_SKIPPED,
    NONE,
    ORIGINAL,
    SKIPPED,
    Found,
    Line,
    place_of,
)
from archive.web.cdx.parameters import CdxRequest, resume_key

_NAMES = ("urlkey", "timestamp")
_IDLE = 1000
"""Captures that are passed over before others have the thread."""

Row = Callable[[Line], str]


def media_type(request: CdxRequest) -> str:
    """Of the answer."""
    if request.number_of_pages:
        return "text/plain; charset=utf-8" if request.dialect.wayback else "application/json"
    if request.blocks_only:
        return "text/plain; charset=utf-8"
    if request.form == "json":
        return "application/json" if request.dialect.wayback else "text/x-ndjson"
    return {
        "text": "text/plain; charset=utf-8",
        "cdxj": "text/x-cdxj",
        "link": links.LINK_FORMAT,
    }[request.form]


def fields_of(request: CdxRequest) -> tuple[str, ...]:
    """The fields of each line, those that come with what was asked for at its end."""
    if request.fields is not None:
        return request.fields
    return (
        *request.dialect.fields,
        *((DUPLICATES,) if request.count_duplicates else ()),
        *((SKIPPED,) if request.count_skipped else ()),
        *((LAST_SKIPPED,) if request.last_skipped else ()),
        *(ORIGINAL if request.resolve_revisits else ()),
    )


def written(found: Iterator[Found], request: CdxRequest, base: str) -> Iterator[bytes]:
    """The answer, piece by piece; an empty one where nothing was found for long. `base`: address of
    the server."""
    if request.form == "json" and request.dialect.wayback:
        return _arrays(found, request)
    if request.form == "link":
        return _links(found, request, base)
    return _texts(found, request)


def _texts(found: Iterator[Found], request: CdxRequest) -> Iterator[bytes]:
    row = _row(request.dialect, request.form, fields_of(request), request.fields is not None)
    for line in _first(found, request):
        if isinstance(line, str):
            yield f"\n{line}\n".encode() if line else b""
        else:
            yield row(line).encode()


@lru_cache(256)
def _row(dialect: Dialect, form: str, names: tuple[str, ...], chosen: bool) -> Row:
    """How a line is written; `chosen`: the request says which fields it has."""
    external = dialect.external
    if form == "text" and (dialect.wayback or chosen):
        return lambda line: " ".join([line.get(name, NONE) for name in names]) + "\n"
    if form == "json":
        parts = [(name, f'"{external(name)}": ') for name in names]
        return lambda line: _object(line, parts) + "\n"
    # As CDXJ is defined, each line begins with its key and time.
    parts = [(name, f'"{external(name)}": ') for name in names if name not in _NAMES]
    return lambda line: f"{line['urlkey']} {line['timestamp']} {_object(line, parts)}\n"


def _object(line: Line, parts: list[tuple[str, str]]) -> str:
    values = [f"{label}{quoted(line[name])}" for name, label in parts if name in line]
    return f"{{{', '.join(values)}}}"


def _arrays(found: Iterator[Found], request: CdxRequest) -> Iterator[bytes]:
    names = fields_of(request)
    external = request.dialect.external
    head = f"[[{', '.join(quoted(external(name)) for name in names)}]"
    begun = False
    for line in _first(found, request):
        if line == "":
            yield b""
            continue
        if isinstance(line, str):
            yield f",\n[],\n[{quoted(line)}]".encode()
            continue
        values = ", ".join([quoted(line.get(name, NONE)) for name in names])
        yield f"{'' if begun else head},\n[{values}]".encode()
        begun = True
    yield b"]\n" if begun else b"[]\n"


def _links(found: Iterator[Found], request: CdxRequest, base: str) -> Iterator[bytes]:
    url = request.about.url
    if request.about.match == "exact":
        yield f"{links.link(url, 'original')},\n".encode()
        own = links.timemap(base, url)
        yield f"{links.link(own, 'self', type=links.LINK_FORMAT)},\n".encode()
    yield links.link(links.timegate(base, url), "timegate").encode()
    for line in _first(found, request):
        if isinstance(line, str):
            yield b""
            continue
        target = links.memento(base, line["url"], line["timestamp"])
        shown = links.link(target, "memento", datetime=links.http_date(line["timestamp"]))
        yield f",\n{shown}".encode()
    yield b"\n"


def _first(found: Iterator[Found], request: CdxRequest) -> Iterator[Found]:
    """Lines up to the limit, then the resume key where one is asked for and there is more; "" after
    many captures that were passed over."""
    most = request.limit if request.limit is not None and request.limit > 0 else None
    # Neither the last lines nor those by their distance can be gone on with.
    keyed = request.resume_key and most is not None and request.order != "closest"
    count = idle = 0
    for line in found:
        if isinstance(line, str):
            idle += 1
            if not idle % _IDLE:
                yield ""
        elif count == most:
            yield resume_key(place_of(line))
            return
        else:
            yield line
            count += 1
            if count == most and not keyed:
                return
