"""Ranges of objects by addresses that were signed before.

boto3 signs each request anew, and takes three times as long for it as for all else of a small
range.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, cast

from botocore.awsrequest import AWSRequest
from botocore.exceptions import BotoCoreError
from botocore.response import StreamingBody

from archive.store.s3_bucket import Bucket

if TYPE_CHECKING:
    from botocore.httpsession import URLLib3Session
    from mypy_boto3_s3.type_defs import GetObjectOutputTypeDef

_VALID = 3600  # seconds
_USED = 1800.0
"""Seconds that an address is used: what takes long to arrive must find it valid."""

_REMEMBERED = 10_000


class SignedRanges:
    """Thread-safe. What goes wrong is told by nobody here: it is asked for in the usual way then,
    with its attempts and its errors."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket
        # The client's own: the same connections, certificates, proxies and time limits.
        self._session: URLLib3Session = bucket.client._endpoint.http_session  # type: ignore[attr-defined]  # private
        self._signed: dict[str, tuple[str, float]] = {}

    def open(self, key: str, wanted: str) -> GetObjectOutputTypeDef | None:
        """What a server answers to a Range header of that value, as far as reading needs it; None:
        ask in the usual way."""
        try:
            headers = {"Range": wanted}
            request = AWSRequest("GET", self._address(key), headers=headers, stream_output=True)
            answer = self._session.send(request.prepare())
        except BotoCoreError:
            return None
        size = answer.headers.get("Content-Length", "")
        if answer.status_code not in (200, 206) or not size.isdigit():
            answer.raw.close()
            self._signed.pop(key, None)
            return None
        found: Any = {
            "Body": StreamingBody(answer.raw, int(size)),
            "ContentLength": int(size),
            "ContentRange": answer.headers.get("Content-Range", ""),
            "ResponseMetadata": {"HTTPStatusCode": answer.status_code},
            "Metadata": {},
        }
        return cast("GetObjectOutputTypeDef", found)

    def _address(self, key: str) -> str:
        now = time.monotonic()
        address, until = self._signed.get(key, ("", now))
        if until <= now:
            address = self._bucket.client.generate_presigned_url(
                "get_object", Params={**self._bucket.at(key)}, ExpiresIn=_VALID
            )
            if len(self._signed) >= _REMEMBERED:
                self._signed.clear()
            self._signed[key] = address, now + _USED
        return address
