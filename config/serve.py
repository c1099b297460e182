"""Keys of pressmark.yaml that say how `pressmark serve` listens, and for whom."""

from __future__ import annotations

import re
from typing import Annotated, Self

from pydantic import AfterValidator, Field, Strict, model_validator
from pydantic_core import PydanticCustomError

from config.keys import Keys
from config.values import (
    BYTES,
    COUNT,
    FLAG,
    TEXT,
    WHOLE,
    Allowed,
    Bytes,
    Count,
    Flag,
    HttpUrl,
    Network,
    Whole,
)

_HOST = re.compile(r"(?:\*\.)?[a-z0-9_-]+(?:\.[a-z0-9_-]+)*|\*|\[[0-9a-f:.]+\]", re.IGNORECASE)


def _host(value: str) -> str:
    if not _HOST.fullmatch(value):
        raise ValueError(f"{value!r} is not the name of a host; the port is left out")
    return value.lower()


def _public_url(value: str) -> str:
    if value.partition("://")[2].rstrip("/").count("/") or "?" in value or "#" in value:
        raise ValueError(f"{value!r} has more than a host and a port")
    return value.rstrip("/")


def _access_log(value: str) -> str:
    if value not in ("stderr", "none") and not value.startswith("/"):
        raise ValueError(f"{value!r} is neither that nor an absolute path")
    return value


HostName = Annotated[str, AfterValidator(_host)]
PublicUrl = Annotated[HttpUrl, AfterValidator(_public_url)]
AccessLog = Annotated[str, AfterValidator(_access_log)]
Port = Annotated[int, Strict(), Field(ge=0, le=65535)]

_HOST_TEXT = Allowed("a host name")
_PORT_TEXT = Allowed("a port, or 0 for any free one")


class Serve(Keys):
    """`pressmark serve`."""

    host: Annotated[str, TEXT] = Field(
        default="127.0.0.1", description="Address to listen on; `--host` wins."
    )
    port: Annotated[Port, _PORT_TEXT] = Field(
        default=8080, description="Port to listen on; `--port` wins."
    )
    public_url: Annotated[PublicUrl | None, Allowed("an http or https URL without a path")] = Field(
        default=None,
        description="Address that people use, where a proxy stands before the server; none: that "
        "of each request.",
    )
    public_read: Annotated[Flag, FLAG] = Field(
        default=False,
        description="Whether everybody who reaches the server may read; saving needs a token.",
    )
    hosts: Annotated[tuple[HostName, ...], Allowed("a list of host names, *.example.org too")] = (
        Field(
            default=(),
            description="Names by which the server may be asked, beside its addresses, those of "
            "loopback and that of `public_url`; `*`: any, which lets in DNS rebinding.",
        )
    )
    proxies: Annotated[tuple[Network, ...], Allowed('a list of networks, e.g. ["10.1.0.0/16"]')] = (
        Field(
            default=(),
            description="Proxies whose X-Forwarded-For and X-Forwarded-Proto are believed.",
        )
    )
    replay_host: Annotated[HostName | None, _HOST_TEXT] = Field(
        default=None,
        description="Name of the origin that archived pages are shown on; none: `replay.` and the "
        "name of the server.",
    )
    replay_port: Annotated[Port | None, _PORT_TEXT] = Field(
        default=None,
        description="A second port for archived pages, where the server has no name; this keeps "
        "them less apart than a name does.",
    )
    save_rate: Annotated[Whole, WHOLE] = Field(
        default=30,
        description="Requests to save that a token, or without one an address, has in a minute; "
        "0: any number.",
    )
    search_rate: Annotated[Whole, WHOLE] = Field(
        default=120,
        description="Searches that a token, or without one an address, has in a minute; 0: any "
        "number.",
    )
    body_limit: Annotated[Bytes, BYTES] = Field(
        default=1 << 20, description="Largest body of a request."
    )
    concurrency: Annotated[Count, COUNT] = Field(
        default=256, description="Requests that are answered at once; more are told to come later."
    )
    access_log: Annotated[AccessLog | None, Allowed("stderr, none, or /folder/file")] = Field(
        default=None,
        description="Where a line of JSON about each request goes; not set: to standard error "
        "where others than this machine reach the server, else nowhere.",
    )

    @model_validator(mode="after")
    def _check_replay(self) -> Self:
        if self.replay_host is not None and self.replay_port is not None:
            raise PydanticCustomError(
                "two_replays", "give replay_host or replay_port, not both", {"path": ()}
            )
        if self.replay_host is not None and self.public_url is None:
            raise PydanticCustomError(
                "unframed_replay",
                "with replay_host give public_url too: it is what may frame archived pages",
                {"path": ()},
            )
        return self
