from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from archive.model import Article
from pipelines.extraction.page import RawPage
from pipelines.text.framing import (
    PREFIX,
    frame,
    pack_article,
    pack_page,
    unpack_article,
    unpack_page,
)

TEXTS = st.text(max_size=50)
OPTIONAL = st.one_of(st.none(), TEXTS)


@given(st.builds(RawPage, url=TEXTS, content_type=OPTIONAL, body=st.binary(), status=st.integers()))
def test_page_round_trip(page: RawPage) -> None:
    assert unpack_page(*pack_page(page)) == page


@given(
    st.builds(
        Article,
        title=OPTIONAL,
        authors=st.lists(TEXTS).map(tuple),
        tags=st.lists(TEXTS).map(tuple),
        text=TEXTS,
        quality=st.just("thin"),
        extraction_status=st.just("ok"),
    ),
    OPTIONAL,
)
def test_article_round_trip(article: Article, detail: str | None) -> None:
    assert unpack_article(pack_article(article, detail)) == (article, detail)


def test_frame() -> None:
    assert frame(b"ab") == b"\0\0\0\x02ab"
    assert len(frame(b"")) == PREFIX
