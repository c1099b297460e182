"""What a request asks for, from its query string."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, cast, get_args

from archive.errors import ParameterError
from archive.index import CapturePlace, CaptureQuery
from archive.timestamps import pad
from archive.urlkey import Match
from archive.web.cdx.dialects import FORMS, Dialect, checked
from archive.web.cdx.filters import MOST_FILTERS, Filter, read_filter
from archive.web.cdx.lines import KNOWN
from archive.web.given import digits_in, given_in, url_in
from archive.web.targets import repaired

Order = Literal["regular", "reverse", "closest"]

MOST_LAST = 100_000
"""Lines of a negative limit and its offset: they are held until the first one is known."""

MOST_BLOCKS = 1000
"""Blocks in a page."""

_MOST_DIGITS = 19
_FALSE = frozenset({"", "0", "false", "f", "off", "no"})
_MATCHES = frozenset(get_args(Match))
_ORDERS = frozenset({"", "default", "regular", "reverse", "closest"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Collapse:
    """Of neighbouring lines that agree in a field, or in its first characters, one is shown."""

    field: str
    length: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CdxRequest:
    """One request, whatever its dialect."""

    dialect: Dialect
    about: CaptureQuery  #: URL, match, times
    filters: tuple[Filter, ...] = ()
    collapse: tuple[Collapse, ...] = ()
    fields: tuple[str, ...] | None = None  #: names of CDXJ; None: those of the dialect
    form: str = "text"
    limit: int | None = None  #: negative: the last so many
    offset: int = 0
    order: Order = "regular"
    closest: str | None = None  #: 14 digits, with the order of that name
    page: int | None = None
    page_size: int = 1  #: in blocks
    resume: CapturePlace | None = None  #: the first capture that is not yet shown
    number_of_pages: bool = False
    blocks_only: bool = False
    resume_key: bool = False
    gzip: bool = True
    count_duplicates: bool = False
    count_skipped: bool = False
    last_skipped: bool = False
    resolve_revisits: bool = False


def read_request(query_string: bytes, dialect: Dialect) -> CdxRequest:
    """Raises ParameterError, UrlError. Parameters that are not known are passed over."""
    pairs = given_in(query_string)
    given = dict(pairs)
    order, closest = _order(given)
    about = _about(given)
    if order == "closest" and about.match != "exact":
        raise ParameterError(
            "sort=closest orders the captures of one URL: give matchType=exact with it"
        )
    limit = _number(given, "limit", least=-MOST_LAST)
    if limit == 0 or limit is None:
        limit = None if limit == 0 else dialect.limit
    fields = given.get("fields") or given.get("fl")
    form = given.get("output") or dialect.form
    if form not in FORMS:
        raise ParameterError(f"output={form[:40]!r} is not known: give {', '.join(FORMS)}")
    resume = given.get("resumeKey")
    return CdxRequest(
        dialect=dialect,
        about=about,
        filters=_filters(pairs, dialect) if "filter" in given else (),
        collapse=_collapses(pairs) if "collapse" in given else (),
        fields=_fields(fields) if fields else None,
        form=form,
        limit=limit,
        offset=_offset(given, limit),
        order=order,
        closest=closest,
        page=_page(given),
        page_size=_number(given, "pageSize", least=1, most=MOST_BLOCKS) or dialect.page_size,
        resume=read_resume_key(resume) if resume else None,
        number_of_pages=_flag(given, "showNumPages"),
        blocks_only=_flag(given, "showPagedIndex"),
        resume_key=_flag(given, "showResumeKey") and dialect.wayback,
        gzip=_flag(given, "gzip", absent=True),
        count_duplicates=_flag(given, "showDupeCount"),
        count_skipped=_flag(given, "showSkipCount"),
        last_skipped=_flag(given, "lastSkipTimestamp"),
        resolve_revisits=_flag(given, "resolveRevisits"),
    )


def resume_key(place: CapturePlace) -> str:
    """The place as an opaque word that needs no escaping."""
    text = "\n".join(map(str, place))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read_resume_key(key: str) -> CapturePlace:
    """Raises ParameterError."""
    try:
        text = base64.urlsafe_b64decode(key + "=" * (-len(key) % 4)).decode()
        urlkey, timestamp, filename, offset = text.split("\n")
        if not (_is_digits(timestamp) and len(timestamp) == 14 and _is_digits(offset)):
            raise ValueError("no time, or no offset")
        if not (urlkey.isascii() and urlkey.isprintable()):
            raise ValueError("no key")
        return urlkey, timestamp, filename, int(offset)
    except (ValueError, binascii.Error) as error:
        raise ParameterError(
            f"resumeKey={key[:40]!r} was not given out here: leave it out to begin anew"
        ) from error


def _about(given: Mapping[str, str]) -> CaptureQuery:
    text = url_in(given)
    named = given.get("matchType") or ""
    if named and named not in _MATCHES:
        raise ParameterError(
            f"matchType={named[:40]!r} is not known: give exact, prefix, host or domain"
        )
    match = named or "exact"
    if text.startswith("*.") and named in ("", "domain"):
        text, match = text[2:], "domain"
    elif text.endswith("*") and named in ("", "prefix"):
        text, match = text[:-1], "prefix"
    return CaptureQuery(
        url=repaired(text),
        match=cast("Match", match),
        start=_time(given, "from", "0") or _time(given, "from_ts", "0"),
        end=_time(given, "to", "9"),
    )


def _fields(text: str) -> tuple[str, ...]:
    names = text.split(",", len(KNOWN))
    if len(names) > len(KNOWN):
        raise ParameterError(f"more fields are named than the {len(KNOWN)} there are")
    return tuple(map(checked, names))


def _order(given: Mapping[str, str]) -> tuple[Order, str | None]:
    moment = _time(given, "closest", "")
    closest = None if moment is None else pad(moment)
    sort = given.get("sort", "")
    if sort not in _ORDERS:
        raise ParameterError(f"sort={sort[:40]!r} is not known: give reverse or closest")
    if closest is not None and sort in ("", "closest"):
        return "closest", closest
    if sort == "reverse" or _flag(given, "reverse"):
        return "reverse", None
    return "regular", None


def _page(given: Mapping[str, str]) -> int | None:
    """A negative one asks for no page."""
    page = _number(given, "page", least=-(10**9))
    return None if page is None or page < 0 else page


def _offset(given: Mapping[str, str], limit: int | None) -> int:
    offset = _number(given, "offset") or 0
    if limit is not None and limit < 0 and offset - limit > MOST_LAST:
        raise ParameterError(
            f"offset={offset} and limit={limit} lead back by more than {MOST_LAST} lines: ask with "
            "sort=reverse and a positive limit"
        )
    return offset


def _filters(pairs: list[tuple[str, str]], dialect: Dialect) -> tuple[Filter, ...]:
    texts = [value for name, value in pairs if name == "filter" and value]
    if len(texts) > MOST_FILTERS:
        raise ParameterError(f"there are {len(texts)} filters: at most {MOST_FILTERS} are allowed")
    return tuple(read_filter(text, dialect.unmarked) for text in texts)


def _collapses(pairs: list[tuple[str, str]]) -> tuple[Collapse, ...]:
    collapses = []
    for name, value in pairs:
        if name == "collapse" and value:
            field, colon, length = value.partition(":")
            if colon and not (_is_digits(length) and int(length)):
                raise ParameterError(
                    f"collapse={value[:80]!r} is not of the form field:N with N characters"
                )
            collapses.append(Collapse(field=checked(field), length=int(length) if colon else None))
    if len(collapses) > MOST_FILTERS:
        raise ParameterError(f"at most {MOST_FILTERS} of collapse are allowed")
    return tuple(collapses)


def _time(given: Mapping[str, str], name: str, filling: str) -> str | None:
    """14 digits: compared with others they need not be a time that there is."""
    text = digits_in(given, name, most=_MOST_DIGITS)
    if not text:
        return None
    return text[:14].ljust(14, filling) if filling else text[:14]


def _number(
    given: Mapping[str, str], name: str, *, least: int = 0, most: int = 10**9
) -> int | None:
    text = given.get(name, "").strip()
    if not text:
        return None
    if not (_is_digits(text.removeprefix("-")) and least <= int(text) <= most):
        raise ParameterError(f"{name}={text[:40]!r} is not a number from {least} to {most}")
    return int(text)


def _flag(given: Mapping[str, str], name: str, *, absent: bool = False) -> bool:
    value = given.get(name)
    return absent if value is None else value.lower() not in _FALSE


def _is_digits(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS
