"""Pages of lists: a cursor says where the next one begins, as text that only we read.

It is base64url of JSON: which question it belongs to, and a place in the answer. A place is the
last item that was given out, so that what is added to the archive meanwhile moves nothing.
"""

from __future__ import annotations

import hashlib
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any, Generic, TypeVar
from urllib.parse import urlencode

from pydantic import TypeAdapter, ValidationError
from starlette.requests import Request
from starlette.responses import Response

from archive.web.api.mistakes import wrong
from archive.web.links import link
from archive.web.site import site_of

T = TypeVar("T")

NAME = "cursor"
"""The query parameter."""


class Cursors(Generic[T]):
    """Those of one list, whose places are of type T."""

    def __init__(self, place: Any) -> None:
        """`place` is T, as pydantic takes types."""
        self._places: TypeAdapter[T] = TypeAdapter(place)

    def place(self, request: Request, cursor: str | None) -> T | None:
        """Where the page that is asked for begins; None: at the beginning.

        Raises RequestValidationError for what is no cursor of this question.
        """
        if cursor is None:
            return None
        try:
            data = urlsafe_b64decode(cursor.encode() + b"=" * (-len(cursor) % 4))
            found = json.loads(data)
            if found["of"] != _question(request):
                raise ValueError("of another question")
            return self._places.validate_python(found["at"], strict=False)
        except (ValueError, TypeError, LookupError, RecursionError, ValidationError) as error:
            raise wrong(
                "it is not one of this list: begin without one, or take it from `next`",
                "query",
                NAME,
            ) from error

    def next_page(self, request: Request, place: T) -> str:
        """Address of the page that begins behind `place`."""
        fields = {"of": _question(request), "at": self._places.dump_python(place, mode="json")}
        data = json.dumps(fields, separators=(",", ":")).encode()
        cursor = urlsafe_b64encode(data).rstrip(b"=").decode()
        query = urlencode([*_asked(request), (NAME, cursor)])
        base = site_of(request.scope).base_url(request.scope)
        return f"{base}{request.scope['path']}?{query}"


def announce(response: Response, following: str | None) -> None:
    """Name the next page in the header Link (RFC 8288), if there is one."""
    if following is not None:
        response.headers["Link"] = link(following, "next")


def _asked(request: Request) -> list[tuple[str, str]]:
    return [(name, value) for name, value in request.query_params.multi_items() if name != NAME]


def _question(request: Request) -> str:
    """What tells one question from another; the size of a page may change on the way."""
    asked = sorted(item for item in _asked(request) if item[0] != "limit")
    text = json.dumps([request.scope["path"], asked])
    return hashlib.sha256(text.encode()).hexdigest()[:16]
