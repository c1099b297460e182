"""What an S3 server really does, found by trying: what they say of themselves is not reliable."""

from __future__ import annotations

import hashlib
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from botocore.exceptions import ClientError

from archive.errors import StoreUnsupported
from archive.store.base import Capabilities
from archive.store.s3_bucket import Bucket
from archive.store.s3_errors import status
from archive.store.s3_metadata import noted_sha256
from archive.store.s3_scratch import CONTENT, scratch_object
from archive.store.s3_upload import base64_md5

_RACERS = 8
# Nobody wins where the winner's answer was lost and its retry was refused; then run again.
_RACES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """Tries on scratch objects that are removed afterwards. Raises StoreError."""

    bucket: Bucket

    def run(self) -> Capabilities:
        """All that is tried."""
        return Capabilities(
            create_only=self._create_only(),
            ranged_reads=self._ranged_reads(),
            notes_digests=self._notes_digests(),
            checks_arrivals=self._checks_arrivals(),
        )

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

        def run(number: int) -> bool:
            gate.wait()
            with self.bucket.translated(scratch.key):
                try:
                    self.bucket.client.put_object(
                        **scratch.address, Body=f"{number:016}".encode(), IfNoneMatch="*"
                    )
                except ClientError as error:
                    if status(error) in (409, 412):
                        scratch.written = True  # by whom or when ever
                        return False
                    raise
            scratch.written = True
            return True

        threads = ThreadPoolExecutor(_RACERS, thread_name_prefix="store-probe")
        with scratch_object(self.bucket) as scratch, threads as pool:
            try:
                return sum(pool.map(run, range(_RACERS)))
            except StoreUnsupported:
                return _RACERS

    def _ranged_reads(self) -> bool:
        with scratch_object(self.bucket) as scratch:
            scratch.put()
            answer = self.bucket.client.get_object(**scratch.address, Range="bytes=4-7")
            part = answer["Body"].read()
        # The status does not tell: some send the range, and 200.
        return part == CONTENT[4:8]

    def _notes_digests(self) -> bool:
        with scratch_object(self.bucket) as scratch:
            scratch.put()
            found = scratch.head()
        return noted_sha256(found["Metadata"]) == hashlib.sha256(CONTENT).hexdigest()

    def _checks_arrivals(self) -> bool:
        other = hashlib.md5(CONTENT[::-1], usedforsecurity=False).digest()
        with scratch_object(self.bucket) as scratch:
            try:
                scratch.put(ContentMD5=base64_md5(other))
            except ClientError as error:
                if status(error) == 400:
                    return True
                raise
        return False
