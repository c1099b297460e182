"""Decisions as objects of the store: one JSON object each, in UTF-8, under a key that vouches for
its bytes.

access/2026/11/22/20261122093000123-k3m5p7r2t4.json
                  when it was made  first 50 bits of the object's SHA-256, in base 32 (RFC 4648)

{"format": 1, "decision": "withhold", "created": "2026-11-22T09:30:00.123000Z",
 "url": "https://example.org/a", "match": "exact", "from": null, "to": null, "digest": null,
 "until": null, "reason": "...", "software": "..."}
{"format": 1, "decision": "lift", "created": "...", "lifts": "20261122093000123-k3m5p7r2t4",
 "reason": "...", "software": "..."}

The id of a decision is the name of its object, and `lifts` names another one's.
"""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any, TypeVar, cast, get_args

from archive.digests import sha256_hex
from archive.errors import KeyInvalid, RecordError, UrlError
from archive.names import decision_key, decision_of, digest_name, letters_of
from archive.restrictions.model import Decision, Lifting, Restriction
from archive.timestamps import (
    TimestampError,
    from_warc_date,
    now,
    to_datetime,
    to_long_timestamp,
    to_timestamp,
    to_warc_date,
)
from archive.urlkey import Match, prefix_range
from archive.warc.writing import SOFTWARE

FORMAT = 1

T = TypeVar("T", bound=Restriction | Lifting)


class DecisionNewer(RecordError):
    """A decision is in a format of a later Pressmark."""


_ALGORITHMS = ("sha256", "sha1", "md5", "sha512")
"""Ours is the first; revisits that other tools wrote state others."""
_DIGEST = re.compile(
    rf"sha256:[0-9a-f]{{64}}|(?:{'|'.join(_ALGORITHMS[1:])}):[0-9A-Za-z+/=]{{16,}}"
)
_HEX = re.compile(r"[0-9A-Fa-f]{32,}")


def new_restriction(
    *,
    reason: str,
    url: str | None = None,
    match: Match = "exact",
    start: str | None = None,
    end: str | None = None,
    digest: str | None = None,
    until: str | None = None,
) -> tuple[Restriction, bytes]:
    """A restriction that is decided now, and its object. Fields as in `Restriction`.

    Raises UrlError for a URL that is none, ValueError where the rest makes no sense.
    """
    moment = _this_moment()
    if not reason.strip():
        raise ValueError("a reason is missing: whoever has to decide later about it needs one")
    if until is not None and until <= to_timestamp(moment):
        raise ValueError(f"`until` is {until}, which is over already")
    if start is not None and end is not None and start > end:
        raise ValueError("`from` is later than `to`: nothing is of that time")
    if digest is not None and (match != "exact" or start is not None or end is not None):
        raise ValueError(
            "a digest is withheld wherever and whenever it was captured: `match`, `from` and `to` "
            "go with a URL"
        )
    if digest is not None:
        # Hexadecimal digits are the same in capitals; those in base 32 are capitals.
        algorithm, colon, rest = digest.strip().partition(":")
        is_hex = _HEX.fullmatch(rest) is not None
        digest = f"{algorithm.lower()}{colon}{rest.lower() if is_hex else rest}"
    fields = {
        "url": url,
        "match": match,
        "from": start,
        "to": end,
        "digest": digest,
        "until": until,
    }
    return _made(Restriction, moment, {"decision": "withhold", **fields, "reason": reason})


def is_digest(text: str) -> bool:
    """Whether it is meant as the digest of a payload, and not as a URL."""
    algorithm, colon, rest = text.partition(":")
    return bool(colon) and not rest.startswith("//") and algorithm.lower() in _ALGORITHMS


def new_lifting(lifts: str, reason: str = "") -> tuple[Lifting, bytes]:
    """The end of a restriction, decided now, and its object."""
    return _made(Lifting, _this_moment(), {"decision": "lift", "lifts": lifts, "reason": reason})


def key_of_decision(decision: Decision) -> str:
    """Where it lies in the store."""
    return decision_key(decision.id)


def is_whole(key: str, data: bytes) -> bool:
    """Whether an object has the bytes that its key was made of, whatever they say."""
    return decision_of(key).endswith(f"-{letters_of(sha256_hex([data]))}")


def read_decision(key: str, data: bytes) -> Decision:
    """The decision in an object. Raises RecordError where it is not what was written."""
    try:
        id_ = decision_of(key)
        if not is_whole(key, data):
            raise ValueError("its bytes are not those that its name was made of")
        # Not of the bytes: json would take other codings, and halves of characters.
        fields = json.loads(data.decode())
        if not isinstance(fields, dict) or fields.get("format") != FORMAT:
            found = fields.get("format") if isinstance(fields, dict) else None
            if isinstance(found, int) and found > FORMAT:
                raise DecisionNewer(
                    f"{key} is of format {found}, and this Pressmark reads {FORMAT}: use the one "
                    "that wrote it"
                )
            raise ValueError("no decision")
        created = from_warc_date(_text(fields, "created"))
        if not id_.startswith(to_long_timestamp(created)):
            raise ValueError("it was made at another time than its name says")
        return _decision(id_, created, fields)
    except (ValueError, KeyInvalid, TimestampError, UrlError, RecursionError) as error:
        raise RecordError(
            f"the decision {key} is damaged ({error}): what it withholds is not known; "
            "`pressmark verify --repair` brings it back from a mirror"
        ) from error


def _this_moment() -> datetime:
    """Now, in the milliseconds that an id has."""
    moment = now()
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def _made(kind: type[T], moment: datetime, fields: dict[str, Any]) -> tuple[T, bytes]:
    head = {"format": FORMAT, "created": to_warc_date(moment)}
    written = json.dumps({**head, **fields, "software": SOFTWARE}, ensure_ascii=False)
    data = f"{written}\n".encode()
    id_ = digest_name(moment, sha256_hex([data]))
    decision = _decision(id_, moment, fields)
    assert isinstance(decision, kind)
    return decision, data


def _decision(id_: str, created: datetime, fields: dict[str, Any]) -> Decision:
    kind, reason = _text(fields, "decision"), _text(fields, "reason")
    if kind == "lift":
        lifts = _text(fields, "lifts")
        return Lifting(id=id_, created=created, lifts=lifts, reason=reason)
    if kind != "withhold":
        raise ValueError(f"{kind!r} is no decision")
    url, digest = _text_or_none(fields, "url"), _text_or_none(fields, "digest")
    if (url is None) == (digest is None):
        raise ValueError("just one of a URL and a digest is to be named")
    match = _match(_text(fields, "match"))
    if url is not None:
        prefix_range(url, match)
    elif not _DIGEST.fullmatch(digest or ""):
        raise ValueError(f"{digest!r} is not the digest of a payload: sha256: and 64 hex digits")
    return Restriction(
        id=id_,
        created=created,
        reason=reason,
        url=url,
        match=match,
        start=_time(fields, "from"),
        end=_time(fields, "to"),
        digest=digest,
        until=_time(fields, "until"),
    )


def _match(value: str) -> Match:
    if value not in get_args(Match):
        raise ValueError(f"{value!r} is no match")
    return cast("Match", value)


def _text(fields: dict[str, Any], name: str) -> str:
    value = fields.get(name)
    if not isinstance(value, str):
        raise ValueError(f"its field {name!r} is {value!r}")
    return value


def _text_or_none(fields: dict[str, Any], name: str) -> str | None:
    return None if fields.get(name) is None else _text(fields, name)


def _time(fields: dict[str, Any], name: str) -> str | None:
    value = _text_or_none(fields, name)
    if value is not None:
        to_datetime(value)
    return value
