"""Pages for benchmark sites: generated ones, or those of a folder (.html, .html.gz)."""

from __future__ import annotations

import gzip
import random
from pathlib import Path

_WORDS = (
    "the of and to in a is that for it as was with be by on not he his but at are this have from or "
    "had an they which one you were all her she there would their we him been has when who will no "
    "more if out so up said what its about than into them can only other time new some could these "
    "two may first then do any like my now over such our man me even most made after also well did "
    "many before must years back through much where your way down should because long each just state "
    "people mine company workers rights report court government city water union police land river"
).split()


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


def _page(seed: int, size: int) -> bytes:
    chance = random.Random(seed)

    def sentence() -> str:
        words = [chance.choice(_WORDS) for _ in range(chance.randint(8, 25))]
        return f"{' '.join(words).capitalize()}."

    def paragraph() -> str:
        return f"<p>{' '.join(sentence() for _ in range(chance.randint(2, 6)))}</p>"

    menu = "".join(
        f'<li class="menu__item menu__item--{n % 7}"><a class="menu__link" href="/section/{n}/">'
        f"{chance.choice(_WORDS).title()}</a></li>"
        for n in range(60)
    )
    article = "\n".join(paragraph() for _ in range(30))
    cards = "".join(
        f'<div class="card card--small" data-id="{chance.getrandbits(40)}"><a class="card__link" '
        f'href="/page/{chance.randint(0, 1999)}"><h3>{sentence()}</h3></a>'
        f"<time>2026-11-{chance.randint(1, 28):02}</time></div>"
        for n in range(60)
    )
    head = (
        f"<!doctype html><html lang=en><head><meta charset=utf-8><title>{sentence()}</title>"
        '<link rel=stylesheet href="/site.css"></head><body>'
    )
    start = f"{head}<nav><ul>{menu}</ul></nav><main><article><h1>{sentence()}</h1>{article}"
    start += f"</article></main><aside>{cards}</aside><script>"
    state = []
    length = len(start)
    while length < size:
        state.append(f'{{"id":"{chance.getrandbits(64):016x}","title":"{sentence()}"}}')
        length += len(state[-1]) + 1
    return f"{start}window.state=[{','.join(state)}]</script></body></html>".encode()
