"""S3Store: a bucket, or the part of it under a prefix, on any server that speaks S3."""

from __future__ import annotations

import contextlib
import hashlib
import re
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

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
    CapabilityMemory,
    StoredObject,
    check_key,
    check_prefix,
    check_range,
    is_key,
)
from archive.store.content import PIECE
from archive.store.s3_client import open_client
from archive.store.s3_errors import status, translated
from archive.store.s3_metadata import noted_sha256
from archive.store.s3_options import S3Options
from archive.store.s3_probe import Probe
from archive.store.s3_protecting import Protector
from archive.store.s3_upload import Upload, Uploader

if TYPE_CHECKING:
    from pathlib import Path

    from mypy_boto3_s3.type_defs import GetObjectOutputTypeDef, HeadObjectOutputTypeDef

# Bodies that break off are asked for again from where they stopped, so many times.
_CUT_BODIES = 3
_CONTENT_RANGE = re.compile(r"bytes (\d+)-")


class S3Store:
    """One boto3 client, which the threads of the process share.

    Every write asks the server to refuse an existing key. A server that was not seen to obey is
    asked first whether there is one, and of the threads of this process one at a time writes a key.
    Between processes the names, which are unique, are all that protects on such a server.
    """

    def __init__(
        self,
        bucket: str,
        prefix: str = "",
        options: S3Options | None = None,
        memory: CapabilityMemory | None = None,
    ) -> None:
        """With a `memory` the first write looks up what the server can do, or tries it."""
        self.bucket = bucket
        self.uri = f"s3://{bucket}/{prefix}" if prefix else f"s3://{bucket}"
        self._root = f"{prefix}/" if prefix else ""
        self._options = options or S3Options()
        self._client = open_client(self._options, self.uri)
        self.protector = Protector(
            client=self._client,
            bucket=bucket,
            root=self._root,
            place=self.uri,
            wanted=self._options.protection,
        )
        self._memory = memory
        self._capabilities: Capabilities | None = None
        self._probing = threading.Lock()
        self._takes_conditions = True
        self._writing: set[str] = set()
        self._written = threading.Condition()

    def put_new(self, key: str, source: bytes | Path) -> StoredObject:
        """See Store."""
        check_key(key)
        upload = Upload.of(source, self._options)
        trusted = self._is_create_only()
        with self._alone(key) if upload.in_parts or not trusted else contextlib.nullcontext():
            ours = False
            if trusted or self._find(key) is None:
                ours = self._send(key, upload)
            self._verify(key, upload, ours=ours)
            if upload.in_parts:
                self._uploader(key).remove_parts()
        return StoredObject(key=key, size=upload.size, sha256=upload.sha256)

    def put_right(self, key: str, source: bytes | Path) -> StoredObject:
        """See Store. Where versions are kept the damaged one stays as an earlier version."""
        check_key(key)
        upload = Upload.of(source, self._options)
        with self._alone(key):
            self._uploader(key, replaces=True).send(upload, create_only=False)
            self._verify(key, upload, ours=True)
            if upload.in_parts:
                self._uploader(key).remove_parts()
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
            key=key, size=found["ContentLength"], sha256=noted_sha256(found["Metadata"])
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
        probe = Probe(client=self._client, bucket=self.bucket, root=self._root, place=self.uri)
        self._capabilities = seen = probe.run()
        if self._memory:
            self._memory.remember(self._client.meta.endpoint_url, self.bucket, seen)
        return seen

    def close(self) -> None:
        """See Store."""
        self._client.close()

    # -- writing

    def _is_create_only(self) -> bool:
        """Whether the server was seen to refuse an existing key, by this process or before."""
        with self._probing:
            if self._capabilities is None and self._memory:
                endpoint = self._client.meta.endpoint_url
                self._capabilities = self._memory.recall(endpoint, self.bucket)
                if self._capabilities is None:
                    self.probe()
            return self._capabilities is not None and self._capabilities.create_only

    @contextlib.contextmanager
    def _alone(self, key: str) -> Iterator[None]:
        with self._written:
            self._written.wait_for(lambda: key not in self._writing)
            self._writing.add(key)
        try:
            yield
        finally:
            with self._written:
                self._writing.remove(key)
                self._written.notify_all()

    def _send(self, key: str, upload: Upload) -> bool:
        """Whether it was this call that wrote the object; no: it seems to exist."""
        uploader = self._uploader(key)
        try:
            if self._takes_conditions:
                try:
                    uploader.send(upload, create_only=True)
                    return True
                except StoreUnsupported:
                    self._takes_conditions = False
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

    def _uploader(self, key: str, *, replaces: bool = False) -> Uploader:
        return Uploader(
            client=self._client,
            bucket=self.bucket,
            path=self._root + key,
            place=self.uri,
            key=key,
            settings=self._options.protection.settings(),
            replaces=replaces,
        )

    def _verify(self, key: str, upload: Upload, *, ours: bool) -> None:
        """Raise KeyTaken or ObjectDamaged unless the store holds these bytes."""
        found = self._find(key)
        if found is None:
            raise StoreUnavailable(
                f"{self.uri} said that it has {key}, and then that it has not; try again", key
            )
        noted = noted_sha256(found["Metadata"])
        if noted not in (upload.sha256, None):
            raise KeyTaken(f"{self.uri} has {key} already, with other bytes", key)
        if not (noted and found["ContentLength"] == upload.size and _etag(found) == upload.etag):
            self._read_back(key, upload, ours=ours)
        self.protector.ensure(key, found)

    def _read_back(self, key: str, upload: Upload, *, ours: bool) -> None:
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
        skip = start - self._beginning(key, answer, start)
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
                f"{self.uri} answered with {key} from byte {begin} on, when asked from {start} on",
                key,
            )
        return begin

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


def _etag(found: HeadObjectOutputTypeDef) -> str:
    return found["ETag"].strip('"')
