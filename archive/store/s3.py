"""S3Store: a bucket, or the part of it under a prefix, on any server that speaks S3."""

from __future__ import annotations

import contextlib
import hashlib
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

from archive.errors import (
    BucketMissing,
    KeyMissing,
    KeyTaken,
    ObjectDamaged,
    StoreUnavailable,
    StoreUnsupported,
)
from archive.store.base import Capabilities, CapabilityMemory, StoredObject, check_key
from archive.store.refusals import key_taken
from archive.store.s3_client import open_bucket
from archive.store.s3_metadata import noted_sha256
from archive.store.s3_options import S3Options
from archive.store.s3_probe import Probe
from archive.store.s3_protecting import Protector
from archive.store.s3_reading import S3Reader
from archive.store.s3_upload import Upload
from archive.store.s3_uploading import Uploader

if TYPE_CHECKING:
    from pathlib import Path


class S3Store(S3Reader):
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
        """With a `memory` the first write looks up what the server can do, or tries it anew."""
        self._options = options or S3Options()
        super().__init__(open_bucket(bucket, prefix, self._options), self._options.page_size)
        self.protector = Protector(bucket=self._bucket, wanted=self._options.protection)
        self._memory = memory
        self._capabilities: Capabilities | None = None
        self._probing = threading.Lock()
        self._takes_conditions = True
        self._writing: set[str] = set()
        self._written = threading.Condition()

    def put_new(self, key: str, source: bytes | Path) -> StoredObject:
        """See Store."""
        uploader = self._uploader(key, source, replaces=False)
        trusted = self._is_create_only()
        with (
            self._alone(key)
            if uploader.upload.in_parts or not trusted
            else contextlib.nullcontext()
        ):
            ours = False
            if trusted or self._bucket.find(key) is None:
                ours = self._send(uploader)
            return self._finish(uploader, ours=ours)

    def put_right(self, key: str, source: bytes | Path) -> StoredObject:
        """See Store. Where versions are kept the damaged one stays as an earlier version."""
        uploader = self._uploader(key, source, replaces=True)
        with self._alone(key):
            return self._finish(uploader, ours=self._send(uploader))

    def probe(self) -> Capabilities:
        """See Store."""
        self._capabilities = seen = Probe(bucket=self._bucket).run()
        if self._memory:
            self._memory.remember(self._endpoint, self._bucket.name, seen)
        return seen

    def close(self) -> None:
        """See Store."""
        self._bucket.client.close()

    @property
    def _endpoint(self) -> str:
        return self._bucket.client.meta.endpoint_url

    def _is_create_only(self) -> bool:
        """Whether the server was seen to refuse an existing key, by this process or before."""
        with self._probing:
            if self._capabilities is None and self._memory:
                self._capabilities = self._memory.recall(self._endpoint, self._bucket.name)
                if self._capabilities is None:
                    self.probe()
            return self._capabilities is not None and self._capabilities.create_only

    def _uploader(self, key: str, source: bytes | Path, *, replaces: bool) -> Uploader:
        return Uploader(
            bucket=self._bucket,
            key=check_key(key),
            upload=Upload.of(source, self._options),
            protection=self._options.protection,
            replaces=replaces,
        )

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

    def _send(self, uploader: Uploader) -> bool:
        """Whether it was this call that wrote the object; no: it seems to exist."""
        try:
            if self._takes_conditions and not uploader.replaces:
                try:
                    uploader.send(create_only=True)
                    return True
                except StoreUnsupported:
                    self._takes_conditions = False
            uploader.send(create_only=False)
            return True
        except KeyTaken:
            return False
        except KeyMissing as error:
            raise BucketMissing(
                f"{self.uri}: the server knows no such place; create the bucket, or correct "
                "`collection` (or `mirror`) and endpoint",
                uploader.key,
            ) from error

    def _finish(self, uploader: Uploader, *, ours: bool) -> StoredObject:
        """Raise KeyTaken or ObjectDamaged unless the store holds these bytes, protected."""
        key, upload = uploader.key, uploader.upload
        found = self._bucket.find(key)
        if found is None:
            raise StoreUnavailable(
                f"{self.uri} said that it has {key}, and then that it has not; try again", key
            )
        noted = noted_sha256(found["Metadata"])
        if noted not in (upload.sha256, None):
            raise key_taken(self.uri, key)
        etag = found["ETag"].strip('"')
        if not (noted and found["ContentLength"] == upload.size and etag == upload.etag):
            self._read_back(uploader, ours=ours)
        self.protector.ensure(key, found)
        if upload.in_parts:
            uploader.remove_parts()
        return StoredObject(key=key, size=upload.size, sha256=upload.sha256)

    def _read_back(self, uploader: Uploader, *, ours: bool) -> None:
        # The ETag is no MD5 where the server encrypts, and differs with the size of the parts.
        key, digest = uploader.key, hashlib.sha256()
        for piece in self.stream(key):
            digest.update(piece)
        if digest.hexdigest() != uploader.upload.sha256:
            if ours:
                raise ObjectDamaged(
                    f"{self.uri} holds other bytes of {key} than were sent; check that server, "
                    "remove them and try again",
                    key,
                )
            raise key_taken(self.uri, key)
