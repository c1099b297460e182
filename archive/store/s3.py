"""S3Store: a bucket, or the part of it under a prefix, on any server that speaks S3."""

from __future__ import annotations

import hashlib
import logging
import re
import secrets
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from archive.errors import (
    BucketMissing,
    KeyMissing,
    KeyTaken,
    ObjectDamaged,
    StoreUnavailable,
    StoreUnsupported,
)
from archive.store.base import (
    Capabilities,
    StoredObject,
    check_key,
    check_prefix,
    check_range,
    is_key,
)
from archive.store.content import PIECE
from archive.store.s3_client import open_client
from archive.store.s3_errors import status, translated
from archive.store.s3_options import S3Options
from archive.store.s3_upload import Upload, Uploader

if TYPE_CHECKING:
    from pathlib import Path

    from mypy_boto3_s3.type_defs import GetObjectOutputTypeDef, HeadObjectOutputTypeDef

_SHA256 = re.compile(r"[0-9a-f]{64}")
_RACERS = 8
# Bodies that break off are asked for again from where they stopped, so many times.
_CUT_BODIES = 3

logger = logging.getLogger(__name__)


class S3Store:
    """One boto3 client, which the threads of the process share."""

    def __init__(self, bucket: str, prefix: str = "", options: S3Options | None = None) -> None:
        self.bucket = bucket
        self.uri = f"s3://{bucket}/{prefix}" if prefix else f"s3://{bucket}"
        self._root = f"{prefix}/" if prefix else ""
        self._options = options or S3Options()
        self._client = open_client(self._options, self.uri)
        #: whether the server honours If-None-Match; None: nobody has tried
        self._create_only: bool | None = None

    def put_new(self, key: str, source: bytes | Path) -> StoredObject:
        """See Store.

        The server is asked to refuse an existing key, and unless it was seen to obey (`probe`), it
        is asked first whether there is one.
        """
        check_key(key)
        upload = Upload.of(source, self._options)
        ours = False
        if self._create_only or self._find(key) is None:
            ours = self._send(key, upload)
        self._verify(key, upload, ours=ours)
        return StoredObject(key=key, size=upload.size, sha256=upload.sha256)

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
        found = self._find(check_key(key))
        if found is None:
            self.check()  # a HEAD cannot tell a missing key from a missing bucket
            raise KeyMissing(f"{self.uri} has no {key}", key)
        return StoredObject(
            key=key, size=found["ContentLength"], sha256=_noted_sha256(found["Metadata"])
        )

    def list(self, prefix: str, start_after: str = "") -> Iterator[StoredObject]:
        """See Store."""
        check_prefix(prefix)
        return self._listed(prefix, start_after)

    def check(self) -> None:
        """See Store."""
        # A listing and no HEAD, whose answer has no body to tell a reason.
        with translated(self.uri):
            self._client.list_objects_v2(Bucket=self.bucket, Prefix=self._root, MaxKeys=1)

    def probe(self) -> Capabilities:
        """See Store."""
        key = f"probe/{secrets.token_hex(8)}"
        try:
            self._create_only = self._race(key)
            ranged = self._answers_range(key)
        finally:
            self._remove(key)
        return Capabilities(create_only=self._create_only, ranged_reads=ranged)

    def close(self) -> None:
        """See Store."""
        self._client.close()

    # -- writing

    def _send(self, key: str, upload: Upload) -> bool:
        """Whether it was this call that wrote the object; no: it seems to exist."""
        uploader = Uploader(
            client=self._client,
            bucket=self.bucket,
            path=self._root + key,
            place=self.uri,
            key=key,
        )
        try:
            if self._create_only is not False:
                try:
                    uploader.send(upload, create_only=True)
                    return True
                except StoreUnsupported:
                    self._create_only = False
            uploader.send(upload, create_only=False)
            return True
        except KeyTaken:
            return False
        except KeyMissing as error:
            raise BucketMissing(
                f"{self.uri}: the server knows no such place; create the bucket, or correct "
                "`collection` and endpoint",
                key,
            ) from error

    def _verify(self, key: str, upload: Upload, *, ours: bool) -> None:
        """Raise KeyTaken or ObjectDamaged unless the store holds these bytes."""
        found = self._find(key)
        if found is None:
            raise StoreUnavailable(
                f"{self.uri} said that it has {key}, and then that it has not; try again", key
            )
        noted = _noted_sha256(found["Metadata"])
        if noted not in (upload.sha256, None):
            raise KeyTaken(f"{self.uri} has {key} already, with other bytes", key)
        if noted and found["ContentLength"] == upload.size and _etag(found) == upload.etag:
            return
        # The ETag is no MD5 where the server encrypts, and differs with the size of the parts.
        digest = hashlib.sha256()
        for piece in self.stream(key):
            digest.update(piece)
        if digest.hexdigest() != upload.sha256:
            if ours:
                raise ObjectDamaged(f"{self.uri} holds other bytes of {key} than were sent", key)
            raise KeyTaken(f"{self.uri} has {key} already, with other bytes", key)

    # -- reading

    def _find(self, key: str) -> HeadObjectOutputTypeDef | None:
        with translated(self.uri, key):
            try:
                return self._client.head_object(Bucket=self.bucket, Key=self._root + key)
            except ClientError as error:
                if status(error) == 404:
                    return None
                raise

    def _pieces(self, key: str, start: int, end: int | None) -> Iterator[bytes]:
        """Bytes [start, end) of the object; a whole one is compared with its digest."""
        digest = hashlib.sha256() if (start, end) == (0, None) else None
        noted: str | None = None
        cuts = 0
        while end is None or start < end:
            answer = self._open(key, start, end)
            if answer is None:
                break
            noted = _noted_sha256(answer["Metadata"])
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
            raise ObjectDamaged(f"{self.uri} has other bytes of {key} than were stored", key)

    def _open(self, key: str, start: int, end: int | None) -> GetObjectOutputTypeDef | None:
        """The server's answer; None: the object ends before `start`."""
        # mypy: the stubs type each argument, and an absent one differs from None.
        wanted: dict[str, Any] = {}
        if start or end is not None:
            wanted["Range"] = f"bytes={start}-{'' if end is None else end - 1}"
        with translated(self.uri, key):
            try:
                return self._client.get_object(Bucket=self.bucket, Key=self._root + key, **wanted)
            except ClientError as error:
                if status(error) == 416:
                    return None
                raise

    def _body(
        self, key: str, answer: GetObjectOutputTypeDef, start: int, end: int | None
    ) -> Iterator[bytes]:
        body = answer["Body"]
        # A server without ranges sends the whole object.
        skip = 0 if answer["ResponseMetadata"]["HTTPStatusCode"] == 206 else start
        left = answer["ContentLength"] if end is None else skip + end - start
        try:
            while left:
                with translated(self.uri, key):
                    piece = body.read(min(PIECE, left))
                if not piece:
                    return
                left -= len(piece)
                if len(piece) > skip:
                    yield piece[skip:]
                skip = max(0, skip - len(piece))
        finally:
            body.close()

    def _listed(self, prefix: str, start_after: str) -> Iterator[StoredObject]:
        wanted: dict[str, Any] = {"StartAfter": self._root + start_after} if start_after else {}
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self.bucket,
            Prefix=self._root + prefix,
            PaginationConfig={"PageSize": self._options.page_size},
            **wanted,
        )
        with translated(self.uri):
            for page in pages:
                for found in page.get("Contents", ()):
                    key = found["Key"][len(self._root) :]
                    if is_key(key):
                        yield StoredObject(key=key, size=found["Size"], sha256=None)

    # -- probing

    def _race(self, key: str) -> bool:
        """Whether exactly one of eight conditional writes at once succeeds."""
        gate = threading.Barrier(_RACERS)

        def run(number: int) -> bool:
            gate.wait()
            with translated(self.uri, key):
                try:
                    self._client.put_object(
                        Bucket=self.bucket,
                        Key=self._root + key,
                        Body=f"{number:016}".encode(),
                        IfNoneMatch="*",
                    )
                except ClientError as error:
                    if status(error) in (409, 412):
                        return False
                    raise
            return True

        with ThreadPoolExecutor(_RACERS, thread_name_prefix="store-probe") as pool:
            try:
                return sum(pool.map(run, range(_RACERS))) == 1
            except StoreUnsupported:
                return False

    def _answers_range(self, key: str) -> bool:
        with translated(self.uri, key):
            try:
                self._client.head_object(Bucket=self.bucket, Key=self._root + key)
            except ClientError as error:
                if status(error) != 404:
                    raise
                self._client.put_object(
                    Bucket=self.bucket, Key=self._root + key, Body=b"0123456789abcdef"
                )
            answer = self._client.get_object(
                Bucket=self.bucket, Key=self._root + key, Range="bytes=4-7"
            )
            part = answer["Body"].read()
        return answer["ResponseMetadata"]["HTTPStatusCode"] == 206 and len(part) == 4

    def _remove(self, key: str) -> None:
        try:
            self._client.delete_object(Bucket=self.bucket, Key=self._root + key)
        except (BotoCoreError, ClientError) as error:
            # An archive whose key may not delete is well kept; the scratch object harms nobody.
            logger.warning("%s stays in %s, because it cannot be deleted: %s", key, self.uri, error)


def _noted_sha256(metadata: dict[str, str]) -> str | None:
    # Some servers change the case of the names.
    noted = next((value for name, value in metadata.items() if name.lower() == "sha256"), "")
    return noted if _SHA256.fullmatch(noted) else None


def _etag(found: HeadObjectOutputTypeDef) -> str:
    return found["ETag"].strip('"')
