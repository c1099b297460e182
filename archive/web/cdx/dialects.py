"""What differs between the two dialects: names, defaults, and how a filter is written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from archive.errors import ParameterError
from archive.web.cdx.lines import KNOWN

FORMS = ("text", "json", "cdxj", "link")

_FROM_WAYBACK = {"original": "url", "mimetype": "mime", "statuscode": "status"}
_TO_WAYBACK = {name: other for other, name in _FROM_WAYBACK.items()}


def internal(name: str) -> str:
    """The name of a field in CDXJ; each dialect understands those of both."""
    return _FROM_WAYBACK.get(name, name)


def checked(name: str) -> str:
    """`internal`. Raises ParameterError for a name that no field has."""
    found = internal(name)
    if found not in KNOWN:
        raise ParameterError(
            f"there is no field {name[:40]!r}: give one of {', '.join(sorted(KNOWN))}"
        )
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How one kind of server is spoken to."""

    wayback: bool
    path: str
    fields: tuple[str, ...]  #: of a line, by their names in CDXJ, unless others are asked for
    form: str  #: one of FORMS, unless another one is asked for
    unmarked: str  #: how a filter without a mark matches: see `read_filter`
    page_size: int  #: blocks in a page, unless it is asked for
    limit: int | None  #: lines of an answer, unless it is asked for

    @property
    def external(self) -> Callable[[str], str]:
        """The name that a field has in answers."""
        return (lambda name: _TO_WAYBACK.get(name, name)) if self.wayback else (lambda name: name)


WAYBACK = Dialect(
    wayback=True,
    path="/cdx/search/cdx",
    fields=("urlkey", "timestamp", "url", "mime", "status", "digest", "length"),
    form="text",
    unmarked="/",
    page_size=1,
    limit=None,
)
"""The CDX server of the Wayback Machine."""

PYWB = Dialect(
    wayback=False,
    path="/cdx",
    fields=(
        "urlkey",
        "timestamp",
        "url",
        "mime",
        "status",
        "digest",
        "length",
        "offset",
        "filename",
    ),
    form="cdxj",
    unmarked="",
    page_size=10,
    limit=100_000,
)
"""The CDX server of pywb."""
