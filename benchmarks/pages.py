"""Pages for benchmark sites: generated ones, or those of a folder (.html, .html.gz)."""

from __future__ import annotations

import gzip
import hashlib
import random
from pathlib import Path

from archive.digests import sha256

_COMMON = (
    "the of and to in a is that for it as was with be by on not he his but at are this have "
    "from or had an they which one you were all her she there would their we him been has "
    "when who will no more if out so up said what its about than into them can only other "
    "time new some could these two may first then do any like my now over such our man me "
    "even most made after also well did many before must years back through much where your "
    "way down should because long each just state people mine company workers rights report "
    "court government city water union police land river "
)
_WORDS = _COMMON.split()


def generated(number: int, count: int = 40, size: int = 119_000) -> list[bytes]:
    """`count` different pages of about `size` bytes: navigation, an article, scripts, links."""
    return [_page(number * 1000 + n, size) for n in range(count)]


def from_folder(folder: Path) -> list[bytes]:
    """The pages of a folder, unpacked, by name."""
    files = sorted([*folder.glob("*.html"), *folder.glob("*.html.gz")])
    return [
        gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
        for file in files
    ]


def site(folder: Path | None) -> list[bytes]:
    """The pages that a benchmark site serves: of a folder, or the same generated ones always."""
    return from_folder(folder) if folder else generated(1)


def digest(pages: list[bytes]) -> str:
    """`sha256:<hex>` over the digests of the pages: figures of different pages do not compare."""
    return sha256(b"".join(hashlib.sha256(page).digest() for page in pages))


def _page(seed: int, size: int) -> bytes:
    """About 870 elements, 180 of them links, and a fifth of the size when packed: the means of 81
    real pages of news sites, blogs and institutions."""
    chance = random.Random(seed)

    def words(least: int, most: int) -> str:
        return " ".join(chance.choices(_WORDS, k=chance.randint(least, most)))

    def paragraph() -> str:
        link = f'<a class="inline" href="/page/{chance.randint(0, 1999)}">{words(2, 5)}</a>'
        return f"<p><span>{words(20, 45)} {link} <em>{words(1, 4)}</em> {words(15, 40)}.</span></p>"

    menu = "".join(
        f'<li class="menu__item menu__item--level-{n % 3}"><a class="menu__link" '
        f'href="/section/{n}/"><span class="menu__label">{words(1, 3)}</span></a></li>'
        for n in range(90)
    )
    cards = "".join(
        f'<div class="card card--small"><div class="card__inner"><a class="card__link" '
        f'href="/page/{chance.randint(0, 1999)}"><h3 class="card__title">{words(6, 12)}</h3></a>'
        f'<time class="card__time">2026-11-{chance.randint(1, 28):02}</time>'
        f'<img class="card__image" alt="" src="/static/{chance.randint(0, 99)}.jpg"></div></div>'
        for _ in range(60)
    )
    article = "\n".join(paragraph() for _ in range(30))
    start = (
        f"<!doctype html><html lang=en><head><meta charset=utf-8><title>{words(5, 9)}</title>"
        f'<link rel=stylesheet href="/site.css"></head><body><nav><ul>{menu}</ul></nav><main>'
        f"<article><h1>{words(5, 9)}</h1>{article}</article></main><aside>{cards}</aside>"
        "<script>window.state=["
    )
    entry = '{"type":"teaser","layout":"default","tracking":{"enabled":true,"id":"%d"}}'
    state = ",".join(
        entry % chance.getrandbits(30) for _ in range((size - len(start)) // (len(entry) + 9))
    )
    return f"{start}{state}]</script></body></html>".encode()
