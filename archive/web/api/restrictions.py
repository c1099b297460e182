"""`/restrictions`: what is withheld, and why; for administrators alone (see archive.web.guard)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Self

from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel, Field

from archive.restrictions.model import Restriction, Standing
from archive.restrictions.objects import new_restriction
from archive.restrictions.shapes import to_json
from archive.urlkey import Match, urlkey
from archive.web.api.mistakes import checked, wrong
from archive.web.api.parameters import LONGEST_URL, TIME, first_moment, last_moment
from archive.web.api.problems import problems
from archive.web.site import Site, site_of

router = APIRouter(tags=["restrictions"])

_LONGEST_REASON = 10_000

RestrictionId = Annotated[
    str, Path(min_length=1, max_length=100, description="Id of a restriction.")
]


def _a_url(text: str) -> str:
    urlkey(text)
    return text


def _words(text: str) -> str:
    if not text.strip():
        raise ValueError("say why: whoever asks later finds it here")
    return text


Reason = Annotated[
    str,
    Field(min_length=1, max_length=_LONGEST_REASON, description="Why; for administrators alone."),
    checked(_words),
]


class RestrictionWish(BaseModel):
    """What is to be withheld: a URL or a digest, not both."""

    url: Annotated[str | None, checked(_a_url)] = Field(
        default=None,
        max_length=LONGEST_URL,
        description="Captures of this URL, or of what it stands for by `match`.",
        examples=["https://news.example.org/a"],
    )
    match: Match = Field(default="exact", description="What `url` stands for.")
    start: Annotated[str | None, first_moment] = Field(
        default=None, alias="from", max_length=64, description=f"Captures not before. {TIME}"
    )
    end: Annotated[str | None, last_moment] = Field(
        default=None, alias="to", max_length=64, description=f"Captures not after. {TIME}"
    )
    digest: str | None = Field(
        default=None,
        max_length=300,
        description="Captures whose payload has it, wherever and whenever they were made: "
        "`sha256:` and 64 hexadecimal digits.",
    )
    until: Annotated[str | None, first_moment] = Field(
        default=None, max_length=64, description=f"It ends by itself then. {TIME}"
    )
    reason: Reason

    def decision(self) -> tuple[Restriction, bytes]:
        """Raises RequestValidationError."""
        try:
            return new_restriction(
                url=self.url,
                match=self.match,
                start=self.start,
                end=self.end,
                digest=self.digest,
                until=self.until,
                reason=self.reason,
            )
        except ValueError as error:
            raise wrong(str(error), "body") from error


class LiftWish(BaseModel):
    """Why a restriction ends."""

    reason: Reason


class LiftingModel(BaseModel):
    """The decision that ended a restriction."""

    id: str
    created: datetime
    reason: str


class RestrictionModel(BaseModel):
    """A restriction as it is now."""

    id: str
    url: str | None = Field(description="Null: it is about a digest.")
    match: Match | None = Field(description="What `url` stands for.")
    start: str | None = Field(
        alias="from", description="Captures of then and later, 14 digits; null: from ever."
    )
    end: str | None = Field(
        alias="to", description="Captures of then and before, 14 digits; null: for ever."
    )
    digest: str | None = Field(description="Of payloads.")
    until: str | None = Field(description="14 digits; null: until it is lifted.")
    reason: str
    created: datetime
    in_force: bool = Field(description="Neither lifted nor over.")
    lifted: LiftingModel | None
    captures: int | None = Field(
        default=None, description="How many it touches in the index; only for one that was asked."
    )

    @classmethod
    def of(cls, standing: Standing, captures: int | None = None) -> Self:
        """As a model."""
        return cls.model_validate(to_json(standing, captures))


class RestrictionList(BaseModel):
    """All that there ever were, the oldest first."""

    restrictions: list[RestrictionModel]


@router.get("/restrictions", summary="What is withheld")
async def list_restrictions(
    request: Request,
    in_force: Annotated[bool, Query(description="Only those that still withhold.")] = False,
) -> RestrictionList:
    """Every restriction, also those that were lifted or are over, with the reasons."""
    site = site_of(request.scope)
    standings = await site.call(site.view.restrictions.standings)
    return RestrictionList(
        restrictions=[RestrictionModel.of(one) for one in standings if one.in_force or not in_force]
    )


@router.post("/restrictions", summary="Withhold", status_code=201)
async def restrict(request: Request, wish: RestrictionWish) -> RestrictionModel:
    """Withhold captures from everybody who reads, from now on. Nothing is deleted."""
    site = site_of(request.scope)
    decision, data = wish.decision()
    return await site.read(_withhold, site, decision, data)


@router.post("/restrictions/{restriction}/lift", summary="Show again", responses=problems(404, 409))
async def lift(request: Request, restriction: RestrictionId, wish: LiftWish) -> RestrictionModel:
    """End a restriction, once. What else withholds the same captures goes on."""
    site = site_of(request.scope)
    return await site.read(_lift, site, restriction, wish.reason)


def _withhold(site: Site, decision: Restriction, data: bytes) -> RestrictionModel:
    restrictions = site.view.restrictions
    standing = restrictions.decide(site.collection, decision, data)
    return RestrictionModel.of(standing, restrictions.touched(decision))


def _lift(site: Site, id_: str, reason: str) -> RestrictionModel:
    restrictions = site.view.restrictions
    standing = restrictions.lift(site.collection, id_, reason)
    return RestrictionModel.of(standing, restrictions.touched(standing.restriction))
