"""The invented stories of the demonstration site."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files

import yaml

PAGES = files("crawler.demo") / "pages"
SEED = files("crawler.demo") / "bhrrc"


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """One article, from pages/stories: YAML, a line `---`, paragraphs between empty lines."""

    slug: str
    title: str
    author: str  #: a desk, never a person
    published: datetime
    language: str
    section: str
    tags: tuple[str, ...]
    summary: str
    paragraphs: tuple[str, ...]
    encoding: str = "utf-8"

    @property
    def path(self) -> str:
        """Path of its page, from its day and slug."""
        return f"/{self.published:%Y/%m}/{self.slug}/"


def stories() -> tuple[Story, ...]:
    """The newest first."""
    texts = {file.name: file.read_text("utf-8") for file in (PAGES / "stories").iterdir()}
    found = [_story(name.removesuffix(".txt"), text) for name, text in texts.items()]
    return tuple(sorted(found, key=lambda story: story.published, reverse=True))


def _story(slug: str, text: str) -> Story:
    head, _, body = text.partition("\n---\n")
    fields = yaml.safe_load(head)
    return Story(
        slug=slug,
        title=fields["title"],
        author=fields["author"],
        published=datetime.fromisoformat(fields["published"]),
        language=fields["language"],
        section=fields["section"],
        tags=tuple(fields["tags"]),
        summary=fields["summary"],
        paragraphs=tuple(" ".join(part.split()) for part in body.strip().split("\n\n")),
        encoding=fields.get("encoding", "utf-8"),
    )
