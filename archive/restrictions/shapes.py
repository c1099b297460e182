"""Restrictions as JSON: what the command prints and the API answers, for administrators."""

from __future__ import annotations

from typing import Any

from archive.restrictions.model import Restriction, Standing
from archive.timestamps import to_warc_date


def to_json(standing: Standing, captures: int | None = None) -> dict[str, Any]:
    """The fields of its object, what has become of it, and how many captures it touches."""
    one, lifted = standing.restriction, standing.lifted
    fields: dict[str, Any] = {
        "id": one.id,
        "url": one.url,
        "match": one.match if one.url is not None else None,
        "from": one.start,
        "to": one.end,
        "digest": one.digest,
        "until": one.until,
        "reason": one.reason,
        "created": to_warc_date(one.created),
        "in_force": standing.in_force,
        "lifted": None,
    }
    if lifted is not None:
        made = to_warc_date(lifted.created)
        fields["lifted"] = {"id": lifted.id, "created": made, "reason": lifted.reason}
    return fields if captures is None else {**fields, "captures": captures}


def in_words(restriction: Restriction) -> str:
    """What is withheld: a URL with its match and times, or a digest, and until when."""
    one = restriction
    match = "" if one.url is None or one.match == "exact" else f" ({one.match})"
    times = "".join(
        f" {word} {time}"
        for word, time in (("from", one.start), ("to", one.end), ("until", one.until))
        if time is not None
    )
    return f"{one.url or one.digest}{match}{times}"
