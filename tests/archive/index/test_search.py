from __future__ import annotations

import sqlite3
from dataclasses import replace

import pytest
import snowballstemmer
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archive.index import Index, SearchQuery
from archive.index.analyser import stemmer_of, tokens
from archive.index.snippets import Snippets
from archive.index.words import parse
from tests.archive.index.samples import FILENAME, LATER_RUN, RUN, capture, document

TEXTS = {
    "zh": "公司供应链中的工人权利受到侵犯",
    "ar": "تقرير عن حقوق العمال في المصانع",
    "ru": "Компания нарушила права рабочих",
    "fr": "Un été difficile pour les ouvrières",
    "pt": "Greve dos trabalhadores em São Paulo",
    "hi": "मज़दूरों के अधिकार",
    "th": "สิทธิของแรงงานในโรงงาน",
    "ko": "노동자의 권리",
    "ja": "労働者のガードマン",
    "en": "Workers' rights in state-of-the-art factories",
}


@pytest.fixture
def library(index: Index) -> Index:
    """One article in each language."""
    for place, (language, text) in enumerate(TEXTS.items()):
        page = capture(f"https://example.org/{language}", offset=place)
        index.commit([page], [document(page, text, language=language)])
    return index


def languages(index: Index, words: str, language: str | None = None) -> list[str]:
    hits = index.documents.search(SearchQuery(words=words, language=language))
    return [hit.url.rpartition("/")[2] for hit in hits]


PROBES = [
    ("zh", "工人"),
    ("zh", "供应链"),
    ("ar", "عمال"),
    ("ar", "العمال"),
    ("ru", "рабочие"),
    ("fr", "ete"),
    ("pt", "sao"),
    ("hi", "मज़दूरों"),
    ("hi", "अधिकार"),
    ("th", "แรงงาน"),
    ("ko", "노동자"),
    ("ja", "労働者"),
    ("ja", "ガード"),
    ("zh", "工"),
    ("fr", "Été"),
    ("en", "worker"),
    ("en", "FACTORY"),
    ("en", "state-of-the-art"),
    ("en", "rights worker"),
]


@pytest.mark.parametrize(("language", "words"), PROBES)
def test_found_whether_the_language_is_stated_or_not(
    library: Index, language: str, words: str
) -> None:
    assert languages(library, words) == [language]
    assert languages(library, words, language) == [language]
    assert languages(library, words, "sv") == []


@pytest.mark.parametrize(
    "words",
    ["カード", "人工", "state-the-art", "worker holiday", "", "   ", "!!!", '"', "NOT", "rights*x"],
)
def test_not_found(library: Index, words: str) -> None:
    assert languages(library, words) == []


@pytest.fixture
def some_index(index: Index) -> Index:
    index.commit([], [document(capture(offset=1), "Text of a page", language="en")])
    index.commit([], [document(capture(offset=2), "Texte d'une page", language="fr")])
    return index


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.text() | st.text("\"*^():{}+-.'\\ \0ANDORNEAR,1aé工\ud800"), st.none() | st.text())
def test_any_words_may_be_asked_for(some_index: Index, words: str, language: str | None) -> None:
    some_index.documents.search(SearchQuery(words=words, language=language))
    assert (
        len(some_index.documents.search(SearchQuery(words="page"))) == 1
    )  # two versions of one URL


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.text(), st.sampled_from(["en", "ru", "ar", "zh", None]))
def test_what_the_analyser_gives_fts5_leaves_alone(text: str, language: str | None) -> None:
    expected = list(tokens(text, stemmer_of(language)))
    connection = sqlite3.connect(":memory:")
    connection.execute(
        "CREATE VIRTUAL TABLE t USING fts5(a, content='', "
        "tokenize=\"unicode61 remove_diacritics 0 categories 'L* N* M*'\")"
    )
    connection.execute("CREATE VIRTUAL TABLE v USING fts5vocab(t, instance)")
    connection.execute("INSERT INTO t(rowid, a) VALUES (1, ?)", [" ".join(expected)])
    count = connection.execute("SELECT count(*) FROM v").fetchone()[0]
    connection.close()
    assert count == len(expected)


def test_every_stemmer_exists_and_languages_without_one_are_kept_as_they_are() -> None:
    assert stemmer_of("pt-BR") == "portuguese"
    assert stemmer_of("EN") == "english"
    assert stemmer_of("zh") == stemmer_of(None) == stemmer_of("") == stemmer_of("xx") == ""
    known = {stemmer_of(tag) for tag in ("ar", "de", "en", "es", "fr", "hi", "ru", "tr")}
    assert known <= set(snowballstemmer.algorithms())
    assert list(tokens("running", "")) == ["running"]
    assert list(tokens("running", "english")) == ["run"]
    assert list(tokens("a" * 100_000 + "ing", "english")) == ["a" * 100_000 + "ing"]


def test_a_later_run_replaces_an_earlier_one_in_any_order(index: Index) -> None:
    page = capture()
    old = document(page, "about miners", RUN)
    new = document(page, "about drivers", LATER_RUN)
    for first, second in ((old, new), (new, old)):
        index.commit([page], [first])
        index.commit([page], [second])
        index.commit([page], [second, first])
        assert index.documents.of(page) == new
        assert list(index.documents.of_segment(FILENAME)) == [new]
        assert index.counts().documents == 1
        assert index.documents.search(SearchQuery(words="miners")) == []
        assert len(index.documents.search(SearchQuery(words="drivers"))) == 1


def test_a_later_run_without_text_takes_the_words_out(index: Index) -> None:
    page = capture()
    index.commit([page], [document(page, "about miners", RUN)])
    index.commit([page], [document(page, "", LATER_RUN, quality="error")])
    assert index.documents.search(SearchQuery(words="miners")) == []
    index.commit([page], [document(page, "about miners", f"{LATER_RUN}z", quality="thin")])
    assert len(index.documents.search(SearchQuery(words="miners"))) == 1


def test_documents_are_kept_whole(index: Index) -> None:
    pages = [capture(f"https://example.org/{n}", offset=n) for n in range(250)]
    whole = [document(page, f"page {page.offset}\nsecond", tags=("a", "b")) for page in pages]
    index.commit(pages, whole)
    assert index.documents.of(pages[7]) == whole[7]
    assert index.documents.of(capture(offset=999)) is None
    assert list(index.documents.of_segment(FILENAME)) == whole


@pytest.mark.parametrize("quality", ["error"])
def test_pages_that_are_no_articles_are_kept_but_not_searched(index: Index, quality: str) -> None:
    page = capture()
    index.commit([page], [document(page, "miners", quality=quality)])
    assert index.documents.of(page) is not None
    assert index.documents.search(SearchQuery(words="miners")) == []


def test_filters(index: Index) -> None:
    pages = [capture(f"https://example.org/{n}", offset=n) for n in range(4)]
    index.commit(pages, [
        document(pages[0], "miners", published="2026-05-03T23:59:59+05:00"),
        document(pages[1], "miners", published="2026-06"),
        document(pages[2], "miners", published="soon"),
        replace(document(pages[3], "miners", language=None), source="other"),
    ])  # fmt: skip

    def found(**filters: str) -> str:
        hits = index.documents.search(SearchQuery(words="miners", **filters))  # type: ignore[arg-type]  # no limit among them
        return "".join(sorted(hit.url[-1] for hit in hits))

    assert found() == "0123"
    assert found(source="other") == "3"
    assert found(language="en") == "012"
    assert found(start="20260503", end="20260503235959") == "0"
    assert found(start="20260601000000", end="20260630") == "1"
    assert found(start="20261122", end="20261122") == "23"  # the day of capture
    assert found(end="20260502") == ""


def test_one_hit_a_page_the_newest_of_equal_versions(index: Index) -> None:
    versions = [
        capture(timestamp=f"2026112{day}000000", offset=day, url=url)
        for day, url in ((1, "https://example.org/n"), (3, "http://example.org/n/"),
                         (2, "https://www.example.org/n"))
    ]  # fmt: skip
    other = capture("https://example.org/m", offset=9)
    index.commit(versions, [document(page, "miners on strike") for page in versions])
    index.commit([other], [document(other, "miners and miners")])
    hits = index.documents.search(SearchQuery(words="miners"))
    assert [(hit.url, hit.timestamp) for hit in hits] == [
        ("https://example.org/m", "20261122093000"),
        ("http://example.org/n/", "20261123000000"),
    ]
    assert hits[0].score > hits[1].score > 0
    assert len(index.documents.search(SearchQuery(words="miners", limit=1))) == 1


def test_versions_of_one_page_crowd_no_other_out(index: Index) -> None:
    """Also where there are far more of them than hits are asked for, all as good."""
    versions = [
        capture("https://example.org/a", timestamp=f"202611220930{n:02d}", offset=n)
        for n in range(60)
    ]
    other = capture("https://example.org/b", offset=1000)
    texts = [document(page, "miners on strike") for page in versions]
    index.commit([*versions, other], [*texts, document(other, "strike. " + "Nothing. " * 50)])
    for limit, found in ((1, ["a"]), (2, ["a", "b"]), (3, ["a", "b"])):
        hits = index.documents.search(SearchQuery(words="strike", limit=limit))
        assert [hit.url[-1] for hit in hits] == found
        assert hits[0].timestamp == "20261122093059"
        filtered = SearchQuery(words="strike", limit=limit, language="en", source="example")
        assert index.documents.search(filtered) == hits


def test_title_and_authors_are_searched_and_the_title_weighs_more(index: Index) -> None:
    pages = [capture(f"https://example.org/{n}", offset=n) for n in range(3)]
    index.commit(pages, [
        document(pages[0], "Nothing. " * 20 + "Strike!", title="Weather"),
        document(pages[1], "Nothing. " * 20, title="Strike in the port", published="2026-11-20"),
        document(pages[2], "Nothing. " * 20, title="Sport", authors=("Ana Pereira",)),
    ])  # fmt: skip
    assert [hit.url[-1] for hit in index.documents.search(SearchQuery(words="strike"))] == [
        "1",
        "0",
    ]
    assert [hit.url[-1] for hit in index.documents.search(SearchQuery(words="pereira ana"))] == [
        "2"
    ]
    hit = index.documents.search(SearchQuery(words="strike"))[0]
    assert (hit.title, hit.date, hit.language, hit.source) == (
        "Strike in the port", "2026-11-20", "en", "example",
    )  # fmt: skip
    assert hit.snippet.startswith("Nothing. Nothing.")
    assert hit.spans == ()


def marked(text: str, words: str, language: str | None = "en") -> str:
    stemmer = stemmer_of(language)
    shown, spans = Snippets(parse(words, [stemmer])).of(text, stemmer)
    for start, end in reversed(spans):
        shown = f"{shown[:start]}[{shown[start:end]}]{shown[end:]}"
    return shown


def test_snippets() -> None:
    assert marked("One\nworker and two  Workers'", "workers") == "One [worker] and two [Workers]'"
    assert marked("The state of the art, the state.", "state-of-the") == (
        "The [state of the] art, the state."
    )
    assert marked("สิทธิของแรงงานในโรงงาน", "แรงงาน", "th") == "สิทธิของ[แรงงาน]ในโรงงาน"
    assert marked("公司供应链中的工人", "供应链 工人", "zh") == "公司[供应链]中的[工人]"
    assert marked("公司中的工人", "工", "zh") == "公司中的[工]人"
    assert marked("Été à São Paulo", "sao ete", "pt") == "[Été] à [São] Paulo"
    assert marked("nothing", "else") == "nothing"
    assert marked("", "else") == ""


def test_snippets_are_cut_at_words() -> None:
    text = "before " * 100 + "miners" + " behind" * 100
    shown = marked(text, "miner")
    assert shown.startswith("…before before")
    assert "before [miners] behind" in shown
    assert shown.endswith("behind…")
    assert 150 < len(shown) < 250
    assert len(marked("供" * 1000, "供")) < 1000


_SOME = ["strike", "strikes,", "(striking", "state-of-the", "art.", "São", "—", "workers'", "x"]


@given(st.lists(st.sampled_from(_SOME), max_size=12), st.lists(st.sampled_from(_SOME), max_size=2))
def test_the_quick_way_to_the_first_match_passes_none_by(
    parts: list[str], words: list[str]
) -> None:
    snippets, text = Snippets(parse(" ".join(words), ["english"])), " ".join(parts)
    quick = snippets._places(text, "english", True, snippets._beginning(parts, "english"))
    assert next(quick, None) == next(snippets._places(text, "english", True, 0), None)


@given(st.text(), st.text(), st.sampled_from(["en", "zh", "ar", None]))
def test_spans_lie_within_the_snippet_in_order(text: str, words: str, language: str | None) -> None:
    stemmer = stemmer_of(language)
    shown, spans = Snippets(parse(words + text[:9], [stemmer])).of(text, stemmer)
    ends = [place for span in spans for place in span]
    assert ends == sorted(ends)
    assert all(0 <= start < end <= len(shown) for start, end in spans)
    assert len(shown) <= 242 + len(text)
    assert "\n" not in shown


def many(index: Index) -> None:
    """Seven pages with the word, every second one thin; the first in two versions."""
    for number in range(7):
        page = capture(f"https://example.org/{number}", offset=number)
        quality = "thin" if number % 2 else "article"
        text = "factory " * (number + 1)
        index.commit([page], [document(page, text, quality=quality, language="en")])
    again = capture("https://example.org/0", offset=100, timestamp="20270101000000")
    index.commit([again], [document(again, "factory again", language="de")])


def test_hits_come_page_by_page(index: Index) -> None:
    many(index)
    whole = [hit.url for hit in index.documents.search(SearchQuery(words="factory", limit=20))]
    assert len(whole) == 7
    pages = [
        hit.url
        for offset in (0, 3, 6, 9)
        for hit in index.documents.search(SearchQuery(words="factory", limit=3, offset=offset))
    ]
    assert pages == whole


def test_hits_of_a_quality(index: Index) -> None:
    many(index)
    thin = index.documents.search(SearchQuery(words="factory", quality="thin"))
    assert {hit.url[-1] for hit in thin} == {"1", "3", "5"}
    assert index.documents.search(SearchQuery(words="factory", quality="error")) == []


def test_what_matches_can_be_counted(index: Index) -> None:
    many(index)
    found = index.documents.matches(SearchQuery(words="factory"), 100)
    assert len(found) == 8
    assert {one.digest for one in found} == {capture().digest}
    assert sorted((one.language, one.quality, one.year) for one in found) == sorted(
        [("en", "article", 2026)] * 4 + [("en", "thin", 2026)] * 3 + [("de", "article", 2027)]
    )
    assert len(index.documents.matches(SearchQuery(words="factory"), 3)) == 3
    assert index.documents.matches(SearchQuery(words="!"), 3) == []
    hits = index.documents.search(SearchQuery(words="factory"))
    assert [hit.timestamp for hit in hits[:1]] == [found[0].timestamp]
