"""Whether what was asked to protect an object really does: some servers take it and do nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from archive.errors import (
    AccessDenied,
    BucketMissing,
    ObjectDamaged,
    StoreUnavailable,
    StoreUnsupported,
)
from archive.store.s3_bucket import Bucket
from archive.store.s3_errors import code, status, store_error
from archive.store.s3_protection import Protection
from archive.store.s3_scratch import CONTENT, scratch_object
from archive.store.s3_upload import base64_md5

# Longer than the clocks of two machines are apart.
_SCRATCH_RETENTION = timedelta(minutes=5)
_DENIED = (400, 403)
_NO_RETENTION = ("NoSuchObjectLockConfiguration", "ObjectLockConfigurationNotFoundError")
# Of the credentials or of the moment, not of what was asked for.
_NO_REFUSALS = (AccessDenied, BucketMissing, ObjectDamaged, StoreUnavailable)


@dataclass(frozen=True, slots=True, kw_only=True)
class Protector:
    """Looks after the protection of objects in one bucket. Raises StoreError."""

    bucket: Bucket
    wanted: Protection

    def ensure(self, key: str, told: Mapping[str, Any]) -> None:
        """Raise StoreUnsupported unless the object has what is wanted. `told` is HEAD's answer.

        An object that was there without retention is given it.
        """
        encryption, retention = self.wanted.encryption, self.wanted.retention
        if encryption and not encryption.holds(told):
            raise StoreUnsupported(
                f"{self.bucket.uri} keeps {key} without the encryption {encryption.algorithm} that "
                "s3.encryption asks for; see `pressmark doctor`, or take that setting out",
                key,
            )
        if retention and not retention.holds(told, datetime.now(UTC)):
            if told.get("VersionId") and self._knows_retention(key):
                told = self._retained(key)
            if not retention.holds(told, datetime.now(UTC)):
                raise self._not_retained(key)

    def _knows_retention(self, key: str) -> bool:
        """Whether the server tells that the object has none.

        One that does not know `?retention` answers with the object, and would take a retention
        that it is sent for the object's new content.
        """
        try:
            self.bucket.client.get_object_retention(**self.bucket.at(key))
        except ClientError as error:
            return code(error) in _NO_RETENTION
        except BotoCoreError:
            return False
        return False

    def _retained(self, key: str) -> Mapping[str, Any]:
        """HEAD's answer after the object was given its retention.

        For what was sent in parts: some servers forget the retention of those.
        """
        asked = self.wanted.settings()
        with self.bucket.translated(key):
            self.bucket.client.put_object_retention(
                **self.bucket.at(key),
                Retention={
                    "Mode": asked["ObjectLockMode"],
                    "RetainUntilDate": asked["ObjectLockRetainUntilDate"],
                },
            )
            return self.bucket.client.head_object(**self.bucket.at(key))

    def _not_retained(self, key: str) -> StoreUnsupported:
        return StoreUnsupported(
            f"{self.bucket.uri} does not keep {key} under the retention that s3.object_lock asks "
            "for; the bucket needs Object Lock from its creation on, and the access key the "
            "permissions GetObjectRetention and PutObjectRetention; see `pressmark doctor`, or "
            "take that setting out",
            key,
        )

    def encrypts(self) -> bool:
        """Whether a scratch object is told to be encrypted as wanted.

        And whether an algorithm that nobody has is refused: some servers repeat what they were
        asked for, and do nothing.
        """
        encryption = self.wanted.encryption
        if encryption is None:
            return False
        nonsense = {"ServerSideEncryption": "pressmark-none"}
        return encryption.holds(self._told(encryption.settings())) and not self._takes(nonsense)

    def _told(self, settings: Mapping[str, Any]) -> Mapping[str, Any]:
        """HEAD's answer on a scratch object that was written with these settings."""
        with scratch_object(self.bucket) as scratch:
            scratch.put(**settings)
            return scratch.head()

    def _takes(self, settings: Mapping[str, Any]) -> bool:
        """Whether an object with these settings is written, by a key that has just written one."""
        with scratch_object(self.bucket) as scratch:
            try:
                scratch.put(**settings)
            except ClientError as error:
                refusal = store_error(error, self.bucket.uri, scratch.key)
                # A policy of the bucket may be what refuses it; bad credentials have other codes.
                if isinstance(refusal, _NO_REFUSALS) and code(error) != "AccessDenied":
                    raise
                return False
        return True

    def retains(self) -> bool:
        """Whether a version of a scratch object cannot be deleted; it stays for some minutes."""
        retention = self.wanted.retention
        if retention is None:
            return False
        # Removed without its version at the end: what stays is hidden, so that no listing shows it.
        with scratch_object(self.bucket) as scratch:
            put = scratch.put(
                ContentMD5=base64_md5(hashlib.md5(CONTENT, usedforsecurity=False).digest()),
                ObjectLockMode=retention.mode,
                ObjectLockRetainUntilDate=datetime.now(UTC) + _SCRATCH_RETENTION,
            )
            version = put.get("VersionId", "")
            if not version or not self._told_retained(scratch.key):
                return False
            try:
                self.bucket.client.delete_object(**scratch.address, VersionId=version)
            except ClientError as error:
                if status(error) not in _DENIED:
                    raise
                return True
        return False

    def _told_retained(self, key: str) -> bool:
        try:
            answer = self.bucket.client.get_object_retention(**self.bucket.at(key))
        except ClientError as error:
            if status(error) >= 500 and status(error) != 501:
                raise
            return False
        return bool(answer["Retention"].get("Mode"))
