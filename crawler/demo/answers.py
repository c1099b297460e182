"""What the demonstration site answers, path by path."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable
from dataclasses import dataclass
from email.utils import format_datetime
from functools import cache
from html import escape
from string import Template
from typing import Literal
from urllib.parse import urlsplit

import brotli

from crawler.demo.pictures import landscape, plain
from crawler.demo.stories import PAGES, SEED, Story, stories

SEED_URL = json.loads((SEED / "expected.json").read_text("utf-8"))["url"]
SEED_PATH = urlsplit(SEED_URL).path
"""Path of the reconstructed page, on the demonstration site as on its own."""

Coding = Literal["gzip", "br"]

_CODINGS: dict[str, Coding] = {"night-shifts": "gzip", "archives-municipales": "br"}
_TITLE = "Lantern Bay Courier"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A response without the fields that the server adds itself."""

    body: bytes
    content_type: str
    status: int = 200
    coding: Coding | None = None  #: content coding that `body` is in
    chunked: bool = False
    location: str | None = None


def answers(site: str) -> dict[str, Answer]:
    """All paths of the site; `site` is its address without a slash at the end."""
    every = stories()
    return {
        "/": _front(every, "Today"),
        "/valley/": _front([s for s in every if s.language != "en"], "The valley"),
        **{story.path: _story(story, site) for story in every},
        "/old/night-shifts.html": _moved(next(s for s in every if s.slug == "night-shifts").path),
        SEED_PATH: _file("text/html; charset=utf-8", (SEED / "bhrrc.html").read_bytes()),
        "/feed.xml": _feed(every, site),
        "/sitemap-news.xml": _sitemap(every, site),
        "/robots.txt": _robots(site),
        **_static(every),
    }


def missing() -> Answer:
    """The answer for every other path."""
    return Answer(body=b"Not here.\n", content_type="text/plain; charset=utf-8", status=404)


def _file(content_type: str, body: bytes) -> Answer:
    return Answer(body=body, content_type=content_type)


def _template(name: str) -> Template:
    return Template((PAGES / name).read_text("utf-8"))


def _front(listed: Iterable[Story], heading: str) -> Answer:
    teasers = "\n".join(
        f'<div class="teaser" lang="{story.language}" dir="{_direction(story)}">'
        f'<h2><a href="{story.path}">{escape(story.title)}</a></h2>'
        f"<p>{escape(story.summary)}</p></div>"
        for story in listed
    )
    page = _template("front.html").substitute(
        heading=heading, teasers=teasers, seed_path=escape(SEED_PATH)
    )
    return _file("text/html; charset=utf-8", page.encode())


def _story(story: Story, site: str) -> Answer:
    plain_values = {
        "title": story.title,
        "author": story.author,
        "summary": story.summary,
        "section": story.section,
        "language": story.language,
        "direction": _direction(story),
        "encoding": story.encoding,
        "published": story.published.isoformat(),
        "day": story.published.date().isoformat(),
        "slug": story.slug,
        "site": site,
        "url": site + story.path,
        "tags": ", ".join(story.tags),
    }
    page = _template("story.html").substitute(
        {name: escape(value) for name, value in plain_values.items()},
        json_ld=_json_ld(story, site),
        paragraphs="\n".join(f"<p>{escape(text)}</p>" for text in story.paragraphs),
    )
    body = page.encode(story.encoding, "xmlcharrefreplace")
    coding = _CODINGS.get(story.slug)
    if coding == "gzip":
        # A fixed time keeps the bytes, and so their digest, the same at every start.
        body = gzip.compress(body, mtime=0)
    elif coding == "br":
        body = brotli.compress(body)
    return Answer(
        body=body,
        content_type=f"text/html; charset={story.encoding}",
        coding=coding,
        chunked=coding == "gzip",
    )


def _direction(story: Story) -> str:
    return "rtl" if story.language == "ar" else "ltr"


def _json_ld(story: Story, site: str) -> str:
    value = {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "headline": story.title,
        "datePublished": story.published.isoformat(),
        "inLanguage": story.language,
        "author": {"@type": "Organization", "name": story.author},
        "publisher": {"@type": "Organization", "name": _TITLE},
        "mainEntityOfPage": site + story.path,
    }
    # All ASCII, and no "</script>" can come about.
    return json.dumps(value).replace("<", "\\u003c")


def _moved(path: str) -> Answer:
    return Answer(body=b"", content_type="text/plain", status=301, location=path)


def _feed(listed: Iterable[Story], site: str) -> Answer:
    items = "".join(
        f"<item><title>{escape(story.title)}</title><link>{site}{story.path}</link>"
        f'<guid isPermaLink="true">{site}{story.path}</guid>'
        f"<pubDate>{format_datetime(story.published)}</pubDate>"
        f"<description>{escape(story.summary)}</description></item>\n"
        for story in listed
    )
    feed = (
        '<?xml version="1.0" encoding="utf-8"?>\n<rss version="2.0"><channel>'
        f"<title>{_TITLE}</title><link>{site}/</link>"
        f"<description>An invented newspaper</description>\n{items}</channel></rss>\n"
    )
    return _file("application/rss+xml; charset=utf-8", feed.encode())


def _sitemap(listed: Iterable[Story], site: str) -> Answer:
    entries = "".join(
        f"<url><loc>{site}{story.path}</loc><news:news><news:publication>"
        f"<news:name>{_TITLE}</news:name><news:language>{story.language}</news:language>"
        "</news:publication>"
        f"<news:publication_date>{story.published.isoformat()}</news:publication_date>"
        f"<news:title>{escape(story.title)}</news:title></news:news></url>\n"
        for story in listed
    )
    sitemap = (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" '
        'xmlns:news="http://www.google.com/schemas/sitemap-news/0.9">\n'
        f"{entries}</urlset>\n"
    )
    return _file("application/xml; charset=utf-8", sitemap.encode())


def _robots(site: str) -> Answer:
    rules = f"User-agent: *\nDisallow: /private/\n\nSitemap: {site}/sitemap-news.xml\n"
    return _file("text/plain; charset=utf-8", rules.encode())


def _static(listed: Iterable[Story]) -> dict[str, Answer]:
    css, script = "text/css; charset=utf-8", "text/javascript; charset=utf-8"
    files = {
        "/static/site.css": _file(css, (PAGES / "site.css").read_bytes()),
        "/static/type.css": _file(css, (PAGES / "type.css").read_bytes()),
        "/static/site.js": _file(script, (PAGES / "site.js").read_bytes()),
        "/static/css/main.css": _file(css, (PAGES / "main.css").read_bytes()),
        "/static/paper.png": _file("image/png", plain(251, 249, 244, 8)),
        "/static/icon.png": _file("image/png", plain(122, 46, 29, 32)),
        "/favicon.ico": _file("image/png", plain(122, 46, 29, 32)),
    }
    return files | _pictures(tuple(story.slug for story in listed))


@cache
def _pictures(slugs: tuple[str, ...]) -> dict[str, Answer]:
    sizes = {"": (640, 360), "-small": (320, 180)}
    return {
        f"/pictures/{slug}{suffix}.png": _file("image/png", landscape(slug, *size))
        for slug in slugs
        for suffix, size in sizes.items()
    }
