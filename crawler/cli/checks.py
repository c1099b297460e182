"""What the examinations of `pressmark doctor` come to."""

from __future__ import annotations

from dataclasses import dataclass

from crawler.cli.exits import CHECKS_FAILED


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """What one examination found."""

    name: str
    ok: bool
    detail: str  #: what was found, one line
    remedy: str = ""  #: what to do; "" when nothing
    exit_status: int = CHECKS_FAILED  #: of the command when this is the worst failure
