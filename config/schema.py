"""The keys of pressmark.yaml: names, types, defaults, and what each is for."""

from __future__ import annotations

import os
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    Field,
    ModelWrapValidatorHandler,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from config.errors import ConfigurationError
from config.keys import Keys
from config.places import overlap
from config.s3 import S3
from config.serve import Serve
from config.sources import Source, SourceDefaults
from config.suggest import closest
from config.values import (
    ABOVE_ZERO,
    BYTES,
    COUNT,
    DATABASE,
    FLAG,
    MAPPING,
    PLACE,
    ROBOTS,
    SECONDS,
    TEXT,
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
    Seconds,
)

_SHORTEST_SECRET = 4


def processors() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0))


class SegmentRules(Keys):
    """When an open WARC file is sealed."""

    max_bytes: Annotated[Bytes, BYTES] = Field(
        default=10**9, description="Size at which a WARC file is closed and stored."
    )
    max_age: Annotated[AboveZero, ABOVE_ZERO] = Field(
        default=3600, description="Age at which a WARC file is closed and stored."
    )


class SpoolRules(Keys):
    """How much may wait for the store on this machine. Beyond it, crawls pause."""

    max_bytes: Annotated[Bytes, BYTES] = Field(
        default=10 << 30,
        description="Size of the spool at which crawls pause until uploads have made room.",
    )
    min_free: Annotated[Bytes, BYTES] = Field(
        default=1 << 30, description="Free space on the disk of the home below which crawls pause."
    )


class Limits(Keys):
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


class TextRules(Keys):
    """The processes that extract article text."""

    workers: Annotated[Count, COUNT] = Field(
        default_factory=processors, description="Worker processes."
    )
    deadline: Annotated[AboveZero, ABOVE_ZERO] = Field(
        default=20, description="Time for one page, then its worker is killed."
    )
    memory: Annotated[Bytes, BYTES] = Field(default=1500 << 20, description="Memory of one worker.")


class OnDemand(Keys):
    """`pressmark archive`."""

    robots: Annotated[Literal["obey", "ignore"], ROBOTS] = Field(
        default="ignore",
        description="Whether robots.txt can refuse a URL that a person named; it is kept anyway.",
    )


class Configuration(Keys):
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
    serve: Annotated[Serve, MAPPING] = Field(default=Serve(), description="The web server.")
    public_read: Annotated[Flag, FLAG] = Field(
        default=False, description="The same as `serve.public_read`."
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
        changed: dict[str, object] = {"sources": merged} if merged else {}
        if raw.public_read:
            changed["serve"] = raw.serve.model_copy(update={"public_read": True})
        return raw.model_copy(update=changed) if changed else raw

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
