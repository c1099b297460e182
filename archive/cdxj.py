"""Lines of CDXJ: `urlkey timestamp {json}`, fields of cdxj-indexer and WACZ 1.1.1, then our own.

Lines sort bytewise (LC_ALL=C): a urlkey has no character as low as the space behind it, so that the
order of lines is that of (urlkey, timestamp), and only then that of the JSON.
"""

from __future__ import annotations

import json
from typing import Any, cast, get_args

from archive.errors import RecordError
from archive.model import Capture, Kind, Truncation

_TRUNCATIONS = frozenset(get_args(Truncation))
_KINDS = frozenset(get_args(Kind))


def to_line(capture: Capture) -> str:
    """One line without its line end, ASCII. Numbers in standard fields are strings, as usual."""
    fields: dict[str, str | int] = {
        "url": capture.url,
        "mime": capture.mime,
        "status": str(capture.status),
        "digest": capture.digest,
        "length": str(capture.length),
        "offset": str(capture.offset),
        "filename": capture.filename,
        "record_id": capture.record_id,
        "source": capture.source,
    }
    if capture.job is not None:
        fields["job"] = capture.job
    if capture.request_length is not None:
        fields["request_length"] = capture.request_length
    if capture.truncated is not None:
        fields["truncated"] = capture.truncated
    if capture.kind is not None:
        fields["kind"] = capture.kind
    return f"{capture.urlkey} {capture.timestamp} {json.dumps(fields)}"


def from_line(line: str) -> Capture:
    """The capture of a line, with or without its line end. Raises RecordError: index the WARC."""
    urlkey, _, rest = line.rstrip("\r\n").partition(" ")
    timestamp, _, text = rest.partition(" ")
    try:
        if not (len(timestamp) == 14 and timestamp.isascii() and timestamp.isdigit()):
            raise ValueError("no timestamp of 14 digits")
        fields = json.loads(text)
        if not isinstance(fields, dict):
            raise ValueError("no JSON object")
        return Capture(
            urlkey=urlkey,
            timestamp=timestamp,
            url=_text(fields, "url"),
            mime=_text(fields, "mime"),
            status=_number(fields, "status"),
            digest=_text(fields, "digest"),
            filename=_text(fields, "filename"),
            offset=_number(fields, "offset"),
            length=_number(fields, "length"),
            record_id=_text(fields, "record_id"),
            source=_text(fields, "source"),
            job=_text(fields, "job") if "job" in fields else None,
            request_length=_number(fields, "request_length")
            if "request_length" in fields
            else None,
            truncated=_truncation(fields),
            kind=_kind(fields),
        )
    except (ValueError, RecursionError) as error:
        raise RecordError(f"not a line of CDXJ: {error}: {line[:200]!r}") from error


def _text(fields: dict[str, Any], name: str) -> str:
    value = fields.get(name)
    if not isinstance(value, str):
        raise ValueError(f"{name} is {value!r}")
    return value


def _number(fields: dict[str, Any], name: str) -> int:
    value = str(fields.get(name))
    if not (value.isascii() and value.isdigit() and len(value) < 20):
        raise ValueError(f"{name} is {value[:40]!r}")
    return int(value)


def _truncation(fields: dict[str, Any]) -> Truncation | None:
    value = fields.get("truncated")
    if value is None or value in _TRUNCATIONS:
        return cast("Truncation | None", value)
    raise ValueError(f"truncated is {value!r}")


def _kind(fields: dict[str, Any]) -> Kind | None:
    value = fields.get("kind")
    if value is None or value in _KINDS:
        return cast("Kind | None", value)
    raise ValueError(f"kind is {value!r}")
