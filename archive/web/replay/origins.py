"""Two origins: the one that people use, and the one that archived pages are shown on.

The second one is `replay.<host>`: browsers keep its cookies, storage and pages apart from ours, and
yet take it for the same site, without which a framed page may have no worker. A name without a dot
has no such sibling (`replay.localhost` is another site than `localhost`), nor has an address: these
need a second port, which keeps pages and storage apart, but not cookies (RFC 6265, 8.5).
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

_LABEL = "replay."
_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True, kw_only=True)
class Origins:
    """How one is found from the other, and which of them is asked."""

    #: of the main origin, without a slash at the end; None: that of each request
    public_url: str | None = None
    port: int | None = None  #: that the main origin listens on; None: it makes no difference
    replay_host: str | None = None  #: name of the replay; None: `replay.` and the main one's
    replay_port: int | None = None  #: that the replay alone listens on; None: there is none

    def is_replay(self, host: str, server: tuple[str, int | None] | None) -> bool:
        """Whether a request is for the replay.

        `host`: its Host header. `server`: address and port that it came in by (ASGI, `server`).
        """
        if self.replay_port is not None and server is not None and server[1] == self.replay_port:
            return True
        name, _ = _split(host)
        if self.replay_host is not None:
            return name == self.replay_host
        # Never by mistake the other: the names that a page of ours is at do not begin so.
        return name.startswith(_LABEL) and name != self._public_name

    def replay_of(self, main: str) -> str | None:
        """The replay's origin beside the main one, both as `https://host:port`; None: it has none.

        Its pages get a worker only over https, or on this machine.
        """
        parts = urlsplit(main)
        name, port = _split(parts.netloc)
        if self.replay_host is not None:
            return _origin(parts.scheme, self.replay_host, port)
        named = "." in name and not _is_address(name)
        if self.replay_port is not None and not (named and name.endswith(".localhost")):
            return _origin(parts.scheme, name, self.replay_port)
        return _origin(parts.scheme, f"{_LABEL}{name}", port) if named else None

    def main_of(self, replay: str) -> str | None:
        """The main origin beside the replay's; None: it cannot be told, `public_url` must say."""
        if self.public_url is not None:
            return self.public_url
        parts = urlsplit(replay)
        name, port = _split(parts.netloc)
        if self.replay_port is not None and port == self.replay_port:
            return _origin(parts.scheme, name, self.port)
        if name.startswith(_LABEL):
            return _origin(parts.scheme, name.removeprefix(_LABEL), port)
        return None

    @property
    def _public_name(self) -> str | None:
        return None if self.public_url is None else _split(urlsplit(self.public_url).netloc)[0]


def _split(host: str) -> tuple[str, int | None]:
    """Name or address (IPv6 in brackets), and port."""
    name, colon, port = host.lower().rpartition(":")
    if not colon or not port.isdigit():
        name, port = host.lower(), ""
    return name.removesuffix("."), int(port) if port else None


def _origin(scheme: str, name: str, port: int | None) -> str:
    shown = "" if port is None or port == _DEFAULT_PORTS.get(scheme) else f":{port}"
    return f"{scheme}://{name}{shown}"


def _is_address(name: str) -> bool:
    try:
        ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True
