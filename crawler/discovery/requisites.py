"""Requisites: what a browser loads by itself to show a page or a style sheet."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from lxml import etree

from crawler.discovery.css import css_urls
from crawler.discovery.markup import Markup, parse_markup
from crawler.discovery.srcset import srcset_urls
from crawler.discovery.urls import Base

RequisiteKind = Literal["image", "style", "script", "font", "frame", "media", "other"]
"""`frame` is a document of its own inside the page, `media` is sound or moving pictures."""

Attributes = Mapping[str, str]
Reference = tuple[str, RequisiteKind]

LAZY = (
    "data-src",
    "data-original",
    "data-lazy-src",
    "data-lazy",
    "data-original-src",
    "data-orig-file",
    "data-hi-res-src",
    "data-url",
)
"""Attributes from which scripts fill `src` when the reader scrolls to the picture."""

LAZY_SETS = ("data-srcset", "data-lazy-srcset", "data-original-set", "data-sizes-srcset")

BACKGROUNDS = ("data-bg", "data-background", "data-background-image", "data-bg-src", "data-bgset")
"""Attributes from which scripts fill a background; the value is a URL or CSS with url()."""


@dataclass(frozen=True, slots=True)
class Requisite:
    """One thing that a page needs."""

    url: str  #: absolute, http or https, without fragment
    kind: RequisiteKind  #: by where it is used, not by what it turns out to be


def requisites(html: str, base_url: str) -> list[Requisite]:
    """The requisites of a page in order, each URL once."""
    return requisites_of(parse_markup(html, base_url))


def requisites_of(page: Markup) -> list[Requisite]:
    """The requisites of a parsed page in order, each URL once; noscript and srcdoc count too."""
    found: dict[str, RequisiteKind] = {}
    _collect(page, found, srcdoc=True)
    return [Requisite(url, kind) for url, kind in found.items()]


def css_requisites(css: str, base_url: str) -> list[Requisite]:
    """The requisites of a style sheet in order, each URL once."""
    base, found = Base(base_url), dict[str, RequisiteKind]()
    for reference, kind in _css(css):
        url = base.resolve(reference)
        if url:
            found.setdefault(url, kind)
    return [Requisite(url, kind) for url, kind in found.items()]


def _collect(page: Markup, found: dict[str, RequisiteKind], *, srcdoc: bool) -> None:
    if page.root is None:
        return
    for element in page.root.iter(etree.Element):
        read = _ELEMENTS.get(element.tag)
        anywhere = not _ANYWHERE.isdisjoint(element.keys())
        if read is None and not anywhere:
            continue
        attributes = dict(element.items())
        references = list(read(attributes, element)) if read else []
        if anywhere:
            references += _anywhere(attributes)
        for reference, kind in references:
            url = page.base.resolve(reference)
            if url and found.setdefault(url, kind) == "other":
                found[url] = kind
        if srcdoc and element.tag == "iframe" and "srcdoc" in attributes:
            inner = parse_markup(attributes["srcdoc"], "")
            _collect(Markup(inner.root, page.base), found, srcdoc=False)


_ANYWHERE = frozenset({"style", "background", *BACKGROUNDS})


def _anywhere(attributes: Attributes) -> Iterator[Reference]:
    """Attributes that count on every element."""
    style = attributes.get("style")
    if style:
        yield from _css(style)
    background = attributes.get("background")
    if background:
        yield background, "image"
    for name in BACKGROUNDS:
        value = attributes.get(name)
        if not value:
            continue
        if "url(" in value.lower():
            yield from _css(value)
        elif _looks_like_url(value):
            yield value.split()[0], "image"


_CONTEXTS: dict[str, RequisiteKind] = {"import": "style", "font": "font", "image": "image"}


def _css(text: str) -> Iterator[Reference]:
    for found in css_urls(text):
        yield found.url, _CONTEXTS[found.context]


_URL_LIKE = re.compile(r"\s*(?:https?:)?/?/?[^\s/{}\[\]\"']+[/.][^{}\[\]\"']*\Z", re.IGNORECASE)


def _looks_like_url(value: str) -> bool:
    """Whether a data attribute holds a URL, not a number, a word or JSON."""
    return len(value) < 4096 and bool(_URL_LIKE.match(value))


def _lazy(attributes: Attributes, kind: RequisiteKind) -> Iterator[Reference]:
    for name in LAZY:
        value = attributes.get(name)
        if value and _looks_like_url(value):
            yield value, kind
    for name in LAZY_SETS:
        value = attributes.get(name)
        if value:
            for url in srcset_urls(value):
                yield url, kind


def _attributes(
    kind: RequisiteKind, *names: str
) -> Callable[[Attributes, etree._Element], Iterator[Reference]]:
    def read(attributes: Attributes, _: etree._Element) -> Iterator[Reference]:
        for name in names:
            value = attributes.get(name)
            if value:
                yield value, kind

    return read


def _image(attributes: Attributes, _: etree._Element) -> Iterator[Reference]:
    if src := attributes.get("src"):
        yield src, "image"
    if srcset := attributes.get("srcset"):
        for url in srcset_urls(srcset):
            yield url, "image"
    yield from _lazy(attributes, "image")


def _source(attributes: Attributes, element: etree._Element) -> Iterator[Reference]:
    """<source>: of a picture through srcset, of sound or film through src."""
    parent = element.getparent()
    pictures = parent is not None and parent.tag == "picture"
    kind: RequisiteKind = "image" if pictures else "media"
    if src := attributes.get("src"):
        yield src, kind
    if srcset := attributes.get("srcset"):
        for url in srcset_urls(srcset):
            yield url, "image"
    yield from _lazy(attributes, kind)


def _media(attributes: Attributes, _: etree._Element) -> Iterator[Reference]:
    for name in ("poster", "data-poster"):
        if value := attributes.get(name):
            yield value, "image"
    if src := attributes.get("src"):
        yield src, "media"
    yield from _lazy(attributes, "media")


def _frame(attributes: Attributes, _: etree._Element) -> Iterator[Reference]:
    if src := attributes.get("src"):
        yield src, "frame"
    yield from _lazy(attributes, "frame")


def _input(attributes: Attributes, _: etree._Element) -> Iterator[Reference]:
    if attributes.get("type", "").strip().lower() == "image" and (src := attributes.get("src")):
        yield src, "image"


def _style(_: Attributes, element: etree._Element) -> Iterator[Reference]:
    yield from _css("".join(element.itertext()))


_ICONS = frozenset(
    {"icon", "apple-touch-icon", "apple-touch-icon-precomposed", "mask-icon", "fluid-icon"}
)
_PRELOADS: dict[str, RequisiteKind] = {
    "image": "image",
    "style": "style",
    "script": "script",
    "worker": "script",
    "font": "font",
    "audio": "media",
    "video": "media",
    "document": "frame",
}


def _link(attributes: Attributes, _: etree._Element) -> Iterator[Reference]:
    rel = attributes.get("rel", "").lower().split()
    href = attributes.get("href", "")
    if "stylesheet" in rel:
        yield href, "style"
    elif "preload" in rel:
        kind = _PRELOADS.get(attributes.get("as", "").strip().lower(), "other")
        yield href, kind
        for url in srcset_urls(attributes.get("imagesrcset", "")):
            yield url, "image"
    elif "modulepreload" in rel:
        yield href, "script"
    elif "manifest" in rel:
        yield href, "other"
    elif not _ICONS.isdisjoint(rel) or "image_src" in rel:
        yield href, "image"


_LEAD_PICTURES = frozenset(
    {"og:image", "og:image:url", "og:image:secure_url", "twitter:image", "twitter:image:src"}
)


def _meta(attributes: Attributes, _: etree._Element) -> Iterator[Reference]:
    """The lead picture as the page offers it to others, and the tiles of its icon.

    No browser loads og:image, but it is often the only whole copy of the picture of an article.
    """
    name = (attributes.get("property") or attributes.get("name") or "").strip().lower()
    if name in _LEAD_PICTURES or name == "msapplication-tileimage":
        yield attributes.get("content", ""), "image"


_SVG_REFERENCE = _attributes("image", "href", "xlink:href")

_ELEMENTS: Mapping[object, Callable[[Attributes, etree._Element], Iterator[Reference]]] = {
    "img": _image,
    "amp-img": _image,
    "source": _source,
    "input": _input,
    "image": _SVG_REFERENCE,
    "use": _SVG_REFERENCE,
    "feimage": _SVG_REFERENCE,
    "link": _link,
    "style": _style,
    "script": _attributes("script", "src", "href", "xlink:href"),
    "iframe": _frame,
    "frame": _frame,
    "embed": _attributes("frame", "src"),
    "object": _attributes("frame", "data"),
    "video": _media,
    "audio": _media,
    "amp-video": _media,
    "bgsound": _attributes("media", "src"),
    "track": _attributes("other", "src"),
    "meta": _meta,
}
