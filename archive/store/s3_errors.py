"""What boto3 raises, as the errors of archive.errors: by HTTP status first, by code second.

Servers agree on the status and differ in the codes; a HEAD has no code at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from botocore import exceptions as boto
from urllib3.exceptions import HTTPError

from archive.errors import (
    AccessDenied,
    BucketMissing,
    KeyInvalid,
    KeyTaken,
    ObjectDamaged,
    StoreError,
    StoreUnavailable,
    StoreUnsupported,
)
from archive.store.refusals import key_missing

_CREDENTIALS = (
    boto.NoCredentialsError,
    boto.PartialCredentialsError,
    boto.CredentialRetrievalError,
    boto.ProfileNotFound,
    boto.NoAuthTokenError,
    boto.TokenRetrievalError,
)
_MISSING_BUCKET = ("NoSuchBucket", "InvalidBucketName", "PermanentRedirect")
_BAD_CREDENTIALS = (
    "AccessDenied",
    "AuthorizationHeaderMalformed",
    "ExpiredToken",
    "InvalidAccessKeyId",
    "InvalidToken",
    "RequestExpired",
    "SignatureDoesNotMatch",
)
_BAD_BYTES = (
    "BadDigest",
    "IncompleteBody",
    "InvalidDigest",
    "InvalidPart",
    "XAmzContentChecksumMismatch",
    "XAmzContentSHA256Mismatch",
)
_NO_ROOM = ("QuotaExceeded", "InsufficientCapacity", "EntityTooLarge")
# Whatever their status; the upload that is no more was removed by somebody else.
_PASSING = ("NoSuchUpload", "RequestLimitExceeded", "RequestTimeout", "SlowDown", "Throttling")
ENDPOINT = "the endpoint (`s3.endpoint_url` or AWS_ENDPOINT_URL_S3)"
"""Where a user finds it."""

_URL = re.compile(r"(https?://[^/\"\s]+)/[^\"\s]*")
"""An endpoint, and what was asked of it."""


@contextmanager
def translated(place: str, key: str = "") -> Iterator[None]:
    """Raise StoreError for what boto3 raises in the body. `place` is s3://bucket/prefix."""
    try:
        yield
    except (boto.BotoCoreError, boto.ClientError, HTTPError) as error:
        raise store_error(error, place, key) from error


def store_error(error: Exception, place: str, key: str = "") -> StoreError:
    """The one that says what the caller should do. Its message holds no secrets."""
    what = f"{key} in {place}" if key else place
    if isinstance(error, boto.ClientError):
        return _answered(status(error), code(error), what, place, key)
    if isinstance(error, _CREDENTIALS):
        return AccessDenied(
            f"no usable credentials for {place} ({error}); "
            "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
            key,
        )
    if isinstance(error, boto.SSLError):
        return StoreUnavailable(
            f"no trusted TLS connection for {place}: {error}; "
            "set AWS_CA_BUNDLE if a certificate of your own vouches for the server",
            key,
        )
    if isinstance(error, boto.ParamValidationError):
        return BucketMissing(
            f"{place} does not name a bucket; correct `collection` or `mirror`", key
        )
    if isinstance(error, (boto.ConnectionError, boto.HTTPClientError)):
        # Whatever was asked for: it is the store that is away.
        cause = _URL.sub(r"\1", str(error))
        return StoreUnavailable(
            f"the store {place} does not answer: {cause}; "
            f"check the network and {ENDPOINT}, then try again",
            key,
        )
    if isinstance(error, HTTPError):
        return StoreUnavailable(
            f"{what}: {error}; check the network and {ENDPOINT}, then try again", key
        )
    if isinstance(error, boto.IncompleteReadError):
        return StoreUnavailable(f"{what}: the answer was cut ({error}); try again", key)
    return StoreError(f"{what}: {error}; check the settings by `pressmark doctor`", key)


def status(error: boto.ClientError) -> int:
    """HTTP status of the server's answer; 0: none was noted."""
    return error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)


def code(error: boto.ClientError) -> str:
    """The server's own name of the error; the status in digits where the answer had no body."""
    return error.response.get("Error", {}).get("Code", "")


def _answered(status: int, code: str, what: str, place: str, key: str) -> StoreError:
    said = f"the server answered {status}" + ("" if code in ("", str(status)) else f" {code}")
    if code in _NO_ROOM:
        return StoreUnavailable(f"{what}: {said}; make room, or raise the quota", key)
    if status in (401, 403) or (status == 400 and code in _BAD_CREDENTIALS):
        return AccessDenied(
            f"{what}: {said}; check the access key, the secret key, their permissions"
            + (" and the clock" if code == "RequestTimeTooSkewed" else ""),
            key,
        )
    if code in _MISSING_BUCKET or status in (301, 307) or (status == 404 and not key):
        return BucketMissing(
            f"{place}: {said}; create the bucket, or correct `collection` (or `mirror`), endpoint "
            "and region",
            key,
        )
    if status in (409, 429) or (status >= 500 and status != 501) or code in _PASSING:
        return StoreUnavailable(f"{what}: {said}; try again later", key)
    if status == 404:
        return key_missing(place, key)
    if status == 412:
        # S3Store compares the bytes before this leaves it.
        return KeyTaken(f"{place} has {key} already", key)
    if status in (405, 411, 501):
        return StoreUnsupported(f"{what}: {said}; see `pressmark doctor`", key)
    if code in _BAD_BYTES:
        return ObjectDamaged(
            f"{what}: {said}; the bytes changed on their way, send them again", key
        )
    if code == "KeyTooLongError":
        return KeyInvalid(f"{what}: {said}; shorten the prefix in `collection` or `mirror`", key)
    return StoreError(f"{what}: {said}; see `pressmark doctor`, and the log of the server", key)
