"""Which pages name a URL as their canonical one; on each database."""

from __future__ import annotations

from dataclasses import replace

import pytest

from archive.index import Index
from archive.model import Capture
from archive.urlkey import urlkey
from tests.archive.index.samples import RUN, capture, document

URL = "https://example.org/news/fire"


def at(url: str, offset: int) -> Capture:
    """A capture of a URL."""
    return replace(capture(offset=offset), url=url, urlkey=urlkey(url))


def test_pages_are_found_by_the_url_that_they_name(index: Index) -> None:
    pages = [at(f"{URL}/amp", 1), at(f"{URL}?print=1", 2), at(URL, 3), at(f"{URL}/amp", 4)]
    texts = [document(page, "Text", canonical_url=URL) for page in pages]
    other = document(at("https://example.org/rain", 5), "Rain", canonical_url=f"{URL}/rain")
    none = document(at("https://example.org/none", 6), "None", canonical_url=None)
    index.commit([], [*texts, other, none])
    assert index.documents.named_by("http://www.example.org/news/fire") == [
        f"{URL}/amp",
        f"{URL}?print=1",
    ]
    assert index.documents.named_by("https://example.org/rain") == []


def test_a_later_run_may_name_another(index: Index) -> None:
    page = at(f"{URL}/amp", 1)
    index.commit([], [document(page, "Text", canonical_url=URL)])
    index.commit([], [document(page, "Text", run=f"9{RUN}", canonical_url=f"{URL}/other")])
    assert index.documents.named_by(URL) == []
    assert index.documents.named_by(f"{URL}/other") == [f"{URL}/amp"]


@pytest.mark.parametrize(
    "canonical", ["nonsense", "https://", "javascript:void(0)", f"https://example.org/{'a' * 5000}"]
)
def test_what_is_no_address_is_named_by_nobody(index: Index, canonical: str) -> None:
    page = document(at(f"{URL}/amp", 1), "Text", canonical_url=canonical)
    index.commit([], [page])
    found = index.documents.of(at(f"{URL}/amp", 1))
    assert found is not None
    assert found.article.canonical_url == canonical
    assert index.documents.named_by(f"{URL}/amp") == []


def test_only_so_many_are_named(index: Index) -> None:
    pages = [at(f"{URL}/{number}", number + 1) for number in range(30)]
    index.commit([], [document(page, "Text", canonical_url=URL) for page in pages])
    assert index.documents.named_by(URL) == sorted(page.url for page in pages[10:])
