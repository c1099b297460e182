"""Parameters that several routes have, and what their texts mean."""

from __future__ import annotations

import re
from functools import partial
from typing import Annotated

from fastapi import Query
from pydantic import AfterValidator

from archive.timestamps import parse_time
from archive.web.api.mistakes import checked
from archive.web.saving import saveable
from archive.web.targets import repaired

first_moment = checked(parse_time)
"""A time as 14 digits."""
last_moment = checked(partial(parse_time, end=True))
"""The same, the last that the text may mean."""


def of_form(pattern: str, words: str) -> AfterValidator:
    """A text that a regular expression matches whole; `words` tell what these are."""

    def read(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise ValueError(f"{text[:40]!r} is not {words}")
        return text

    return checked(read)


LONGEST_URL = 16_000
"""As a parameter, so that a cursor finds room beside it: an address may have 64 KiB as a whole."""

TIME = "4 to 14 digits, or an ISO 8601 date or date-time; UTC."
"""How a time is given, for descriptions."""

_AN_URL = Query(
    min_length=1,
    max_length=LONGEST_URL,
    description="The archived URL; without a scheme it is http.",
    examples=["https://news.example.org/"],
)
Url = Annotated[str, _AN_URL, checked(repaired)]
"""As `repaired` makes it."""
UrlToSave = Annotated[str, _AN_URL, checked(saveable)]
"""As `saveable` makes it."""
From = Annotated[
    str | None,
    Query(alias="from", max_length=64, description=f"Not before this time. {TIME}"),
    first_moment,
]
To = Annotated[
    str | None,
    Query(
        alias="to",
        max_length=64,
        description=f"Not after it; one that is not complete includes all of it. {TIME}",
    ),
    last_moment,
]
At = Annotated[
    str | None,
    Query(
        max_length=64,
        description=f"The snapshot nearest to this time; without it the newest. {TIME}",
    ),
    first_moment,
]
Limit = Annotated[int, Query(ge=1, le=1000, description="The most items of one page.")]
Cursor = Annotated[
    str | None,
    Query(
        max_length=1 << 15,
        description="Where the page begins: from `next` of the page before it. Opaque.",
    ),
]
Source = Annotated[
    str | None, Query(max_length=100, description="Only what was captured for this source.")
]
