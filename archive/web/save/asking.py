"""What a request to save says: a form or JSON, with the parameters of Save Page Now 2."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs

from starlette.datastructures import UploadFile
from starlette.requests import Request

from archive.web.save.shapes import CAPTURE_ALL
from archive.web.saving import WITHIN, duration

_TRUE = frozenset({"1", "on", "true", "yes"})

_IGNORED = (
    "capture_outlinks",
    "capture_screenshot",
    "capture_cookie",
    "use_user_agent",
    "target_username",
    "target_password",
    "email_result",
)
"""What another archive would do, and we do not: who asks for it is told. The other parameters of
theirs (force_get, skip_first_archive, delay_wb_availability, outlinks_availability,
js_behavior_timeout) would change nothing here."""


class BadRequest(ValueError):
    """A parameter that cannot be what it is. The message says which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What was asked for."""

    url: str  #: as it was given
    capture_all: bool = False  #: an error that the site answers with is a success too
    within: timedelta = WITHIN
    ignored: tuple[str, ...] = ()  #: names of parameters that were set, and are not obeyed

    @property
    def options(self) -> dict[str, Any]:
        """What is kept with the job."""
        return {CAPTURE_ALL: True} if self.capture_all else {}

    @property
    def note(self) -> str:
        """One sentence about what is ignored; "" where nothing is."""
        return f"not done by this archive, and ignored: {', '.join(self.ignored)}" * bool(
            self.ignored
        )


async def asked(request: Request, url: str = "") -> Asked:
    """What a POST asks for; `url` counts where the body names none. Raises BadRequest."""
    fields = await _fields(request)
    return understood({**fields, "url": fields.get("url") or url})


def understood(fields: Mapping[str, str]) -> Asked:
    """What the parameters mean. Raises BadRequest."""
    if not fields.get("url", "").strip():
        raise BadRequest("`url` is missing: give the address of the page that is to be archived")
    return Asked(
        url=fields["url"],
        capture_all=_is_true(fields.get("capture_all", "")),
        within=span(fields.get("if_not_archived_within")),
        # Those with a value that means no are not asked for.
        ignored=tuple(
            name for name in _IGNORED if fields.get(name, "").lower() not in ("", "0", "false")
        ),
    )


def span(text: str | None) -> timedelta:
    """What `if_not_archived_within` says; without it 45 minutes. Raises BadRequest."""
    if text is None or not text.strip():
        return WITHIN
    try:
        return duration(text)
    except ValueError as error:
        raise BadRequest(f"if_not_archived_within: {error}") from error


async def names_of(request: Request) -> list[str]:
    """`job_ids` of the query or of a form: names between commas. Raises BadRequest."""
    text = request.query_params.get("job_ids", "")
    if request.method == "POST":
        text = (await _fields(request)).get("job_ids", text)
    return [name.strip() for name in text.split(",") if name.strip()]


async def _fields(request: Request) -> dict[str, str]:
    """The body's parameters as text, the last of each name."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        async with request.form(max_files=0, max_fields=50) as form:
            items = form.multi_items()
        return {name: value for name, value in items if not isinstance(value, UploadFile)}
    body = await request.body()
    if kind == "application/json":
        return _of_json(body)
    try:
        found = parse_qs(body.decode(), keep_blank_values=True, max_num_fields=50)
    except ValueError as error:
        raise BadRequest("the form cannot be read: send it as UTF-8, 50 fields at most") from error
    return {name: values[-1] for name, values in found.items()}


def _of_json(body: bytes) -> dict[str, str]:
    try:
        found = json.loads(body)
        if not isinstance(found, dict):
            raise TypeError("not an object")
    except (ValueError, TypeError, RecursionError) as error:
        raise BadRequest('the body is not JSON of the form {"url": "https://..."}') from error
    return {name: _text(value) for name, value in found.items() if value is not None}


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "1" if value else "0"
    return value if isinstance(value, str) else json.dumps(value)


def _is_true(text: str) -> bool:
    return text.strip().lower() in _TRUE
