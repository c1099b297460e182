"""Who asks: handlers find it by `authority_of(request.scope)`.

The guard (archive.web.guard.gate) has compared it with what the path needs before a handler runs; a
handler asks again only for what depends on more than the path, such as the reason of a restriction.
"""

from __future__ import annotations

from dataclasses import dataclass

from starlette.types import Scope

from archive.jobs import Job


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """What a request may do, and by whose leave."""

    #: of "read", "save" and "admin" (archive.tokens.SCOPES) those that it has
    scopes: frozenset[str] = frozenset()
    #: name of the token; None: what is open to everybody here
    token: str | None = None
    #: id of the token, which is no secret
    token_id: str | None = None
    #: from the cookie of a browser, not sent on purpose with each request
    by_cookie: bool = False

    @property
    def by(self) -> str:
        """What a job keeps of who handed it in: the name of the token; "": none was shown."""
        return self.token or ""

    def owns(self, job: Job) -> bool:
        """Whether the job is this one's to end and to try again."""
        return job.by == self.by or self.may("admin")

    def may(self, scope: str) -> bool:
        """Whether it has the scope: "read", "save" or "admin"."""
        return scope in self.scopes


NOBODY = Authority()
"""May do nothing."""


def authority_of(scope: Scope) -> Authority:
    """The authority of a request; where no guard stands before the handler: none."""
    authority: Authority = scope.get("authority", NOBODY)
    return authority
