from __future__ import annotations

from urllib.parse import quote

from archive.digests import sha256
from tests.archive.web.api.conftest import MOVED, NEWS
from tests.archive.web.serving import Served

DOCUMENTS = "/api/v1/documents"


def query(url: str, at: str = "") -> str:
    return f"?url={quote(url, safe='')}" + (f"&at={at}" if at else "")


def test_a_document_has_all_its_fields(api: Served) -> None:
    answer = api.get(DOCUMENTS + query(NEWS, "20261122100000")).json()
    text = "Workers at the factory <b>object</b> to night shifts.\nA second one."
    assert answer["document"] == {
        "title": "Night shifts",
        "authors": ["Ana Lim"],
        "published": "2026-11-20T08:00:00Z",
        "modified": None,
        "date": "2026-11-20",
        "language": "en",
        "site": None,
        "section": None,
        "tags": [],
        "image": None,
        "canonical_url": None,
        "text": text,
        "text_digest": sha256(text.encode()),
        "words": 13,
        "quality": "article",
        "extraction_status": "ok",
        "extractor": "test 1",
    }


def test_a_document_says_where_it_comes_from(api: Served) -> None:
    answer = api.get(DOCUMENTS + query(NEWS, "20261122100000")).json()
    provenance = answer["provenance"]
    assert provenance["ip"] == "192.0.2.7"
    assert provenance["protocols"] == ["http/1.1", "tls/1.3"]
    assert provenance["cipher_suite"] == "TLS_AES_256_GCM_SHA384"
    assert provenance["certificate_verified"] == "no; self-signed"
    assert provenance["certificate_chain"].startswith("<urn:uuid:")
    assert provenance["warc_date"] == "2026-11-22T10:00:00.250000Z"
    assert provenance["block_digest"].startswith("sha256:")
    assert provenance["request_record_id"].startswith("<urn:uuid:")
    assert provenance["original_record_id"] is None
    capture = answer["capture"]
    assert capture["url"] == NEWS
    assert capture["record_id"] not in (None, provenance["request_record_id"])


def test_without_a_time_it_is_the_newest_that_was_there(api: Served) -> None:
    answer = api.get(DOCUMENTS + query(NEWS)).json()
    assert answer["capture"]["timestamp"] == "20261122120000"


def test_redirects_are_followed(api: Served) -> None:
    answer = api.get(DOCUMENTS + query(MOVED)).json()
    assert answer["capture"]["url"] == NEWS


def test_what_has_no_text_is_not_found(api: Served) -> None:
    for path in (DOCUMENTS, f"{DOCUMENTS}/text"):
        for url in ("https://news.example.org/logo.png", "https://news.example.org/none"):
            answer = api.get(path + query(url))
            assert answer.status_code == 404
            assert url in answer.json()["detail"]


def test_the_text_is_a_file(api: Served) -> None:
    answer = api.get(f"{DOCUMENTS}/text" + query(NEWS, "20261122100000"))
    assert answer.content == (
        b"Workers at the factory <b>object</b> to night shifts.\nA second one.\n"
    )
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-disposition"] == (
        'attachment; filename="news.example.org-20261122100000.txt"'
    )
    chinese = api.get(f"{DOCUMENTS}/text" + query("https://news.example.org/zh"))
    assert chinese.content.decode() == "公司供应链中的工人权利受到侵犯\n"
