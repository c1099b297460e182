"""The keys of pressmark.yaml: names, types, defaults, and what each is for."""

from __future__ import annotations

import os
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from config.errors import ConfigurationError
from config.places import overlap
from config.suggest import closest
from config.values import (
    ABOVE_ZERO,
    BYTES,
    COUNT,
    DATABASE,
    FLAG,
    MAPPING,
    NAME,
    PATTERNS,
    PLACE,
    ROBOTS,
    SCHEDULE,
    SECONDS,
    TEXT,
    URLS,
    WHOLE,
    AboveZero,
    AgentText,
    Allowed,
    Bytes,
    Contact,
    Count,
    Database,
    Flag,
    HttpUrl,
    Location,
    Network,
    Pattern,
    Schedule,
    Seconds,
    SourceName,
    Whole,
    check_header,
)

_SHORTEST_SECRET = 4


def processors() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0))


class _Keys(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", hide_input_in_errors=True, validate_default=False
    )


class ObjectLock(_Keys):
    """Retention of every object, where the bucket has Object Lock."""

    mode: Annotated[
        Literal["governance", "compliance"] | None, Allowed("governance or compliance")
    ] = Field(
        default=None,
        description="Keeps every object from being deleted; compliance: by the owner of the "
        "account too. The bucket needs Object Lock from its creation on.",
    )
    days: Annotated[Count | None, COUNT] = Field(
        default=None, description="How long, from the writing of an object on."
    )

    @model_validator(mode="after")
    def _check_both(self) -> Self:
        if (self.mode is None) != (self.days is None):
            raise PydanticCustomError(
                "half_a_lock", "give both mode and days, or neither", {"path": ()}
            )
        return self


class Encryption(_Keys):
    """Encryption of every object by the service."""

    algorithm: Annotated[Literal["AES256", "aws:kms"] | None, Allowed("AES256 or aws:kms")] = Field(
        default=None, description="Encryption of every object by the service."
    )
    key: Annotated[str | None, TEXT] = Field(
        default=None, description="Identifier of the key for aws:kms; none: its default key."
    )

    @model_validator(mode="after")
    def _check_key(self) -> Self:
        if self.key is not None and self.algorithm != "aws:kms":
            raise PydanticCustomError(
                "key_without_service", "a key goes with the algorithm aws:kms", {"path": ()}
            )
        return self


class S3(_Keys):
    """How the S3 service is reached. What is left out, boto3 looks for itself (profiles, roles)."""

    endpoint_url: Annotated[HttpUrl | None, Allowed("an http or https URL")] = Field(
        default=None, description="Address of the service; none: Amazon's."
    )
    region: Annotated[str | None, TEXT] = Field(
        default=None, description="Region; us-east-1 where nothing names one."
    )
    access_key_id: Annotated[str | None, TEXT] = Field(default=None, description="Access key.")
    secret_access_key: Annotated[SecretStr | None, TEXT] = Field(
        default=None, description="Secret of the access key; better kept in the environment."
    )
    session_token: Annotated[SecretStr | None, TEXT] = Field(
        default=None, description="Token of temporary credentials."
    )
    ca_bundle: Annotated[Path | None, Allowed("a file")] = Field(
        default=None,
        description="Certificates (PEM) that the service's certificate is checked against.",
    )
    addressing_style: Annotated[Literal["path", "virtual"], Allowed("path or virtual")] = Field(
        default="path", description="Whether the bucket stands in the path or in the host name."
    )
    object_lock: Annotated[ObjectLock, MAPPING] = Field(
        default=ObjectLock(), description="Retention of every object."
    )
    encryption: Annotated[Encryption, MAPPING] = Field(
        default=Encryption(), description="Encryption of every object by the service."
    )


class SegmentRules(_Keys):
    """When an open WARC file is sealed."""

    max_bytes: Annotated[Bytes, BYTES] = Field(
        default=10**9, description="Size at which a WARC file is closed and stored."
    )
    max_age: Annotated[AboveZero, ABOVE_ZERO] = Field(
        default=3600, description="Age at which a WARC file is closed and stored."
    )


class SpoolRules(_Keys):
    """How much may wait for the store on this machine. Beyond it, crawls pause."""

    max_bytes: Annotated[Bytes, BYTES] = Field(
        default=10 << 30,
        description="Size of the spool at which crawls pause until uploads have made room.",
    )
    min_free: Annotated[Bytes, BYTES] = Field(
        default=1 << 30, description="Free space on the disk of the home below which crawls pause."
    )


class Limits(_Keys):
    """How much of one response is read."""

    page: Annotated[Bytes, BYTES] = Field(
        default=32 << 20, description="Largest body of a page or requisite; what is longer is cut."
    )
    media: Annotated[Bytes, BYTES] = Field(
        default=256 << 20, description="Largest body of sound and film; what is longer is cut."
    )
    timeout: Annotated[AboveZero, ABOVE_ZERO] = Field(
        default=60, description="Longest time for one response."
    )


class TextRules(_Keys):
    """The processes that extract article text."""

    workers: Annotated[Count, COUNT] = Field(
        default_factory=processors, description="Worker processes."
    )
    deadline: Annotated[AboveZero, ABOVE_ZERO] = Field(
        default=20, description="Time for one page, then its worker is killed."
    )
    memory: Annotated[Bytes, BYTES] = Field(default=1500 << 20, description="Memory of one worker.")


class OnDemand(_Keys):
    """`pressmark archive`."""

    robots: Annotated[Literal["obey", "ignore"], ROBOTS] = Field(
        default="ignore",
        description="Whether robots.txt can refuse a URL that a person named; it is kept anyway.",
    )


class SourceDefaults(_Keys):
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


class Configuration(_Keys):
    """Everything that can be set, checked. `config.load.load` makes it."""

    contact: Annotated[
        Contact | None,
        Allowed("a URL or an e-mail address, in ASCII"),
    ] = Field(
        default=None,
        description="URL or e-mail address for people who see the crawler in their log; "
        "goes into the user agent. Needed to crawl.",
    )
    home: Annotated[Path, Allowed("a folder")] = Field(
        default=Path("data"),
        description="Folder of this machine's own state: spool and SQLite files.",
    )
    collection: Annotated[Location | None, PLACE] = Field(
        default=None,
        description="Where the archive is kept; none: the folder `collection` in the home.",
    )
    mirror: Annotated[Location | None, PLACE] = Field(
        default=None, description="A second store, which is given every object too."
    )
    database: Annotated[Database | None, DATABASE] = Field(
        default=None,
        description="Where index and state are kept: an SQLite file (the state lies beside it), or "
        "a PostgreSQL database; none: SQLite files in the home.",
        repr=False,
    )
    allow_networks: Annotated[
        tuple[Network, ...], Allowed('a list of networks, e.g. ["10.1.0.0/16"]')
    ] = Field(
        default=(), description="Networks that may be fetched from although they are not public."
    )
    proxy: Annotated[HttpUrl | None, Allowed("an http or https URL")] = Field(
        default=None,
        description="HTTP proxy for all requests; the environment's proxies are never used.",
        repr=False,
    )
    s3: Annotated[S3, MAPPING] = Field(default=S3(), description="Access to S3.")
    store_wait: Annotated[Seconds, SECONDS] = Field(
        default=60,
        description="How long `archive` waits for a store that is away, or for room in the spool.",
    )
    shutdown_grace: Annotated[Seconds, SECONDS] = Field(
        default=30,
        description="How long an interrupted command goes on storing what it has sealed; the rest "
        "waits for the next start.",
    )
    spool: Annotated[SpoolRules, MAPPING] = Field(
        default=SpoolRules(), description="What may wait for the store on this machine."
    )
    segment: Annotated[SegmentRules, MAPPING] = Field(
        default=SegmentRules(), description="When WARC files are closed."
    )
    limits: Annotated[Limits, MAPPING] = Field(
        default=Limits(), description="How much of one response is read."
    )
    text: Annotated[TextRules, MAPPING] = Field(
        default_factory=TextRules, description="Extraction of article text."
    )
    ondemand: Annotated[OnDemand, MAPPING] = Field(
        default=OnDemand(), description="URLs that a person names."
    )
    requisite_delay: Annotated[Seconds, SECONDS] = Field(
        default=0.1,
        description="Least time between the starts of two requisite requests to a host.",
    )
    keep_secrets: Annotated[Flag, FLAG] = Field(
        default=False,
        description="Whether secret request headers are kept in the archive as they were.",
    )
    secrets: Annotated[tuple[SecretStr, ...], Allowed("a list of texts")] = Field(
        default=(),
        description="Texts that make a request header secret, beside the sources' headers.",
    )
    user_agent: Annotated[AgentText, TEXT] = Field(
        default="Pressmark/{version} (+{contact})",
        description="User agent; {version} and {contact} are filled in.",
    )
    defaults: Annotated[SourceDefaults, MAPPING] = Field(
        default=SourceDefaults(), description="Keys for every source that does not set them itself."
    )
    sources: Annotated[tuple[Source, ...], Allowed("a list of sources")] = Field(
        default=(), description="What is followed; each has the keys of `defaults` too."
    )

    @field_validator("home")
    @classmethod
    def _check_home(cls, home: Path) -> Path:
        # The path goes into the URL of an SQLite file, where "?" begins the options.
        if "?" in str(home):
            raise ValueError("the name of this folder must not have a question mark")
        return home

    @field_validator("secrets")
    @classmethod
    def _check_secrets(cls, secrets: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        if any(len(secret) < _SHORTEST_SECRET for secret in secrets):
            raise ValueError(f"a secret has at least {_SHORTEST_SECRET} characters")
        return secrets

    @field_validator("sources")
    @classmethod
    def _check_names(cls, sources: tuple[Source, ...]) -> tuple[Source, ...]:
        names = [source.name for source in sources]
        for index, name in enumerate(names):
            if name in names[:index]:
                raise PydanticCustomError(
                    "name_taken",
                    "there is a source {name} already; each needs a name of its own",
                    # Where in the list: a validator of the whole list has only the list's place.
                    {"path": (index, "name"), "name": repr(name)},
                )
        return sources

    @model_validator(mode="after")
    def _check_mirror(self) -> Self:
        if self.mirror is not None and overlap(self.mirror, self.collection_uri):
            raise PydanticCustomError(
                "mirror_of_itself",
                "the mirror {mirror} and the collection {collection} must be two places, "
                "neither inside the other",
                {"path": ("mirror",), "mirror": self.mirror, "collection": self.collection_uri},
            )
        return self

    @model_validator(mode="wrap")
    @classmethod
    def _merge_defaults(cls, data: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        raw = handler(data)
        merged = tuple(raw.with_defaults(source) for source in raw.sources)
        return raw.model_copy(update={"sources": merged}) if merged else raw

    def source(self, name: str) -> Source:
        """The source with `defaults` merged in. Raises ConfigurationError that names the known."""
        names = {source.name: source for source in self.sources}
        if name in names:
            return names[name]
        hint = closest(name, names)
        known = f"known: {', '.join(names)}" if names else "none is configured"
        raise ConfigurationError(f"there is no source {name!r}{hint}; {known}")

    def with_defaults(self, source: Source) -> Source:
        """The source with the keys of `defaults` that it does not set itself."""
        inherited = self.defaults.model_fields_set - source.model_fields_set
        return source.model_copy(update={name: getattr(self.defaults, name) for name in inherited})

    def with_contact(self, contact: str) -> Configuration:
        """The same with a contact. Raises ConfigurationError for what cannot be one."""
        try:
            checked = Configuration(contact=contact)
        except ValidationError as error:
            raise ConfigurationError(
                f"{contact!r} cannot be a contact: give a URL or an e-mail address, in ASCII"
            ) from error
        return self.model_copy(update={"contact": checked.contact})

    @property
    def collection_uri(self) -> str:
        """A folder, file:///... or s3://bucket/prefix."""
        return self.collection or str(self.home / "collection")

    @property
    def index_url(self) -> str:
        """SQLAlchemy URL of the index database."""
        return self.database or f"sqlite:///{self.home / 'index.db'}"

    @property
    def state_url(self) -> str:
        """SQLAlchemy URL of the state database."""
        if self.database is None:
            return f"sqlite:///{self.home / 'state.db'}"
        if not self.database.startswith("sqlite:"):
            return self.database  # in a schema of its own
        path = Path(self.database.removeprefix("sqlite:///"))
        return f"sqlite:///{path.with_name(f'{path.stem}-state{path.suffix}')}"

    @property
    def agent(self) -> str:
        """The user agent as it is sent; without a contact its place is left out."""
        text = self.user_agent if self.contact else self.user_agent.replace(" (+{contact})", "")
        return text.replace("{version}", version("pressmark")).replace(
            "{contact}", self.contact or ""
        )

    @property
    def secret_values(self) -> tuple[str, ...]:
        """Texts that make a request header secret: `secrets` and the values of sources' headers.

        Values of less than 4 characters are left out: they would be found in almost every header.
        """
        values = [*self.secrets, *(v for s in self.sources for v in s.headers.values())]
        texts = dict.fromkeys(value.get_secret_value() for value in values)
        return tuple(text for text in texts if len(text) >= _SHORTEST_SECRET)
