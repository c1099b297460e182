"""Which path is for whom: one table, by the beginning of the path.

What is not in the table needs `read` to be looked at and `admin` to be changed.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from starlette.datastructures import QueryParams

Rate = Literal["save", "search"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Path:
    """What a path asks of those who come."""

    #: beginning of the path, decoded; one that does not end in "/" also stands for itself
    prefix: str
    #: how metrics name it: never anything that a client chose
    route: str
    #: scope to look (GET, HEAD, OPTIONS); None: open to everybody
    look: str | None = "read"
    #: scope for every other method; None: open to everybody. Where nothing can be changed it is
    #: "read", so that the handler says so
    change: str | None = "admin"
    #: whether a GET changes something too, so that other sites may not send people there
    acts: bool = False
    #: which rate counts it; "save" only what changes something
    rate: Rate | None = None
    #: the parameter without which the rate does not count it
    asks: str | None = None
    #: only this very path, nothing below it
    exact: bool = False
    #: `look` counts only where others than this machine reach the server; else it needs "read"
    remote: bool = False
    #: what is below it came from elsewhere: its headers are its handler's affair alone
    archived: bool = False


_PATHS = (
    Path(prefix="/health", route="/health", look=None, exact=True),
    Path(prefix="/robots.txt", route="/robots.txt", look=None, exact=True),
    Path(prefix="/static/", route="/static/{file}", look=None),
    Path(prefix="/login", route="/login", look=None, change=None, exact=True),
    Path(prefix="/logout", route="/logout", look=None, change=None, exact=True),
    Path(prefix="/metrics", route="/metrics", look="admin", exact=True, remote=True),
    Path(prefix="/", route="/", rate="search", asks="q", exact=True, change="read"),
    Path(prefix="/web/timemap/", route="/web/timemap/{form}/{url}", change="read"),
    Path(prefix="/web/", route="/web/{timestamp}/{url}", change="read", archived=True),
    Path(prefix="/cdx/search/cdx", route="/cdx/search/cdx", change="read"),
    Path(prefix="/cdx", route="/cdx", change="read"),
    Path(prefix="/wayback/available", route="/wayback/available", change="read"),
    Path(prefix="/warcs/", route="/warcs/{name}", change="read"),
    Path(prefix="/save/status", route="/save/status", look="save", change="save", exact=True),
    Path(prefix="/save/status/", route="/save/status/{job}", look="save", change="save"),
    # The form of that name acts when it is posted.
    Path(prefix="/save", route="/save", look="save", change="save", rate="save", exact=True),
    Path(prefix="/save/", route="/save", look="save", change="save", acts=True, rate="save"),
    # What somebody has archived is not for everybody who may read.
    Path(prefix="/jobs", route="/jobs", look="save", change="save", rate="save"),
    Path(prefix="/api/v1/jobs", route="/api/v1/jobs", look="save", change="save", rate="save"),
    Path(prefix="/api/v1/search", route="/api/v1/search", change="read", rate="search"),
    Path(prefix="/api/v1/restrictions", route="/api/v1/restrictions", look="admin"),
    Path(prefix="/api/v1/openapi.json", route="/api/v1/openapi.json", look=None, exact=True),
    *(
        Path(prefix=f"/api/v1/{name}", route=f"/api/v1/{name}", change="read")
        for name in ("captures", "check", "documents")
    ),
    # Comparing many texts, or looking at the last captures of each source, costs as much as a
    # search.
    *(
        Path(prefix=prefix, route=prefix, rate="search", change="read")
        for prefix in (
            "/api/v1/diff",
            "/api/v1/sources",
            "/api/v1/versions",
            "/captures",
            "/diff",
            "/sources",
        )
    ),
    Path(prefix="/api/", route="/api"),
    *(
        Path(prefix=f"/{name}", route=f"/{name}", change="read")
        for name in ("about", "cite", "document")
    ),
    # Of the origin of archived pages.
    *(
        Path(prefix=f"/{name}", route=f"/{name}{{timestamp}}/{{url}}", archived=True)
        for name in ("view/", "raw/", "r/", "x/")
    ),
    Path(prefix="/grant/", route="/grant/{ticket}", archived=True),
)
_OTHER = Path(prefix="/", route="other")
_EXACT = {path.prefix: path for path in _PATHS if path.exact}
_BEGINNINGS = tuple(
    sorted((path for path in _PATHS if not path.exact), key=lambda path: -len(path.prefix))
)
_LOOKING = frozenset({"GET", "HEAD", "OPTIONS"})


def path_of(path: str) -> Path:
    """The row of a decoded path."""
    found = _EXACT.get(path)
    return found if found is not None else _beginning(path[:32])


@lru_cache(4096)
def _beginning(path: str) -> Path:
    """Of the path's first characters, more than any row has."""
    return next((row for row in _BEGINNINGS if path.startswith(row.prefix)), _OTHER)


def needed(path: Path, method: str, *, local: bool = False) -> str | None:
    """The scope that a request needs; `local`: of a server that only this machine reaches."""
    if method not in _LOOKING:
        return path.change
    return "read" if path.remote and local else path.look


def changes(path: Path, method: str) -> bool:
    """Whether the request can change something."""
    return path.acts or method not in _LOOKING


def counted(path: Path, method: str, query: bytes) -> Rate | None:
    """The rate that the request counts for."""
    if path.rate == "save":
        return "save" if changes(path, method) else None
    # By its name as handlers read it: it may be escaped.
    if path.asks is not None and path.asks not in QueryParams(query):
        return None
    return path.rate
