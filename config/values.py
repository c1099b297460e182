"""The kinds of values that keys of pressmark.yaml have, and the words for what each may hold."""

from __future__ import annotations

import re
from ipaddress import IPv4Network, IPv6Network
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, Strict

from config.places import check_location
from config.quantities import check_schedule, parse_duration, parse_network, parse_size

_NAME = re.compile(r"[a-z0-9][a-z0-9_]{0,39}", re.ASCII)
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_HEADER_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]+")
_AGENT_TEXT = re.compile(r"[\x20-\x7e]+")
_REACHABLE = re.compile(r"https?://[^\s/]+\S*|(?:mailto:)?[^\s@]+@[^\s@]+")
_POSTGRESQL = re.compile(
    r"postgresql(?:\+psycopg)?://(?:[^@/?#\s]*@)?[^@/?#\s]*/[^/?#\s]+(?:\?[^#\s]*)?"
)
_RESERVED = "ondemand"


class Allowed(str):
    """Says in an error and in the reference what a key may hold."""

    __slots__ = ()


def _http_url(value: str) -> str:
    try:
        parts = urlsplit(value)
        named = bool(parts.hostname) and parts.port != 0
    except ValueError:
        named = False
    # A value with "@" may hold a password: it is not repeated.
    shown = "this" if "@" in value else repr(value)
    if not named or parts.scheme not in ("http", "https") or re.search(r"\s|[\x00-\x1f]", value):
        raise ValueError(f"{shown} is not an http or https URL")
    return value


def _pattern(value: str) -> str:
    try:
        re.compile(value)
    except re.error as error:
        raise ValueError(f"{value!r} is not a regular expression: {error}") from error
    return value


def check_source_name(value: str) -> str:
    """The same name. Raises ValueError for what is none, and for the reserved one."""
    if not _NAME.fullmatch(value) or value == _RESERVED:
        reason = "is reserved" if value == _RESERVED else "is not a name of a source"
        raise ValueError(f"{value!r} {reason}")
    return value


def _contact(text: str) -> str:
    if not _REACHABLE.fullmatch(text):
        raise ValueError("this is neither a URL nor an e-mail address")
    return text


def _agent_text(value: str) -> str:
    if not _AGENT_TEXT.fullmatch(value):
        raise ValueError(f"{value!r} cannot stand in a user agent")
    return value


def check_header(name: str, value: str) -> None:
    """Raises ValueError, without the value, for what cannot be a field (RFC 9110, 5.1 and 5.5)."""
    if not _HEADER_NAME.fullmatch(name):
        raise ValueError(f"{name!r} is not the name of a header")
    if not _HEADER_VALUE.fullmatch(value):
        raise ValueError(f"the value of {name!r} cannot be sent in a header")


def _database(value: str) -> str:
    # The value may hold a password: it is not repeated.
    if value.startswith("postgres"):
        if not _POSTGRESQL.fullmatch(value):
            raise ValueError("this is not the URL of a PostgreSQL database")
    elif not re.fullmatch(r"sqlite:///[^?]+", value):
        raise ValueError("this is not the URL of a database")
    return value


HttpUrl = Annotated[str, AfterValidator(_http_url)]
Pattern = Annotated[str, AfterValidator(_pattern)]
Database = Annotated[str, AfterValidator(_database)]
SourceName = Annotated[str, AfterValidator(check_source_name)]
Schedule = Annotated[str, AfterValidator(check_schedule)]
AgentText = Annotated[str, AfterValidator(_agent_text)]
Contact = Annotated[str, AfterValidator(_agent_text), AfterValidator(_contact)]
Flag = Annotated[bool, Strict()]
Location = Annotated[str, AfterValidator(check_location)]
Seconds = Annotated[float, BeforeValidator(parse_duration)]
AboveZero = Annotated[Seconds, Field(gt=0)]
Count = Annotated[int, Strict(), Field(ge=1)]
Whole = Annotated[int, Strict(), Field(ge=0)]
Bytes = Annotated[int, BeforeValidator(parse_size), Field(gt=0)]
Network = Annotated[IPv4Network | IPv6Network, BeforeValidator(parse_network)]

SECONDS = Allowed("seconds (60), or 30s, 5m, 2h, 1d")
ABOVE_ZERO = Allowed("more than 0 seconds (60), or 30s, 5m, 2h, 1d")
BYTES = Allowed("a number of bytes above 0, or 500kB, 32MiB, 1GB")
COUNT = Allowed("a whole number from 1")
WHOLE = Allowed("a whole number from 0")
FLAG = Allowed("true or false")
TEXT = Allowed("a text")
URLS = Allowed("a list of http or https URLs")
PATTERNS = Allowed("a list of regular expressions")
PLACE = Allowed("a folder, file:///folder or s3://bucket/prefix")
ROBOTS = Allowed("obey or ignore")
NAME = Allowed(f"1 to 40 of a-z, 0-9 and _, not beginning with _; {_RESERVED!r} is taken")
SCHEDULE = Allowed('"every 2h", or a cron line of 5 or 6 fields in quotes; nothing: by hand')
DATABASE = Allowed("sqlite:////folder/file.db or postgresql://user:password@host/database")
MAPPING = Allowed("a mapping of keys")
