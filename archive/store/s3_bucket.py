"""The part of a bucket that is a collection's: what all that speaks S3 here works on."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict

from botocore.exceptions import ClientError

from archive.store.s3_errors import status, translated

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import HeadObjectOutputTypeDef


class Address(TypedDict):
    """The arguments by which boto3 is told of one object."""

    Bucket: str
    Key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """Shared by threads, as the client is. Keys are those of the collection, without its prefix."""

    client: S3Client
    name: str
    root: str  #: "prefix/" of the collection in the bucket, or ""
    uri: str  #: s3://name/prefix

    def at(self, key: str) -> Address:
        """The object of that key."""
        return {"Bucket": self.name, "Key": self.root + key}

    def translated(self, key: str = "") -> AbstractContextManager[None]:
        """Raise StoreError for what boto3 raises in the body; `key` is what it is about."""
        return translated(self.uri, key)

    def find(self, key: str) -> HeadObjectOutputTypeDef | None:
        """HEAD's answer; None where there is no such object, or no such bucket."""
        with self.translated(key):
            try:
                return self.client.head_object(**self.at(key))
            except ClientError as error:
                if status(error) == 404:
                    return None
                raise
