"""Writing one object to S3: in one PUT, or in parts."""

from __future__ import annotations

import base64
import hashlib
import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from archive.errors import KeyTaken
from archive.store.content import pieces, reading
from archive.store.s3_errors import code, status, translated
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

    def _send_whole(self, upload: Upload, condition: dict[str, Any]) -> None:
        with reading(upload.source) as body, translated(self.place, self.key):
            self.client.put_object(
                Bucket=self.bucket,
                Key=self.path,
                Body=body,
                ContentMD5=_base64(upload.md5s[0]),
                Metadata={"sha256": upload.sha256},
                **condition,
            )

    def _send_in_parts(self, upload: Upload, condition: dict[str, Any]) -> None:
        with translated(self.place, self.key):
            started = self.client.create_multipart_upload(
                Bucket=self.bucket, Key=self.path, Metadata={"sha256": upload.sha256}
            )
        upload_id = started["UploadId"]
        try:
            parts = self._send_parts(upload, upload_id)
            self._complete(upload_id, parts, condition)
        except BaseException:
            self._abort(upload_id)
            raise

    def _send_parts(self, upload: Upload, upload_id: str) -> list[CompletedPartTypeDef]:
        with ThreadPoolExecutor(_PART_THREADS, thread_name_prefix="store-upload") as pool:
            numbers = range(1, len(upload.md5s) + 1)
            futures = [pool.submit(self._send_part, upload, upload_id, n) for n in numbers]
            try:
                return [future.result() for future in futures]
            except BaseException:
                pool.shutdown(wait=True, cancel_futures=True)
                raise

    def _send_part(self, upload: Upload, upload_id: str, number: int) -> CompletedPartTypeDef:
        with reading(upload.source) as file:
            file.seek((number - 1) * upload.part_size)
            body = file.read(upload.part_size)
        with translated(self.place, self.key):
            answer = self.client.upload_part(
                Bucket=self.bucket,
                Key=self.path,
                UploadId=upload_id,
                PartNumber=number,
                Body=body,
                ContentMD5=_base64(upload.md5s[number - 1]),
            )
        return {"PartNumber": number, "ETag": answer["ETag"]}

    def _complete(
        self, upload_id: str, parts: list[CompletedPartTypeDef], condition: dict[str, Any]
    ) -> None:
        # Some servers ignore the condition here and would overwrite.
        if self._exists():
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
            self.client.abort_multipart_upload(
                Bucket=self.bucket, Key=self.path, UploadId=upload_id
            )
        except (BotoCoreError, ClientError) as error:
            # What made the upload fail is being raised and matters more.
            if not (isinstance(error, ClientError) and code(error) == "NoSuchUpload"):
                logger.warning(
                    "parts of %s are left in %s (upload %s): %s",
                    self.key, self.place, upload_id, error,
                )  # fmt: skip


def _base64(md5: bytes) -> str:
    return base64.b64encode(md5).decode()
