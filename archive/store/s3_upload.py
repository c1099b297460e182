"""Writing one object to S3: in one PUT, or in parts."""

from __future__ import annotations

import base64
import hashlib
import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from archive.errors import (
    AccessDenied,
    KeyTaken,
    StoreError,
    StoreUnavailable,
    StoreUnsupported,
)
from archive.store.content import pieces, reading
from archive.store.s3_errors import code, status, translated
from archive.store.s3_metadata import with_sha256
from archive.store.s3_options import S3Options

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef

_PART_THREADS = 4
_MOST_PARTS = 10_000  # S3 accepts no more

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """One object on its way: what is sent, and the ETag that tells whether it arrived."""

    source: bytes | Path
    size: int  #: bytes
    sha256: str  #: 64 hex digits
    in_parts: bool  #: whether it goes as a multipart upload
    part_size: int  #: bytes of every part but the last one
    md5s: tuple[bytes, ...]  #: 16 bytes for each part, or for the one piece

    @classmethod
    def of(cls, source: bytes | Path, options: S3Options) -> Upload:
        """Reads the source once. Raises StoreError when it cannot be read."""
        with reading(source) as file:
            size = file.seek(0, 2)
            file.seek(0)
            in_parts = size > options.multipart_threshold
            part_size = max(options.multipart_chunk, -(-size // _MOST_PARTS)) if in_parts else size
            sha256, md5s = hashlib.sha256(), []
            for _ in range(0, max(size, 1), max(part_size, 1)):
                md5 = hashlib.md5(usedforsecurity=False)
                for piece in pieces(file, part_size):
                    sha256.update(piece)
                    md5.update(piece)
                md5s.append(md5.digest())
        return cls(
            source=source,
            size=size,
            sha256=sha256.hexdigest(),
            in_parts=in_parts,
            part_size=part_size,
            md5s=tuple(md5s),
        )

    def has_part(self, number: int, size: int, etag: str) -> bool:
        """Whether a part that a server has is one of this object's."""
        last = len(self.md5s)
        if not 1 <= number <= last:
            return False
        expected = self.size - (last - 1) * self.part_size if number == last else self.part_size
        return size == expected and etag.strip('"') == self.md5s[number - 1].hex()

    @property
    def etag(self) -> str:
        """What most servers give as ETag: the MD5, or that of the parts' MD5s and their number."""
        if not self.in_parts:
            return self.md5s[0].hex()
        joined = hashlib.md5(b"".join(self.md5s), usedforsecurity=False).hexdigest()
        return f"{joined}-{len(self.md5s)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Uploader:
    """Sends uploads to one key of one bucket."""

    client: S3Client
    bucket: str
    path: str  #: key in the bucket, prefix included
    place: str  #: s3://bucket/prefix, for messages
    key: str  #: key in the collection, for messages
    #: of every object: what put_object and create_multipart_upload are asked for besides
    settings: dict[str, Any] = field(default_factory=dict)
    replaces: bool = False  #: whether an object that exists is written over

    def send(self, upload: Upload, *, create_only: bool) -> None:
        """Write the object; `create_only` asks the server to refuse when the key exists.

        Raises StoreError; KeyTaken also when the object is there because an earlier attempt of
        this very call succeeded and its answer was lost.
        """
        # mypy: the stubs type each argument, and an absent one differs from None.
        condition: dict[str, Any] = {"IfNoneMatch": "*"} if create_only else {}
        if upload.in_parts:
            self._send_in_parts(upload, condition)
        else:
            self._send_whole(upload, condition)

    def remove_parts(self) -> None:
        """Remove what unfinished attempts have left of an object that is there: it costs money.

        Such are those whose number was in an answer that got lost. Raises StoreUnavailable.
        """
        try:
            for upload_id in self._open_uploads():
                self._remove(upload_id)
        except (AccessDenied, StoreUnsupported) as error:
            logger.info("parts of %s that may be left are not looked for: %s", self.key, error)

    def _send_whole(self, upload: Upload, condition: dict[str, Any]) -> None:
        with reading(upload.source) as body, translated(self.place, self.key):
            self.client.put_object(
                Bucket=self.bucket,
                Key=self.path,
                Body=body,
                ContentMD5=base64_md5(upload.md5s[0]),
                Metadata=with_sha256(upload.sha256),
                **condition,
                **self.settings,
            )

    def _send_in_parts(self, upload: Upload, condition: dict[str, Any]) -> None:
        upload_id, sent = self._started(upload) or (self._start(upload), {})
        try:
            parts = self._send_parts(upload, upload_id, sent)
            self._complete(upload_id, parts, condition)
        except StoreUnavailable:
            raise  # what has arrived waits for the next attempt, of this process or a later one
        except BaseException:
            self._abort(upload_id)
            raise

    def _start(self, upload: Upload) -> str:
        with translated(self.place, self.key):
            return self.client.create_multipart_upload(
                Bucket=self.bucket,
                Key=self.path,
                Metadata=with_sha256(upload.sha256),
                **self.settings,
            )["UploadId"]

    def _started(self, upload: Upload) -> tuple[str, dict[int, str]] | None:
        """An upload of this object that an earlier attempt left, and its parts by number.

        One with other parts is removed: whoever sent them has given up, for a file has one sender.
        """
        try:
            found = None
            for upload_id in self._open_uploads():
                parts = self._parts(upload_id)
                if found is None and all(upload.has_part(*part) for part in parts):
                    found = upload_id, {number: etag for number, _, etag in parts}
                else:
                    self._abort(upload_id)
        except (AccessDenied, StoreUnsupported) as error:
            # Not every key may list uploads; the object can be written all the same.
            logger.info("earlier parts of %s are not looked for: %s", self.key, error)
            return None
        return found

    def _open_uploads(self) -> list[str]:
        pages = self.client.get_paginator("list_multipart_uploads").paginate(
            Bucket=self.bucket, Prefix=self.path
        )
        with translated(self.place):
            try:
                return [
                    upload["UploadId"]
                    for page in pages
                    for upload in page.get("Uploads", ())
                    if upload["Key"] == self.path
                ]
            except ClientError as error:
                # Instead of an empty list, on some servers.
                if code(error) == "NoSuchUpload":
                    return []
                raise

    def _parts(self, upload_id: str) -> list[tuple[int, int, str]]:
        """Number, bytes and ETag of each part that has arrived; none of an upload that is gone."""
        pages = self.client.get_paginator("list_parts").paginate(
            Bucket=self.bucket, Key=self.path, UploadId=upload_id
        )
        with translated(self.place, self.key):
            return [
                (part["PartNumber"], part["Size"], part["ETag"])
                for page in pages
                for part in page.get("Parts", ())
            ]

    def _send_parts(
        self, upload: Upload, upload_id: str, sent: dict[int, str]
    ) -> list[CompletedPartTypeDef]:
        with ThreadPoolExecutor(_PART_THREADS, thread_name_prefix="store-upload") as pool:
            futures = {
                number: pool.submit(self._send_part, upload, upload_id, number)
                for number in range(1, len(upload.md5s) + 1)
                if number not in sent
            }
            try:
                etags = sent | {number: future.result() for number, future in futures.items()}
            except BaseException:
                pool.shutdown(wait=True, cancel_futures=True)
                raise
        return [{"PartNumber": number, "ETag": etags[number]} for number in sorted(etags)]

    def _send_part(self, upload: Upload, upload_id: str, number: int) -> str:
        with reading(upload.source) as file:
            file.seek((number - 1) * upload.part_size)
            body = file.read(upload.part_size)
        with translated(self.place, self.key):
            return self.client.upload_part(
                Bucket=self.bucket,
                Key=self.path,
                UploadId=upload_id,
                PartNumber=number,
                Body=body,
                ContentMD5=base64_md5(upload.md5s[number - 1]),
            )["ETag"]

    def _complete(
        self, upload_id: str, parts: list[CompletedPartTypeDef], condition: dict[str, Any]
    ) -> None:
        # Some servers ignore the condition here and would overwrite.
        if not self.replaces and self._exists():
            raise KeyTaken(f"{self.place} has {self.key} already", self.key)
        with translated(self.place, self.key):
            try:
                self.client.complete_multipart_upload(
                    Bucket=self.bucket,
                    Key=self.path,
                    UploadId=upload_id,
                    MultipartUpload={"Parts": parts},
                    **condition,
                )
            except ClientError as error:
                if code(error) != "NoSuchUpload":
                    raise
                # An earlier attempt of this call completed it.
                raise KeyTaken(f"{self.place} has {self.key} already", self.key) from error

    def _exists(self) -> bool:
        with translated(self.place, self.key):
            try:
                self.client.head_object(Bucket=self.bucket, Key=self.path)
            except ClientError as error:
                if status(error) != 404:
                    raise
                return False
        return True

    def _abort(self, upload_id: str) -> None:
        try:
            self._remove(upload_id)
        except StoreError as error:
            # What made the upload fail is being raised and matters more.
            logger.warning(
                "parts of %s are left in %s (upload %s): %s",
                self.key, self.place, upload_id, error,
            )  # fmt: skip

    def _remove(self, upload_id: str) -> None:
        with translated(self.place, self.key):
            try:
                self.client.abort_multipart_upload(
                    Bucket=self.bucket, Key=self.path, UploadId=upload_id
                )
            except ClientError as error:
                if code(error) != "NoSuchUpload":
                    raise


def base64_md5(md5: bytes) -> str:
    """16 bytes as Content-MD5 has them (RFC 1864)."""
    return base64.b64encode(md5).decode()
