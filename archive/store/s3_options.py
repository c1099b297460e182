"""Settings of S3 stores; apart from the client, because that takes long to import."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from archive.store.s3_protection import Protection

MIB = 1 << 20
LEAST_PART = 5 * MIB
"""Bytes; S3 accepts no smaller part but the last one."""


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
    protection: Protection = field(default_factory=Protection)  #: of every object
    read_timeout: float = 60.0  #: seconds without a byte until a request has failed
    attempts: int = 5  #: how often a request is sent that fails
    page_size: int = 1000  #: keys that a listing asks for at a time

    def __post_init__(self) -> None:
        if self.multipart_chunk < LEAST_PART:
            raise ValueError(f"multipart_chunk must be at least {LEAST_PART}")
