"""Keys of pressmark.yaml that say what is crawled, and how."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_core import PydanticCustomError

from config.keys import Keys
from config.values import (
    COUNT,
    FLAG,
    NAME,
    PATTERNS,
    ROBOTS,
    SCHEDULE,
    SECONDS,
    URLS,
    WHOLE,
    Allowed,
    Count,
    Flag,
    HttpUrl,
    Pattern,
    Schedule,
    Seconds,
    SourceName,
    Whole,
    check_header,
)


class SourceDefaults(Keys):
    """How a source is crawled. Under `defaults` for all sources; a source's own key wins."""

    delay: Annotated[Seconds, SECONDS] = Field(
        default=1.0,
        description="Least time between the starts of two document requests to a host; "
        "0 turns pacing off.",
    )
    concurrency: Annotated[Count, COUNT] = Field(
        default=2, description="Requests to a host that run at once."
    )
    robots: Annotated[Literal["obey", "ignore"], ROBOTS] = Field(
        default="obey", description="Whether robots.txt is obeyed; it is kept anyway."
    )
    depth: Annotated[Whole, WHOLE] = Field(
        default=1, description="Links followed from a seed, feed or section page."
    )
    limit: Annotated[Count, COUNT] = Field(
        default=1000, description="Most pages that one crawl fetches."
    )
    schedule: Annotated[Schedule | None, SCHEDULE] = Field(
        default=None, description="When the source is crawled; none: only by command."
    )
    requisites: Annotated[Flag, FLAG] = Field(
        default=True, description="Whether pictures, style sheets and so on of each page are kept."
    )


class Source(SourceDefaults):
    """A publisher that is followed."""

    name: Annotated[SourceName, NAME] = Field(
        description="Name in commands and in the names of WARC files."
    )
    seeds: Annotated[tuple[HttpUrl, ...], URLS] = Field(
        default=(), description="Pages to start from."
    )
    feeds: Annotated[tuple[HttpUrl, ...], URLS] = Field(
        default=(), description="RSS and Atom feeds."
    )
    sitemaps: Annotated[tuple[HttpUrl, ...], URLS] = Field(
        default=(), description="Sitemaps, sitemap indexes, news sitemaps."
    )
    sections: Annotated[tuple[HttpUrl, ...], URLS] = Field(
        default=(), description="Pages that list articles."
    )
    include: Annotated[tuple[Pattern, ...], PATTERNS] = Field(
        default=(), description="A URL must match one of these, where there are any."
    )
    exclude: Annotated[tuple[Pattern, ...], PATTERNS] = Field(
        default=(), description="A URL must match none of these."
    )
    headers: Annotated[dict[str, SecretStr], Allowed("header names, each with a text")] = Field(
        default_factory=dict,
        description="Request headers for the hosts of the seeds alone; their values are secrets.",
    )

    @field_validator("headers")
    @classmethod
    def _check_headers(cls, headers: dict[str, SecretStr]) -> dict[str, SecretStr]:
        for name, value in headers.items():
            check_header(name, value.get_secret_value())
        return headers

    @model_validator(mode="after")
    def _check_start(self) -> Self:
        if not (self.seeds or self.feeds or self.sitemaps or self.sections):
            raise PydanticCustomError(
                "nothing_to_start_from",
                "source {name} has nothing to start from: "
                "give at least one of seeds, feeds, sitemaps, sections",
                {"path": (), "name": repr(self.name)},
            )
        return self
