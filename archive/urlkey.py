"""SURT keys of URLs, equal to those that cdxj-indexer and pywb write, and ranges of such keys.

A key is the host's labels in reverse order, ")", path and query: https://www.Example.org/News/?b=2&a
has the key "org,example)/news?a&b=2". It holds printable ASCII alone, no space, so that lines of
CDXJ sort bytewise in the order of (urlkey, timestamp).
"""

from __future__ import annotations

import re
import socket
from contextlib import suppress
from functools import lru_cache
from typing import Literal
from urllib.parse import unquote_to_bytes

from archive.errors import UrlError

Match = Literal["exact", "prefix", "host", "domain"]
"""Keys that a URL stands for: its own; all that begin with it; its host's; also those below it."""

_LAST = "\U0010ffff"
# Of a scheme that was typed or pasted twice the last one counts.
_URL = re.compile(rb"(?:https?://(?=https?://))*((?i:https?))://([^/?#]*)([^?#]*)(?:\?([^#]*))?")
_PAGE = re.compile(r"(?i:https?)://([^/?#]+)([^?#]*)(\?[^#]*)?")
_UNSAFE = re.compile(rb"[\x00-\x20\x7f-\xff#%]")
_ESCAPES = {bytes([byte]): b"%%%02x" % byte for byte in range(256)}
_HEX = b"0123456789abcdefABCDEF"
_DEFAULT_PORT = {b"http": 80, b"https": 443}
_PORTS = 1 << 16
_ADDRESSES = 1 << 32

_WWW = re.compile(rb"\Awww\d*\.(?=.)")
_NUMERIC = re.compile(rb"\d+(?:\.\d+){1,3}")
_SLASHES = re.compile(rb"/{2,}")

# What counts as a session id, and that the query's are found anywhere in it, even inside a name, is
# given by the archives that exist: keys have to meet theirs.
_PATH_SESSIONS = (
    re.compile(rb"(.*/)\((?:[a-z]\([0-9a-z]{24}\))+\)/(?=.)"),
    re.compile(rb"(.*/)\([0-9a-z]{24}\)/(?=.)"),
)
_QUERY_SESSIONS: tuple[re.Pattern[bytes], ...] = tuple(
    re.compile(rb"(.*)" + pattern + rb"(?:&(.*))?")
    for pattern in (
        rb"jsessionid=[0-9a-z]{32}",
        rb"phpsessid=[0-9a-z]{32}",
        rb"sid=[0-9a-z]{32}",
        rb"aspsessionid[a-z]{8}=[a-z]{24}",
        # None reaches beyond the next one, so that many of them take linear time, too.
        rb"cfid=(?:(?!cfid=[^&])[^&])+&cftoken=[^&]+",
    )
)


def urlkey(url: str) -> str:
    """The SURT of an http or https URL. Raises UrlError for anything else, or without a host."""
    return _kept(url) if len(url) <= _LONGEST_KEPT else _made(url)


def spellings(url: str) -> frozenset[str]:
    """The URLs that are taken for the same page: by http and https, with and without `www.` and a
    slash at the end. A key stands for more: for paths that differ in the case of letters, too.
    """
    match = _PAGE.match(url)
    if not match:
        return frozenset({url})
    host, path, query = match.groups(default="")
    name = host.lower().removeprefix("www.")
    trunk = path.rstrip("/")
    return frozenset(
        f"{scheme}://{www}{name}{place}{query}"
        for scheme in ("http", "https")
        for www in ("", "www.")
        for place in (trunk, f"{trunk}/")
    )


def _made(url: str) -> str:
    try:
        data = url.encode()
    except UnicodeEncodeError as error:
        raise UrlError(f"{url!r} is not a URL: it holds a lone surrogate") from error
    # As browsers do, and Python's own white space: bytes, so that only ASCII counts.
    data = data.strip().translate(None, b"\t\r\n")
    match = _URL.match(data)
    if not match:
        raise UrlError(f"{url!r} is not an http or https URL")
    scheme, authority, path, query = match.groups()
    host, port = _host_and_port(authority)
    labels = _host(host)
    if not labels:
        raise UrlError(f"{url!r} has no host")
    number = _port(port)
    if number is None:
        raise UrlError(f"{url!r} has a port that is none: give 1 to 65535")
    key = b",".join(reversed(labels.split(b".")))
    if number not in (0, _DEFAULT_PORT[scheme.lower()]):
        key += b":%d" % number
    key += b")" + _path(path)
    parameters = _query(query or b"")
    if parameters:
        key += b"?" + parameters
    return key.decode("ascii")


# Of one exchange it is asked for when it comes, when it is written, and for its document. Long ones
# are rare, and strangers may send them: kept, they would take much memory.
_kept = lru_cache(4096)(_made)
_LONGEST_KEPT = 2048


def prefix_range(url: str, match: Match) -> tuple[str, str]:
    """Bounds (low, high): a key stands for the match if low <= key < high, compared bytewise.

    A `prefix` that ends in a slash keeps it: ".../news/" does not match ".../newsroom". A `host`
    has the port of the URL; a `domain` covers the host and all below it, on default ports.
    Raises UrlError.
    """
    key = urlkey(url)
    if match == "exact":
        return key, key + " "  # no key has a character below "!"
    if match == "prefix":
        low = key + url[-1] if url[-1] in "/?" and key[-1] != url[-1] else key
        return low, low + _LAST
    host = key.partition(")")[0]
    if match == "host":
        return host + ")", host + "*"  # "*" is the character behind ")"
    if host.count(":") > 1 or host.replace(".", "").replace(":", "").isdigit():
        return host + ")", host + "*"  # nothing lies below an address
    domain = host.partition(":")[0]
    # Its own keys go on with ")", those below it with ","; "-" is the character behind ",".
    return domain + ")", domain + "-"


def _host_and_port(authority: bytes) -> tuple[bytes, bytes]:
    """Host and port of an authority (RFC 3986, 3.2), without userinfo and brackets."""
    location = authority.rpartition(b"@")[2].rstrip(b":")
    _, bracket, address = location.partition(b"[")
    if bracket:
        host, _, rest = address.partition(b"]")
        return host, rest.partition(b":")[2]
    host, _, port = location.partition(b":")
    return host, port


def _port(text: bytes) -> int | None:
    """0 when none is given; None when it is not a port."""
    if not text:
        return 0
    number = int(text) if text.isdigit() and len(text.lstrip(b"0")) <= 5 else _PORTS
    return number if number < _PORTS else None


def _host(data: bytes) -> bytes:
    """Host in lower case, IDNA 2003, dotted address for a number, without "www." and "www2."."""
    host = _unescape(data)
    if not host.isascii():
        # What is not a name that DNS could hold is escaped below instead.
        with suppress(UnicodeError):
            host = host.decode("utf-8", "ignore").encode("idna")
    host = host.replace(b"..", b".").strip(b".")
    return _WWW.sub(b"", _escape(_address(host).lower()), count=1) if host else b""


def _address(host: bytes) -> bytes:
    """A decimal number, or the short and octal forms that inet_aton(3) knows, as four numbers."""
    if host.isdigit():
        return socket.inet_ntoa((int(host[-400:]) % _ADDRESSES).to_bytes(4, "big")).encode()
    if _NUMERIC.fullmatch(host):
        try:
            return socket.inet_ntoa(socket.inet_aton(host.decode("ascii"))).encode()
        except OSError:  # not an address but a name of digits
            return host
    return host


def _path(data: bytes) -> bytes:
    """Path in lower case: unescaped, dot segments and empty ones removed, session ids cut out."""
    segments: list[bytes] = []
    for segment in _unescape(data).removeprefix(b"/").split(b"/"):
        if segment == b".." and segments:
            segments.pop()
        elif segment != b".":
            segments.append(segment)
    path = _SLASHES.sub(b"/", _escape(b"/" + b"/".join(segments))).lower()
    for pattern in _PATH_SESSIONS:
        path = _without_session(path, pattern)
    return path.rstrip(b"/") or b"/"


def _without_session(path: bytes, session: re.Pattern[bytes]) -> bytes:
    """Without the last session id that a name in ".aspx" follows, with no "?" between them.

    Each part between two "?" is read once, so that it takes linear time.
    """
    start = len(path)
    while (end := path.rfind(b".aspx", 0, start)) >= 0:
        start = path.rfind(b"?", 0, end) + 1
        match = session.match(path, start, end)
        if match:
            return path[: match.end(1)] + path[match.end() :]
    return path


def _query(data: bytes) -> bytes:
    """Query in lower case: unescaped, session ids cut out, parameters sorted by name and value."""
    query = _escape(_unescape(data)).lower()
    for pattern in _QUERY_SESSIONS if b"id" in query else ():
        match = pattern.fullmatch(query)
        if match:
            query = match.expand(rb"\1\2")
    parameters = sorted(query.split(b"&"), key=lambda parameter: parameter.split(b"=", 1))
    return b"&".join(parameters)


def _unescape(data: bytes) -> bytes:
    """Percent escapes undone until there is none left; linear in the length, however deep."""
    if b"%" not in data:
        return data
    once = unquote_to_bytes(data)
    if b"%" not in once:
        return once
    out = bytearray()
    for byte in once:
        out.append(byte)
        while len(out) > 2 and out[-3] == 0x25 and out[-2] in _HEX and out[-1] in _HEX:
            out[-3:] = bytes([int(out[-2:], 16)])
    return bytes(out)


def _escape(data: bytes) -> bytes:
    return _UNSAFE.sub(lambda match: _ESCAPES[match[0]], data)
