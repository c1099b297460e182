"""A bucket with a boto3 client, set up so that it works with every S3 server that was measured."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError

from archive.errors import StoreError
from archive.store.s3_bucket import Bucket
from archive.store.s3_errors import ENDPOINT, store_error
from archive.store.s3_options import S3Options

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# At DEBUG, which is Scrapy's own default, these write signatures and session tokens into the log.
_TELLING = ("boto3", "botocore", "s3transfer", "urllib3")


def open_bucket(name: str, prefix: str, options: S3Options) -> Bucket:
    """`prefix` without slashes at its ends. Nothing is sent yet.

    Raises StoreError for settings that cannot be.
    """
    root = f"{prefix}/" if prefix else ""
    uri = f"s3://{name}/{prefix}" if prefix else f"s3://{name}"
    return Bucket(client=_client(options, uri), name=name, root=root, uri=uri)


def _client(options: S3Options, uri: str) -> S3Client:
    for name in _TELLING:
        logger = logging.getLogger(name)
        logger.setLevel(max(logger.getEffectiveLevel(), logging.INFO))
    try:
        session = boto3.session.Session(
            aws_access_key_id=options.access_key_id,
            aws_secret_access_key=options.secret_access_key,
            aws_session_token=options.session_token,
            region_name=options.region,
        )
        return session.client(
            "s3",
            region_name=session.region_name or "us-east-1",
            endpoint_url=options.endpoint_url,
            verify=options.ca_bundle,
            config=_config(options),
        )
    except BotoCoreError as error:
        raise store_error(error, uri) from error
    except ValueError as error:
        raise StoreError(f"{uri}: {error}; correct {ENDPOINT}") from error


def _config(options: S3Options) -> Config:
    return Config(
        signature_version="s3v4",
        s3={"addressing_style": options.addressing_style},
        # By default uploads over TLS carry a checksum in a trailer, without Content-Length; Ceph
        # and others refuse that with 411.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        # Refused connections are given up in a second, overloaded servers after some fifteen.
        retries={"mode": "standard", "total_max_attempts": options.attempts},
        connect_timeout=5,
        read_timeout=options.read_timeout,
        max_pool_connections=options.threads,
        tcp_keepalive=True,
    )
