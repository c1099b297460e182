"""What is wrong with a configuration, and where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One mistake. Lines and columns count from 1; 0: the place is not in a file."""

    where: str  #: name of the file, or "environment variable NAME"; "" where there is neither
    line: int
    column: int
    what: str  #: what is wrong and what is allowed; never a secret

    def __str__(self) -> str:
        place = f"{self.where}:{self.line}:{self.column}" if self.line else self.where
        return f"{place}: {self.what}" if place else self.what


class ConfigurationError(Exception):
    """The configuration cannot be used: correct it and start again (exit status 2).

    The message has one line for each problem, in the order of the file.
    """

    def __init__(self, problems: Sequence[Problem] | str) -> None:
        if isinstance(problems, str):
            problems = [Problem("", 0, 0, problems)]
        self.problems = tuple(sorted(problems))
        super().__init__("\n".join(map(str, self.problems)))
