"""What the guard raises. Scrapy takes the first two as final: no retry, no traceback in the log."""

from __future__ import annotations

from scrapy.exceptions import IgnoreRequest

from archive.errors import AddressRefused, ArchiveError


class RequestRefused(AddressRefused, IgnoreRequest):
    """The request was not sent, because its host is at an address that the guard forbids."""


class ResponseRefused(ArchiveError, IgnoreRequest):
    """The response was cut off at one of the guard's limits; the message names which."""


class BodyTooSlow(ResponseRefused):
    """The response was cut off because its body came too slowly."""


class GuardMissing(ArchiveError):
    """The guard is not in place, so nothing may be fetched. A bug, or a conflict of settings."""
