"""The boto3 client, set up so that it works with every S3 server that was measured."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ConnectTimeoutError,
    EndpointConnectionError,
    SSLError,
)

from archive.errors import StoreError
from archive.store.s3_errors import store_error

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

MIB = 1 << 20
LEAST_PART = 5 * MIB
"""Bytes; S3 accepts no smaller part but the last one."""

# Attempts after which a server that cannot be reached at all is given up; an overloaded one, or a
# connection that breaks, gets all five of `retries`.
_ATTEMPTS: dict[type[Exception], int] = {
    SSLError: 1,
    ConnectTimeoutError: 2,
    EndpointConnectionError: 3,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class S3Options:
    """How to reach the server. None: what boto3 finds in AWS_* variables and profiles."""

    endpoint_url: str | None = None  #: "https://s3.example.org"; None: Amazon's own, too
    region: str | None = None  #: "us-east-1" where boto3 finds none either
    access_key_id: str | None = None
    secret_access_key: str | None = field(default=None, repr=False)
    session_token: str | None = field(default=None, repr=False)  #: with temporary credentials
    ca_bundle: str | None = None  #: path of a PEM file; None: the usual authorities
    addressing_style: Literal["path", "virtual"] = "path"  #: bucket in the path or the host name
    threads: int = 16  #: threads that use the store at once; as many connections are kept open
    multipart_threshold: int = 16 * MIB  #: bytes; larger files are sent in parts
    multipart_chunk: int = 16 * MIB  #: bytes of a part
    page_size: int = 1000  #: keys that a listing asks for at a time

    def __post_init__(self) -> None:
        if self.multipart_chunk < LEAST_PART:
            raise ValueError(f"multipart_chunk must be at least {LEAST_PART}")


def open_client(options: S3Options, place: str) -> S3Client:
    """A thread-safe client; nothing is sent yet. Raises StoreError for settings that cannot be."""
    try:
        session = boto3.session.Session(
            aws_access_key_id=options.access_key_id,
            aws_secret_access_key=options.secret_access_key,
            aws_session_token=options.session_token,
            region_name=options.region,
        )
        client = session.client(
            "s3",
            region_name=session.region_name or "us-east-1",
            endpoint_url=options.endpoint_url,
            verify=options.ca_bundle,
            config=_config(options),
        )
    except BotoCoreError as error:
        raise store_error(error, place) from error
    except ValueError as error:
        raise StoreError(f"{place}: {error}; correct the endpoint (AWS_ENDPOINT_URL_S3)") from error
    client.meta.events.register_first("needs-retry.s3", _give_up_early)
    return client


def _config(options: S3Options) -> Config:
    return Config(
        signature_version="s3v4",
        s3={"addressing_style": options.addressing_style},
        # By default uploads over TLS carry a checksum in a trailer, without Content-Length; Ceph
        # and others refuse that with 411.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        retries={"mode": "standard", "total_max_attempts": 5},
        connect_timeout=5,
        read_timeout=60,
        max_pool_connections=options.threads,
        tcp_keepalive=True,
    )


def _give_up_early(attempts: int, caught_exception: Exception | None = None, **_: object) -> None:
    """Handler of botocore's needs-retry event, which is left by raising."""
    most = _ATTEMPTS.get(type(caught_exception)) if caught_exception else None
    if caught_exception and most and attempts >= most:
        raise caught_exception
