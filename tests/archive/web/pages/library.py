"""A small archive in four languages, with all that pages have to show: versions, redirects, errors,
captures without text, and titles that would be markup if they were not escaped."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from archive.model import Article, Connection, Exchange
from archive.store.local import LocalStore
from tests.exchanges import STARTED, exchange, page, response
from tests.keeping import place

STRIKE = "https://news.example.org/2026/strike"
ARABIC = "https://akhbar.example/العمال/1"
CHINESE = "https://xinwen.example/gongren?id=7"
RUSSIAN = "https://vesti.example/rabochie"
HOSTILE = "https://news.example.org/<script>?a=\"1'&b"
MOVED = "https://news.example.org/old-strike"
GONE = "https://news.example.org/gone"
PICTURE = "https://news.example.org/strike.png"
FRONT = "https://news.example.org/"
UNKNOWN = "https://news.example.org/never-seen"

_FIRST = "The miners of the Verhold pit laid down their tools on Monday."
_SECOND = "Their union asks for a second rest day and for masks that fit."
_LONG = [
    f"Paragraph {number} tells what was agreed on in year {1990 + number} and who signed it."
    for number in range(1, 9)
]

_BEGINNING = Article(
    title="Miners strike at Verhold",
    authors=("Ada Pereira", "Jonas Lind"),
    published="2026-11-21T08:00:00Z",
    language="en",
    site="The Lantern",
    section="Work",
    text="\n".join([_FIRST, _SECOND, *_LONG, "About 300 people took part, the union says."]),
    quality="article",
    extraction_status="ok",
    extractor="test 1",
)

VERSIONS = (
    _BEGINNING,
    replace(_BEGINNING, text=_BEGINNING.text.replace("300", "450")),
    Article(
        title="Miners end strike at Verhold",
        authors=("Ada Pereira",),
        published="2026-11-22T08:00:00Z",
        language="en",
        site="The Lantern",
        section="Work",
        text="\n".join(
            [
                _FIRST,
                "Their union has won a second rest day.",
                *_LONG,
                "About 450 people took part, the union says.",
                "Work begins again on Thursday, the company said in a letter to all families.",
            ]
        ),
        quality="article",
        extraction_status="ok",
        extractor="test 1",
    ),
)


def _article(
    language: str, title: str, text: str, *authors: str, quality: str = "article"
) -> Article:
    return Article(
        title=title,
        authors=authors,
        published="2026-11-20",
        language=language,
        text=text,
        quality="thin" if quality == "thin" else "article",
        extraction_status="ok",
        extractor="test 1",
    )


ARABIC_ARTICLE = _article(
    "ar",
    "إضراب عمال المناجم في فيرهولد",
    "توقف عمال منجم فيرهولد عن العمل يوم الاثنين.\nوتطالب نقابتهم بيوم راحة ثان وبأقنعة تناسبهم.",
    "ليلى حداد",
)
CHINESE_ARTICLE = _article(
    "zh",
    "维尔霍尔德矿工罢工",
    "维尔霍尔德矿的矿工星期一停止了工作。\n工会要求增加一天休息日，并提供合适的口罩。",
    "王小明",
)
RUSSIAN_ARTICLE = _article(
    "ru",
    "Забастовка горняков в Верхольде",
    "Горняки шахты Верхольд в понедельник прекратили работу.\nПрофсоюз требует второго дня отдыха.",
    "Анна Петрова",
)
HOSTILE_ARTICLE = _article(
    "en",
    "<script>alert('title')</script> & \"quotes\"",
    "A strike of <b>markup</b> & <img src=x onerror=alert(1)>.\n</p><script>alert(2)</script>",
    "<i>Nobody</i>",
    quality="thin",
)

TLS = Connection(
    ip="192.0.2.7", tls_version="TLSv1.3", cipher="TLS_AES_256_GCM_SHA384", verified=True
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """One capture to make."""

    url: str
    message: bytes
    hours: float  #: after STARTED
    article: Article | None = None
    source: str = "lantern"

    def exchange(self) -> Exchange:
        started: datetime = STARTED + timedelta(hours=self.hours)
        return exchange(self.url, self.message, started=started, source=self.source, connection=TLS)


def _redirect(to: str) -> bytes:
    return response(b"", b"Location: " + to.encode(), status=b"301 Moved Permanently")


def shelf() -> list[Kept]:
    """What is in the archive."""
    return [
        *(
            Kept(
                url=STRIKE,
                message=page(f"<h1>{one.title}</h1>{one.text}"),
                hours=hours,
                article=one,
            )
            for one, hours in zip(VERSIONS, (0, 5, 24 * 40), strict=True)
        ),
        Kept(url=STRIKE, message=page("same"), hours=6, article=VERSIONS[1]),
        Kept(url=FRONT, message=page("front"), hours=1),
        Kept(url=MOVED, message=_redirect(STRIKE), hours=2),
        Kept(
            url=GONE,
            message=response(b"gone", b"Content-Type: text/html", status=b"410 Gone"),
            hours=3,
        ),
        Kept(url=PICTURE, message=response(b"png", b"Content-Type: image/png"), hours=3),
        Kept(url=HOSTILE, message=page("hostile"), hours=4, article=HOSTILE_ARTICLE),
        Kept(url=ARABIC, message=page("ar"), hours=1, article=ARABIC_ARTICLE, source="akhbar"),
        Kept(url=CHINESE, message=page("zh"), hours=2, article=CHINESE_ARTICLE, source="xinwen"),
        Kept(url=RUSSIAN, message=page("ru"), hours=3, article=RUSSIAN_ARTICLE, source="vesti"),
    ]


def fill(home: Path, kept: Sequence[Kept] | None = None) -> LocalStore:
    """Make the collection in `home`; its index is the file index.db there."""
    store = LocalStore(home / "collection")

    async def main() -> None:
        async with place(home, store) as here:
            for one in shelf() if kept is None else kept:
                (capture,) = await here.writer.keep(one.source, [one.exchange()])
                if one.article is not None:
                    await here.writer.add(capture, one.article)
            await here.writer.seal()
            assert await here.drain()

    asyncio.run(main())
    return store
