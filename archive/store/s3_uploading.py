"""Writing one object to S3: in one PUT, or in parts."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from archive.errors import (
    AccessDenied,
    KeyTaken,
    StoreError,
    StoreUnavailable,
    StoreUnsupported,
)
from archive.store.content import reading
from archive.store.s3_bucket import Bucket
from archive.store.s3_errors import code
from archive.store.s3_metadata import with_sha256
from archive.store.s3_protection import Protection
from archive.store.s3_upload import Upload, base64_md5

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef

_PART_THREADS = 4

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Uploader:
    """Sends one upload to one key."""

    bucket: Bucket
    key: str
    upload: Upload
    protection: Protection
    replaces: bool  #: whether an object that exists is written over

    def send(self, *, create_only: bool) -> None:
        """Write the object; `create_only` asks the server to refuse when the key exists.

        Raises StoreError; KeyTaken also when the object is there because an earlier attempt of
        this very call succeeded and its answer was lost.
        """
        # mypy: the stubs type each argument, and an absent one differs from None.
        condition: dict[str, Any] = {"IfNoneMatch": "*"} if create_only else {}
        if self.upload.in_parts:
            self._send_in_parts(condition)
        else:
            self._send_whole(condition)

    def remove_parts(self) -> None:
        """Remove what unfinished attempts have left of an object that is there: it costs money.

        Such are those whose number was in an answer that got lost. Raises StoreUnavailable.
        """
        try:
            for upload_id in self._open_uploads():
                self._remove(upload_id)
        except (AccessDenied, StoreUnsupported) as error:
            logger.info("parts of %s that may be left are not looked for: %s", self.key, error)

    def _send_whole(self, condition: dict[str, Any]) -> None:
        with reading(self.upload.source) as body, self.bucket.translated(self.key):
            self.bucket.client.put_object(
                **self.bucket.at(self.key),
                Body=body,
                ContentMD5=base64_md5(self.upload.md5s[0]),
                Metadata=with_sha256(self.upload.sha256),
                **condition,
                **self.protection.settings(),
            )

    def _send_in_parts(self, condition: dict[str, Any]) -> None:
        upload_id, sent = self._started() or (self._start(), {})
        try:
            parts = self._send_parts(upload_id, sent)
            self._complete(upload_id, parts, condition)
        except StoreUnavailable:
            raise  # what has arrived waits for the next attempt, of this process or a later one
        except BaseException:
            self._abort(upload_id)
            raise

    def _start(self) -> str:
        with self.bucket.translated(self.key):
            return self.bucket.client.create_multipart_upload(
                **self.bucket.at(self.key),
                Metadata=with_sha256(self.upload.sha256),
                **self.protection.settings(),
            )["UploadId"]

    def _started(self) -> tuple[str, dict[int, str]] | None:
        """An upload of this object that an earlier attempt left, and its parts by number.

        One with other parts is removed: whoever sent them has given up, for a file has one sender.
        """
        try:
            found = None
            for upload_id in self._open_uploads():
                parts = self._parts(upload_id)
                if found is None and all(self.upload.has_part(*part) for part in parts):
                    found = upload_id, {number: etag for number, _, etag in parts}
                else:
                    self._abort(upload_id)
        except (AccessDenied, StoreUnsupported) as error:
            # Not every key may list uploads; the object can be written all the same.
            logger.info("earlier parts of %s are not looked for: %s", self.key, error)
            return None
        return found

    def _open_uploads(self) -> list[str]:
        path = self.bucket.root + self.key
        pages = self.bucket.client.get_paginator("list_multipart_uploads").paginate(
            Bucket=self.bucket.name, Prefix=path
        )
        with self.bucket.translated():
            try:
                return [
                    upload["UploadId"]
                    for page in pages
                    for upload in page.get("Uploads", ())
                    if upload["Key"] == path
                ]
            except ClientError as error:
                # Instead of an empty list, on some servers.
                if code(error) == "NoSuchUpload":
                    return []
                raise

    def _parts(self, upload_id: str) -> list[tuple[int, int, str]]:
        """Number, bytes and ETag of each part that has arrived; none of an upload that is gone."""
        pages = self.bucket.client.get_paginator("list_parts").paginate(
            **self.bucket.at(self.key), UploadId=upload_id
        )
        with self.bucket.translated(self.key):
            return [
                (part["PartNumber"], part["Size"], part["ETag"])
                for page in pages
                for part in page.get("Parts", ())
            ]

    def _send_parts(self, upload_id: str, sent: dict[int, str]) -> list[CompletedPartTypeDef]:
        with ThreadPoolExecutor(_PART_THREADS, thread_name_prefix="store-upload") as pool:
            futures = {
                number: pool.submit(self._send_part, upload_id, number)
                for number in range(1, len(self.upload.md5s) + 1)
                if number not in sent
            }
            try:
                etags = sent | {number: future.result() for number, future in futures.items()}
            except BaseException:
                pool.shutdown(wait=True, cancel_futures=True)
                raise
        return [{"PartNumber": number, "ETag": etags[number]} for number in sorted(etags)]

    def _send_part(self, upload_id: str, number: int) -> str:
        size = self.upload.part_size
        with reading(self.upload.source) as file:
            file.seek((number - 1) * size)
            body = file.read(size)
        with self.bucket.translated(self.key):
            return self.bucket.client.upload_part(
                **self.bucket.at(self.key),
                UploadId=upload_id,
                PartNumber=number,
                Body=body,
                ContentMD5=base64_md5(self.upload.md5s[number - 1]),
            )["ETag"]

    def _complete(
        self, upload_id: str, parts: list[CompletedPartTypeDef], condition: dict[str, Any]
    ) -> None:
        # Some servers ignore the condition here and would overwrite.
        if not self.replaces and self.bucket.find(self.key):
            raise KeyTaken(f"{self.bucket.uri} has {self.key} already", self.key)
        with self.bucket.translated(self.key):
            try:
                self.bucket.client.complete_multipart_upload(
                    **self.bucket.at(self.key),
                    UploadId=upload_id,
                    MultipartUpload={"Parts": parts},
                    **condition,
                )
            except ClientError as error:
                if code(error) != "NoSuchUpload":
                    raise
                # An earlier attempt of this call completed it.
                raise KeyTaken(f"{self.bucket.uri} has {self.key} already", self.key) from error

    def _abort(self, upload_id: str) -> None:
        try:
            self._remove(upload_id)
        except StoreError as error:
            # What made the upload fail is being raised and matters more.
            logger.warning(
                "parts of %s are left in %s (upload %s): %s",
                self.key, self.bucket.uri, upload_id, error,
            )  # fmt: skip

    def _remove(self, upload_id: str) -> None:
        with self.bucket.translated(self.key):
            try:
                self.bucket.client.abort_multipart_upload(
                    **self.bucket.at(self.key), UploadId=upload_id
                )
            except ClientError as error:
                if code(error) != "NoSuchUpload":
                    raise
