"""What every object is protected by, where that was asked for: retention, encryption."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """Object Lock: until then nobody deletes or replaces a version."""

    mode: Literal["GOVERNANCE", "COMPLIANCE"]  #: compliance: not even the owner of the account
    days: int

    def settings(self, moment: datetime) -> dict[str, Any]:
        """What put_object and create_multipart_upload are asked for."""
        return {
            "ObjectLockMode": self.mode,
            "ObjectLockRetainUntilDate": moment + timedelta(days=self.days),
        }

    def holds(self, told: Mapping[str, Any], moment: datetime) -> bool:
        """Whether what HEAD told of an object is as strong, or stronger, to the day.

        Without versions there is nothing that a lock could hold: some servers just repeat what
        they were asked for.
        """
        if not told.get("VersionId") or told.get("ObjectLockMode") not in (self.mode, "COMPLIANCE"):
            return False
        until: datetime = told["ObjectLockRetainUntilDate"]
        return until >= moment + timedelta(days=self.days) - _DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class Encryption:
    """Encryption by the server, with keys that it keeps."""

    algorithm: Literal["AES256", "aws:kms"]
    key_id: str | None = None  #: of the key service; None: its default key

    def settings(self) -> dict[str, Any]:
        """What put_object and create_multipart_upload are asked for."""
        asked: dict[str, Any] = {"ServerSideEncryption": self.algorithm}
        return asked | ({"SSEKMSKeyId": self.key_id} if self.key_id else {})

    def holds(self, told: Mapping[str, Any]) -> bool:
        """Whether HEAD tells of an object that it is encrypted so."""
        # Services tell a key by its full name, where it was asked for by the last part of it.
        key = str(told.get("SSEKMSKeyId", ""))
        return told.get("ServerSideEncryption") == self.algorithm and (
            self.key_id is None or key == self.key_id or key.endswith(f"/{self.key_id}")
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Protection:
    """Both; None is not asked for."""

    retention: Retention | None = None
    encryption: Encryption | None = None

    def settings(self) -> dict[str, Any]:
        """Of one object that is written now."""
        asked: dict[str, Any] = {}
        if self.retention:
            asked |= self.retention.settings(datetime.now(UTC))
        if self.encryption:
            asked |= self.encryption.settings()
        return asked
