"""The URL under which an exchange is archived."""

from __future__ import annotations

import re
from urllib.parse import quote

from archive.errors import UrlError

_URL = re.compile(
    r"(?P<scheme>https?)://(?:[^/?#]*@)?(?P<host>[^/?#@]+)(?P<rest>(?:[/?][^#]*)?)(?:#|\Z)", re.I
)
_UNSAFE = re.compile(r"[^\x21-\x7e]")


def target_url(url: str) -> str:
    """The URL without userinfo and fragment, otherwise as it stands.

    Whatever is not printable ASCII is percent-encoded, as UTF-8, so that no line break reaches a
    WARC header. Raises UrlError unless it is http or https and has a host.
    """
    match = _URL.match(url)
    if match is None:
        raise UrlError(f"{url!r} is not an http or https URL with a host")
    host = match["host"]
    if _UNSAFE.search(host):
        raise UrlError(f"the host of {url!r} has characters that no host name has")
    rest = _UNSAFE.sub(lambda found: quote(found[0], safe=""), match["rest"])
    return f"{match['scheme'].lower()}://{host}{rest}"
