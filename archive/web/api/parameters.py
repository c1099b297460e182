"""Parameters that several routes have, and what their texts mean."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from archive.timestamps import parse_time

LONGEST_URL = 16_000
"""As a parameter, so that a cursor finds room beside it: an address may have 64 KiB as a whole."""

TIME = "4 to 14 digits, or an ISO 8601 date or date-time; UTC."
"""How a time is given, for descriptions."""

Url = Annotated[
    str,
    Query(
        min_length=1,
        max_length=LONGEST_URL,
        description="The archived URL; without a scheme it is http.",
        examples=["https://news.example.org/"],
    ),
]
From = Annotated[
    str | None,
    Query(alias="from", max_length=64, description=f"Not before this time. {TIME}"),
]
To = Annotated[
    str | None,
    Query(
        alias="to",
        max_length=64,
        description=f"Not after it; one that is not complete includes all of it. {TIME}",
    ),
]
At = Annotated[
    str | None,
    Query(
        max_length=64,
        description=f"The snapshot nearest to this time; without it the newest. {TIME}",
    ),
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


def first_moment(text: str | None) -> str | None:
    """14 digits. Raises TimestampError."""
    return None if text is None else parse_time(text)


def last_moment(text: str | None) -> str | None:
    """14 digits, the last that the text may mean. Raises TimestampError."""
    return None if text is None else parse_time(text, end=True)
