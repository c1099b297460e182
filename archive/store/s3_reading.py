"""What a store in a bucket is asked for: whole objects, ranges of them, listings."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from archive.errors import ObjectDamaged, StoreUnavailable
from archive.store.base import StoredObject, check_key, check_prefix, check_range, is_key
from archive.store.content import PIECE
from archive.store.refusals import key_missing
from archive.store.s3_bucket import Bucket
from archive.store.s3_errors import status
from archive.store.s3_metadata import noted_sha256
from archive.store.s3_ranges import SignedRanges

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import GetObjectOutputTypeDef

# Bodies that break off are asked for again from where they stopped, so many times.
_CUT_BODIES = 3
_CONTENT_RANGE = re.compile(r"bytes (\d+)-")


class S3Reader:
    """The half of S3Store that reads."""

    def __init__(self, bucket: Bucket, page_size: int) -> None:
        """A listing asks for `page_size` keys at a time."""
        self.uri = bucket.uri
        self._bucket = bucket
        self._ranges = SignedRanges(bucket)
        self._page_size = page_size

    def get(self, key: str) -> bytes:
        """See Store."""
        return b"".join(self.stream(key))

    def read(self, key: str, offset: int, length: int) -> bytes:
        """See Store."""
        check_range(offset, length)
        if length == 0:
            self.head(key)  # HTTP has no empty range
            return b""
        return b"".join(self._pieces(check_key(key), offset, offset + length))

    def stream(self, key: str) -> Iterator[bytes]:
        """See Store. Raises ObjectDamaged at the end when the digest is not the one noted."""
        return self._pieces(check_key(key), 0, None)

    def head(self, key: str) -> StoredObject:
        """See Store."""
        found = self._bucket.find(check_key(key))
        if found is None:
            self.check()  # a HEAD cannot tell a missing key from a missing bucket
            raise key_missing(self.uri, key)
        return StoredObject(
            key=key, size=found["ContentLength"], sha256=noted_sha256(found["Metadata"])
        )

    def list(self, prefix: str, start_after: str = "") -> Iterator[StoredObject]:
        """See Store."""
        check_prefix(prefix)
        return self._listed(prefix, start_after)

    def check(self, *, writing: bool = True) -> None:  # noqa: ARG002 - it only reads anyway
        """See Store."""
        bucket = self._bucket
        # A listing and no HEAD, whose answer has no body to tell a reason.
        with bucket.translated():
            bucket.client.list_objects_v2(Bucket=bucket.name, Prefix=bucket.root, MaxKeys=1)

    def _pieces(self, key: str, start: int, end: int | None) -> Iterator[bytes]:
        """Bytes [start, end) of the object; a whole one is compared with its digest."""
        digest = hashlib.sha256() if (start, end) == (0, None) else None
        noted: str | None = None
        cuts = 0
        while end is None or start < end:
            answer = self._open(key, start, end)
            if answer is None:
                break
            noted = noted_sha256(answer["Metadata"])
            try:
                for piece in self._body(key, answer, start, end):
                    start += len(piece)
                    if digest:
                        digest.update(piece)
                    yield piece
                break
            except StoreUnavailable:
                cuts += 1
                if cuts == _CUT_BODIES:
                    raise
        if digest and noted not in (digest.hexdigest(), None):
            raise ObjectDamaged(
                f"{self.uri} has other bytes of {key} than were stored; `pressmark verify "
                "--repair` puts it right from a mirror; without one, do so from a backup",
                key,
            )

    def _open(self, key: str, start: int, end: int | None) -> GetObjectOutputTypeDef | None:
        """The server's answer; None: the object ends before `start`."""
        # mypy: the stubs type each argument, and an absent one differs from None.
        wanted: dict[str, Any] = {}
        if start or end is not None:
            wanted["Range"] = f"bytes={start}-{'' if end is None else end - 1}"
        if end is not None:
            answer = self._ranges.open(key, wanted["Range"])
            if answer is not None:
                return answer
        with self._bucket.translated(key):
            try:
                return self._bucket.client.get_object(**self._bucket.at(key), **wanted)
            except ClientError as error:
                if status(error) == 416:
                    return None
                raise

    def _body(
        self, key: str, answer: GetObjectOutputTypeDef, start: int, end: int | None
    ) -> Iterator[bytes]:
        body = answer["Body"]
        skip = start - self._beginning(key, answer, start)
        left = answer["ContentLength"] if end is None else skip + end - start
        try:
            while left:
                with self._bucket.translated(key):
                    piece = body.read(min(PIECE, left))
                if not piece:
                    return
                left -= len(piece)
                if len(piece) > skip:
                    yield piece[skip:]
                skip = max(0, skip - len(piece))
        finally:
            body.close()

    def _beginning(self, key: str, answer: GetObjectOutputTypeDef, start: int) -> int:
        """Byte of the object that the body begins with; `start` was asked for.

        The status does not tell: servers without ranges send the whole object, and some send the
        range under status 200.
        """
        told = _CONTENT_RANGE.match(answer.get("ContentRange", ""))
        if told:
            begin = int(told[1])
        else:
            begin = start if answer["ResponseMetadata"]["HTTPStatusCode"] == 206 else 0
        if begin > start:
            raise ObjectDamaged(
                f"{self.uri} answered with {key} from byte {begin} on, when asked from {start} on; "
                "`pressmark doctor` tells whether the server can send ranges",
                key,
            )
        return begin

    def _listed(self, prefix: str, start_after: str) -> Iterator[StoredObject]:
        bucket = self._bucket
        wanted: dict[str, Any] = {"StartAfter": bucket.root + start_after} if start_after else {}
        pages = bucket.client.get_paginator("list_objects_v2").paginate(
            Bucket=bucket.name,
            Prefix=bucket.root + prefix,
            PaginationConfig={"PageSize": self._page_size},
            **wanted,
        )
        with bucket.translated():
            for page in pages:
                for found in page.get("Contents", ()):
                    key = found["Key"][len(bucket.root) :]
                    if is_key(key):
                        yield StoredObject(key=key, size=found["Size"], sha256=None)
