from __future__ import annotations

from pathlib import Path

import pytest

from archive.digests import sha256
from archive.model import Article
from archive.names import key_of
from tests.archive.web.pages import library
from tests.archive.web.pages.conftest import shown
from tests.archive.web.pages.library import (
    ARABIC,
    CHINESE,
    FRONT,
    GONE,
    HOSTILE,
    MOVED,
    PICTURE,
    RUSSIAN,
    STRIKE,
    UNKNOWN,
    Kept,
    fill,
)
from tests.archive.web.pages.looking import at, links, opened, texts
from tests.archive.web.save.told import Told
from tests.archive.web.serving import Served
from tests.exchanges import page as message


def facts(pages: Served, url: str) -> dict[str, str]:
    page = opened(pages, at("/document", url=url))
    return dict(zip(texts(page, "aside dt"), texts(page, "aside dd"), strict=True))


@pytest.mark.parametrize(
    ("url", "article"),
    [
        (ARABIC, library.ARABIC_ARTICLE),
        (CHINESE, library.CHINESE_ARTICLE),
        (RUSSIAN, library.RUSSIAN_ARTICLE),
        (HOSTILE, library.HOSTILE_ARTICLE),
    ],
)
def test_the_text_is_whole_in_its_own_direction_and_harmless(
    pages: Served, url: str, article: Article
) -> None:
    response = pages.get(at("/document", url=url))
    page = opened(pages, at("/document", url=url))
    assert texts(page, "h1") == [article.title]
    assert texts(page, ".text p") == article.text.split("\n")
    (text,) = page.cssselect(".text")
    assert (text.get("lang"), text.get("dir")) == (article.language, "auto")
    assert all(paragraph.get("dir") == "auto" for paragraph in page.cssselect(".text p"))
    assert len(page.cssselect("script:not([src])")) == 0
    assert "<img" not in response.text.partition("<main")[2]


def test_a_headline_that_the_text_begins_with_is_shown_once(tmp_path: Path) -> None:
    article = Article(
        title="Miners end  strike",
        text="Miners end strike\nWork begins again.",
        quality="article",
        extraction_status="ok",
    )
    fill(tmp_path, [Kept(url=STRIKE, message=message("x"), hours=0, article=article)])
    with shown(tmp_path, Told()) as pages:
        assert texts(opened(pages, at("/document", url=STRIKE)), ".text p") == [
            "Work begins again."
        ]


def test_where_it_comes_from(pages: Served) -> None:
    told = facts(pages, STRIKE)
    capture = pages.site.view.find(STRIKE)
    memento = pages.site.view.open(capture)
    assert told["WARC file"] == capture.filename
    assert told["Offset and length"] == f"{capture.offset}, {capture.length} bytes"
    assert told["Digest of the payload"] == capture.digest
    assert told["Digest of the message"] == sha256(memento.raw)
    assert told["Record"] == capture.record_id
    assert told["Server"] == "192.0.2.7"
    assert told["Protocols"] == "http/1.1, tls/1.3"
    assert told["Cipher suite"] == "TLS_AES_256_GCM_SHA384"
    assert told["Certificate verified"] == "yes"
    assert told["Captured"] == "1 January 2027, 10:00:00 UTC"
    assert told["Digest of the text"] == sha256(library.VERSIONS[2].text.encode())


def test_the_permalink_leads_to_the_capture(pages: Served) -> None:
    page = opened(pages, at("/document", url=STRIKE, at="2026112210"))
    (permalink,) = page.cssselect("#permalink")
    assert permalink.get("href") == f"{pages.url}/web/20261122100000/{STRIKE}"
    response = pages.client.get(permalink.get("href"))
    assert response.headers["memento-datetime"] == "Sun, 22 Nov 2026 10:00:00 GMT"


@pytest.mark.parametrize(
    ("form", "ending", "kind", "beginning"),
    [
        ("apa", ".txt", "text/plain", "Pereira, A. (2026, November 22). Miners end strike"),
        ("bibtex", ".bib", "application/x-bibtex", "@online{pereira2026miners,"),
        ("ris", ".ris", "application/x-research-info-systems", "TY  - ELEC\r\n"),
    ],
)
def test_a_reference_is_shown_and_downloaded(
    pages: Served, form: str, ending: str, kind: str, beginning: str
) -> None:
    page = opened(pages, at("/document", url=STRIKE))
    (shown,) = page.cssselect(f"#cite-{form}")
    (link,) = [a for a in page.cssselect("#cite a") if f"form={form}" in a.get("href")]
    response = pages.get(link.get("href"))
    assert response.headers["content-type"] == f"{kind}; charset=utf-8"
    name = f'attachment; filename="news.example.org-20270101100000{ending}"'
    assert response.headers["content-disposition"] == name
    assert response.text.startswith(beginning)
    assert "".join(shown.text_content().split()) == "".join(response.text.split())
    assert f"{pages.url}/web/20270101100000/{STRIKE}" in response.text


def test_an_unknown_form_of_reference_is_told(pages: Served) -> None:
    assert pages.get(at("/cite", url=STRIKE, form="mla")).status_code == 400
    assert pages.get(at("/cite", url=UNKNOWN)).status_code == 404


def test_what_the_store_does_not_give_can_be_cited(tmp_path: Path) -> None:
    article = library.VERSIONS[0]
    fill(tmp_path, [Kept(url=STRIKE, message=message("x"), hours=0, article=article)])
    with shown(tmp_path, Told()) as pages:
        key = key_of(pages.site.view.find(STRIKE).filename)
        (tmp_path / "collection" / key).unlink()
        assert pages.get(at("/document", url=STRIKE)).status_code == 503
        response = pages.get(at("/cite", url=STRIKE))
        assert response.status_code == 200
        assert response.text.startswith("Pereira, A., & Lind, J. (2026, November 21). Miners")


def test_text_and_records_are_downloaded(pages: Served) -> None:
    found = links(opened(pages, at("/document", url=STRIKE)))
    assert pages.get(found["Text file"]).text == library.VERSIONS[2].text + "\n"
    capture = pages.site.view.find(STRIKE)
    assert pages.get(found["WARC file"]).content == pages.site.view.open(capture).members


@pytest.mark.parametrize(
    ("url", "heading"),
    [
        (MOVED, "This capture is a redirect"),
        (GONE, "There is no text: the server answered 410"),
        (PICTURE, "This capture is no page"),
        (FRONT, "The text of this page has not been made yet"),
    ],
)
def test_what_has_no_text_says_why(pages: Served, url: str, heading: str) -> None:
    page = opened(pages, at("/document", url=url))
    assert texts(page, ".notice h2") == [heading]
    assert texts(page, "h1") == [url]
    if url == MOVED:
        assert links(page)[STRIKE] == at("/document", url=STRIKE, at="20261122120000")


def test_captures_before_and_after_are_linked(pages: Served) -> None:
    page = opened(pages, at("/document", url=STRIKE, at="20261122150000"))
    assert links(page)["Earlier: 2026-11-22 10:00"].endswith("at=20261122100000")
    assert links(page)["Later: 2026-11-22 16:00"].endswith("at=20261122160000")


def test_what_cannot_be_opened_is_told(pages: Served) -> None:
    assert texts(opened(pages, at("/document", url=UNKNOWN), 404), "h1") == ["Not in the archive"]
    assert pages.get(at("/document", url=STRIKE, at="never")).status_code == 400
    assert pages.get("/document").headers["location"] == "/"
