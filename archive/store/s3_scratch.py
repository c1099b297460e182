"""Scratch objects: what a server really does is found by trying."""

from __future__ import annotations

import hashlib
import logging
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from archive.store.base import SCRATCH
from archive.store.s3_bucket import Address, Bucket
from archive.store.s3_metadata import with_sha256

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import HeadObjectOutputTypeDef, PutObjectOutputTypeDef

CONTENT = b"0123456789abcdef"
"""Of every scratch object."""

logger = logging.getLogger(__name__)


class Scratch:
    """One key under SCRATCH. Its methods raise what boto3 raises."""

    def __init__(self, bucket: Bucket) -> None:
        self.key = f"{SCRATCH}{secrets.token_hex(8)}"
        self.address: Address = bucket.at(self.key)
        self.written = False  #: whether it is known to be there
        self._bucket = bucket

    def put(self, **settings: Any) -> PutObjectOutputTypeDef:
        """Write it, whole, with more arguments of put_object."""
        answer = self._bucket.client.put_object(
            **self.address,
            Body=CONTENT,
            Metadata=with_sha256(hashlib.sha256(CONTENT).hexdigest()),
            **settings,
        )
        self.written = True
        return answer

    def head(self) -> HeadObjectOutputTypeDef:
        """What the server tells of it."""
        return self._bucket.client.head_object(**self.address)

    def remove(self) -> None:
        """As far as that is permitted. Raises nothing."""
        try:
            self._bucket.client.delete_object(**self.address)
        except (BotoCoreError, ClientError) as error:
            # An archive whose key may not delete is well kept; the scratch object harms nobody.
            # Where none was written, what failed is the write, which tells of it.
            logger.log(
                logging.WARNING if self.written else logging.DEBUG,
                "%s stays in %s, because it cannot be deleted: %s",
                self.key,
                self._bucket.uri,
                error,
            )


@contextmanager
def scratch_object(bucket: Bucket) -> Iterator[Scratch]:
    """One that is removed at the end. Raises StoreError for what boto3 raises in the body."""
    scratch = Scratch(bucket)
    try:
        with bucket.translated(scratch.key):
            yield scratch
    finally:
        scratch.remove()
