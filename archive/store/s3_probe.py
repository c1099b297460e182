"""What an S3 server really does, found by trying: what they say of themselves is not reliable."""

from __future__ import annotations

import hashlib
import logging
import secrets
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from archive.errors import StoreUnsupported
from archive.store.base import Capabilities
from archive.store.s3_errors import status, translated
from archive.store.s3_metadata import noted_sha256, with_sha256
from archive.store.s3_upload import base64_md5

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import HeadObjectOutputTypeDef, PutObjectOutputTypeDef

_RACERS = 8
# Nobody wins where the winner's answer was lost and its retry was refused; then run again.
_RACES = 3
CONTENT = b"0123456789abcdef"
"""Of every scratch object."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """Tries on scratch keys under "probe/" that are removed afterwards. Raises StoreError."""

    client: S3Client
    bucket: str
    root: str  #: "prefix/" of the collection in the bucket, or ""
    place: str  #: s3://bucket/prefix, for messages

    def run(self) -> Capabilities:
        """All that is tried."""
        return Capabilities(
            create_only=self._create_only(),
            ranged_reads=self._ranged_reads(),
            notes_digests=self._notes_digests(),
            checks_arrivals=self._checks_arrivals(),
        )

    def _scratch(self) -> Scratch:
        return Scratch(self.client, self.bucket, self.root, self.place)

    def _create_only(self) -> bool:
        for _ in range(_RACES):
            winners = self._race()
            if winners:
                return winners == 1
        return False

    def _race(self) -> int:
        """How many of eight conditional writes of one key at once succeed.

        One after the other is not enough: some servers refuse that, and let several racers win.
        """
        gate = threading.Barrier(_RACERS)
        scratch = self._scratch()

        def run(number: int) -> bool:
            gate.wait()
            with translated(self.place, scratch.key):
                try:
                    self.client.put_object(
                        Bucket=self.bucket,
                        Key=scratch.path,
                        Body=f"{number:016}".encode(),
                        IfNoneMatch="*",
                    )
                except ClientError as error:
                    if status(error) in (409, 412):
                        scratch.written = True  # by whom or when ever
                        return False
                    raise
            scratch.written = True
            return True

        with scratch, ThreadPoolExecutor(_RACERS, thread_name_prefix="store-probe") as pool:
            try:
                return sum(pool.map(run, range(_RACERS)))
            except StoreUnsupported:
                return _RACERS

    def _ranged_reads(self) -> bool:
        with self._scratch() as scratch, translated(self.place, scratch.key):
            scratch.put()
            answer = self.client.get_object(Bucket=self.bucket, Key=scratch.path, Range="bytes=4-7")
            part = answer["Body"].read()
        # The status does not tell: some send the range, and 200.
        return part == CONTENT[4:8]

    def _notes_digests(self) -> bool:
        with self._scratch() as scratch, translated(self.place, scratch.key):
            scratch.put()
            found = scratch.head()
        return noted_sha256(found["Metadata"]) == hashlib.sha256(CONTENT).hexdigest()

    def _checks_arrivals(self) -> bool:
        other = hashlib.md5(CONTENT[::-1], usedforsecurity=False).digest()
        with self._scratch() as scratch, translated(self.place, scratch.key):
            try:
                scratch.put(ContentMD5=base64_md5(other))
            except ClientError as error:
                if status(error) == 400:
                    return True
                raise
        return False


class Scratch:
    """Context manager of one object that is removed at the end, if that is permitted.

    Its methods raise what boto3 raises.
    """

    def __init__(self, client: S3Client, bucket: str, root: str, place: str) -> None:
        """The arguments are those of Probe."""
        self._client = client
        self._bucket = bucket
        self._place = place
        self.key = f"probe/{secrets.token_hex(8)}"
        self.path = root + self.key
        self.written = False  #: whether it is known to be there

    def put(self, **settings: Any) -> PutObjectOutputTypeDef:
        """Write it, whole, with more arguments of put_object."""
        answer = self._client.put_object(
            Bucket=self._bucket,
            Key=self.path,
            Body=CONTENT,
            Metadata=with_sha256(hashlib.sha256(CONTENT).hexdigest()),
            **settings,
        )
        self.written = True
        return answer

    def head(self) -> HeadObjectOutputTypeDef:
        """What the server tells of it."""
        return self._client.head_object(Bucket=self._bucket, Key=self.path)

    def __enter__(self) -> Scratch:
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self._client.delete_object(Bucket=self._bucket, Key=self.path)
        except (BotoCoreError, ClientError) as error:
            # An archive whose key may not delete is well kept; the scratch object harms nobody.
            # Where none was written, what failed is the write, which tells of it.
            logger.log(
                logging.WARNING if self.written else logging.DEBUG,
                "%s stays in %s, because it cannot be deleted: %s",
                self.key,
                self._place,
                error,
            )
