"""What was measured, and the promise that it keeps, if there is one."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ratio:
    """One figure, and what was promised of it."""

    name: str
    value: float
    floor: float | None  #: at least; with `most`, at most; None: a figure without a promise
    most: bool = False
    detail: str = ""

    @property
    def kept(self) -> bool:
        """Whether the promise holds, if there is one."""
        if self.floor is None:
            return True
        return self.value <= self.floor if self.most else self.value >= self.floor

    def line(self) -> str:
        """For people."""
        if self.floor is None:
            return f"figure {self.name:44} {self.value:5.2f}   {self.detail}"
        sign = "<=" if self.most else ">="
        verdict = "ok    " if self.kept else "MISSED"
        return f"{verdict} {self.name:44} {self.value:5.2f} {sign} {self.floor:.2f}   {self.detail}"
