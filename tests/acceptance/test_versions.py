"""A page that changes, and what `versions` and `diff` tell of it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from archive.model import Capture
from archive.timestamps import now
from crawler.cli.exits import CHECKS_FAILED
from pipelines.extraction.extractor import extract_page
from pipelines.extraction.page import RawPage
from tests.acceptance.command import Pressmark
from tests.exchanges import exchange
from tests.keeping import place
from tests.servers.routes import html, site
from tests.servers.wire import reply

FIELDS = [
    "url",
    "timestamp",
    "last_timestamp",
    "captures",
    "status",
    "text_digest",
    "title",
    "kinds",
    "words",
    "digest",
    "memento",
]

TEXT = """\
The ministry said on Monday that 12 people died when a textile factory burned down in the north \
of the city. The fire began on the second floor shortly after the night shift came in.
Workers told reporters that the doors to the staircase had been locked from the outside. The owner \
of the factory denied this, and said that all rules had been kept.
Inspectors had visited the building twice in the year before the fire. Their reports were never \
published, and the union now asks for them in court."""
PARAGRAPHS = TEXT.split("\n")
ADDED = """\
On Tuesday evening the police arrested two managers of the company. A judge will decide within \
three days whether they have to stay in prison until the trial begins."""
TITLE = "Twelve dead in factory fire"


def article(title: str, paragraphs: list[str]) -> bytes:
    """A page as news sites have them, with a line that is another one at each visit."""
    text = "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)
    return html(
        f"<html lang=en><head><title>{title}</title><meta name=author content='Ana Diaz'>"
        f"<meta property=article:published_time content=2026-11-02T08:00:00Z></head>"
        f"<body><nav><a href=/>Home</a></nav><article><h1>{title}</h1>{text}</article></body>"
    )


def visited(home: Path, url: str, answers: Sequence[bytes]) -> list[str]:
    """Keep what a page answered at visits of the last hours, as crawls would have; their times.

    In this process, for time's sake: a command fetches what comes after.
    """
    captures: list[Capture] = []
    first = now() - timedelta(hours=len(answers))

    async def main() -> None:
        async with place(home) as here:
            for number, answer in enumerate(answers):
                one = exchange(url, answer, started=first + timedelta(hours=number))
                (capture,) = await here.writer.keep("ondemand", [one])
                captures.append(capture)
                if capture.status == 200 and capture.mime != "warc/revisit":
                    body = answer.partition(b"\r\n\r\n")[2]
                    raw = RawPage(url=url, content_type="text/html", body=body)
                    await here.writer.add(capture, extract_page(raw))
            await here.writer.seal()
            assert await here.drain(60)

    asyncio.run(main())
    return [capture.timestamp for capture in captures]


def test_an_article_is_followed_through_its_changes(pressmark: Pressmark) -> None:
    corrected = [PARAGRAPHS[0].replace("12 people", "14 people"), *PARAGRAPHS[1:]]
    headline = TITLE.replace("Twelve", "Fourteen")
    answers = [
        article(TITLE, PARAGRAPHS),
        article(TITLE, PARAGRAPHS),
        article(headline, corrected),
        article(headline, [*corrected, ADDED]),
        reply(b"<title>gone</title>", b"Content-Type: text/html", status=b"404 Not Found"),
    ]
    _, server = site({"/news/fire": answers[3]})
    with server:
        url = f"{server.url}/news/fire"
        times = visited(pressmark.home, url, answers)
        assert pressmark("archive", url).status == 0
    result = pressmark("versions", url, "--json")
    assert result.status == 0
    found = result.lines
    assert list(found[0])[: len(FIELDS)] == FIELDS
    assert [version["kinds"] for version in found] == [
        [],
        ["headline", "correction"],
        ["addition"],
        ["deleted"],
        ["returned"],
    ]
    assert [version["captures"] for version in found] == [2, 1, 1, 1, 1]
    assert [version["status"] for version in found] == [200, 200, 200, 404, 200]
    assert (found[0]["timestamp"], found[0]["last_timestamp"]) == (times[0], times[1])
    assert [version["title"] for version in found] == [TITLE, headline, headline, None, headline]
    assert found[2]["text_digest"] == found[4]["text_digest"] != found[0]["text_digest"]
    assert found[3]["text_digest"] is None
    assert found[1]["memento"] == f"/web/{times[2]}/{url}"

    change = pressmark("diff", url, "--from", times[0], "--to", times[2], "--json").line
    assert (change["url"], change["from"], change["to"]) == (url, times[0], times[2])
    assert change["kinds"] == ["headline", "correction"]
    assert (change["added"], change["removed"]) == (1, 1)
    assert (change["authors"], change["date"]) == (None, None)
    assert (change["title"]["old"], change["title"]["new"]) == (TITLE, headline)
    spans = [span for paragraph in change["paragraphs"] for span in paragraph["spans"]]
    assert [span["old"] for span in spans if span["kind"] == "removed"] == ["Twelve", "12"]
    assert "".join(span["new"] for span in spans).split("\n") == [headline, *corrected]

    shown = pressmark("diff", url, "--from", times[0], "--to", times[3]).text
    assert "[-Twelve-]{+Fourteen+} dead in factory fire" in shown
    assert "[-12-]{+14+} people" in shown
    assert f"{{+{ADDED}+}}" in shown
    assert "\x1b" not in shown
    assert pressmark("diff", url, "--json").line["kinds"] == ["returned"]


def test_one_version_cannot_be_compared(pressmark: Pressmark) -> None:
    _, server = site({"/a": article(TITLE, PARAGRAPHS)})
    with server:
        url = f"{server.url}/a"
        pressmark("archive", url)
    result = pressmark("diff", url)
    assert result.status == CHECKS_FAILED
    assert re.search(r"one version only, of 20[\d-]{8} [\d:]{8} UTC: there is", result.stderr)
    assert len(result.stderr.splitlines()) == 1
    shown = pressmark("versions", url)
    assert shown.status == 0
    assert "first" in shown.text
    assert TITLE in shown.text
    for command in ("versions", "diff"):
        missing = pressmark(command, f"{url}/b")
        assert missing.status == CHECKS_FAILED
        assert "is not in the collection" in missing.stderr
