"""A body that trickles in is given up before the time for the whole exchange is over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scrapy.settings import BaseSettings


@dataclass(frozen=True, slots=True)
class RateFloor:
    """How slowly a body may come. Looked at when bytes arrive; silence is DOWNLOAD_TIMEOUT's."""

    rate: float  #: bytes a second; 0: any
    window: float  #: seconds over which it is measured

    @classmethod
    def of(cls, settings: BaseSettings) -> RateFloor:
        """PRESSMARK_MINIMUM_RATE and PRESSMARK_RATE_WINDOW."""
        return cls(
            settings.getfloat("PRESSMARK_MINIMUM_RATE"), settings.getfloat("PRESSMARK_RATE_WINDOW")
        )

    def is_too_slow(self, received: int, seconds: float) -> bool:
        """Whether so many bytes in so many seconds, a window or more, are too few."""
        return received < self.rate * seconds
