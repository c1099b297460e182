"""A promise and what was measured of it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ratio:
    """One promise and what was measured of it."""

    name: str
    value: float
    floor: float  #: at least; with `most`, at most
    most: bool = False
    detail: str = ""

    @property
    def kept(self) -> bool:
        """Whether the promise holds."""
        return self.value <= self.floor if self.most else self.value >= self.floor

    def line(self) -> str:
        """For people."""
        sign = "<=" if self.most else ">="
        verdict = "ok    " if self.kept else "MISSED"
        return f"{verdict} {self.name:44} {self.value:5.2f} {sign} {self.floor:.2f}   {self.detail}"
