"""What changed between two documents: the words, and nothing that no reader would notice."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.documents import count_words
from archive.versions import Kind, difference
from tests.archive.versions.texts import (
    ARABIC,
    CHINESE,
    ENGLISH,
    HINDI,
    JAPANESE,
    RUSSIAN,
    TEXTS,
    THAI,
    changed,
    new_text,
    of,
    old_text,
)

WORDS = st.sampled_from(
    [
        "The",
        "fire",
        "14",
        "1,200.5",
        "“so”",
        '"so"',
        "—",
        "it’s",
        "it's",
        "soft\u00adly",
        "don",
        ".",
        "部长周一",
        "表示。",
        "กล่าวว่า",
        "الأحد",
        "كُتِب",
        "e\u0301t\u00e9",
        "👩\u200d👧",
        "\u200b",
        "ー",
        "…",
    ]
)
LINES = st.one_of(
    st.lists(WORDS, max_size=8).map(" ".join),
    st.lists(WORDS, max_size=5).map("".join),
    st.sampled_from(
        ["5 minutes ago", "6 minutes ago", "12 comments", "", "  ", "Read more", "\x0c"]
    ),
)
LONG = st.lists(LINES, max_size=7).map("\n".join)
MIRRORED: dict[Kind, Kind] = {"addition": "removal", "removal": "addition"}


@given(LONG, LONG)
def test_a_difference_holds_both_texts(old: str, new: str) -> None:
    found = difference(of(old), of(new))
    assert old_text(found) == old
    assert new_text(found) == new


@given(LONG, LONG)
def test_the_way_back_is_the_same_way(old: str, new: str) -> None:
    there, back = difference(of(old), of(new)), difference(of(new), of(old))
    assert {MIRRORED.get(kind, kind) for kind in there.kinds} == set(back.kinds)
    assert (there.added, there.removed) == (back.removed, back.added)
    assert there.ratio == back.ratio


@given(LONG)
def test_a_text_does_not_differ_from_itself(text: str) -> None:
    found = difference(of(text), of(text))
    assert found.is_empty
    assert (found.kinds, found.added, found.removed, found.ratio) == ((), 0, 0, 1.0)
    assert {row.kind for row in found.paragraphs} <= {"same"}


@given(LONG, LONG)
def test_rows_are_lines_of_what_is_shown(old: str, new: str) -> None:
    """A row never goes on behind the end of a line of the new text."""
    for row in difference(of(old), of(new)).paragraphs:
        shown = "".join(span.new for span in row.spans)
        assert "\n" not in shown.rstrip() or row.kind == "same"
        assert {span.kind for span in row.spans} == {row.kind} or row.kind == "changed"


@pytest.mark.parametrize("language", TEXTS)
def test_one_number_in_any_language(language: str) -> None:
    text = TEXTS[language]
    found = difference(of(text), of(text.replace("12", "14")))
    assert changed(found) == [("removed", "12"), ("added", "14")]
    assert (found.kinds, found.added, found.removed) == (("correction",), 1, 1)
    assert [row.kind for row in found.paragraphs].count("changed") == 1


@pytest.mark.parametrize(
    ("text", "was", "became"),
    [
        (ENGLISH, "Monday", "Sunday"),
        (ENGLISH, "twice", "three times"),
        (RUSSIAN, "понедельник", "воскресенье"),
        (ARABIC, "الاثنين", "الأحد"),
        (HINDI, "सोमवार", "रविवार"),
        (CHINESE, "一表", "二表"),
        (JAPANESE, "月曜", "火曜"),
        (THAI, "จันทร์", "อังคาร"),
    ],
)
def test_one_word_is_found_whole(text: str, was: str, became: str) -> None:
    found = difference(of(text), of(text.replace(was, became)))
    removed = "".join(words for kind, words in changed(found) if kind == "removed")
    added = "".join(words for kind, words in changed(found) if kind == "added")
    # In scripts without spaces the common characters of both stay.
    assert removed in was
    assert added in became
    assert removed
    assert added
    assert found.kinds == ("correction",)


def test_one_word_in_a_very_long_text() -> None:
    text = "\n".join(
        f"On day {day} the court heard witness number {day * 3}, who had seen the lorry pass twice."
        for day in range(3000)
    )
    found = difference(of(text), of(text.replace("day 1500 ", "day 1501 ")))
    assert changed(found) == [("removed", "1500"), ("added", "1501")]
    assert found.kinds == ("correction",)
    assert found.ratio > 0.9999


@pytest.mark.parametrize(
    "noisy",
    [
        ENGLISH.replace(" ", "  ").replace(".", ".\u00a0"),
        ENGLISH.replace("\n", "\n\n"),
        ENGLISH.replace(". ", ".\n"),
        ENGLISH.replace("\n", " "),
        ENGLISH.replace("textile", "tex\u00adtile").replace("doors", "\u200edoors"),
        "5 minutes ago\n" + ENGLISH,
        ENGLISH.replace("\n", "\n1.2K shares\n", 1),
        f"{ENGLISH}\nUpdated 14 min ago\n12 comments",
        "\n".join(reversed(ENGLISH.split("\n"))),
    ],
)
def test_noise_is_ignored(noisy: str) -> None:
    found = difference(of(ENGLISH), of(noisy))
    assert found.is_empty
    assert (found.kinds, found.added, found.removed, found.ratio) == ((), 0, 0, 1.0)


def test_spellings_of_the_same_are_ignored() -> None:
    typed = "\"It's\" - he said... 'ever' -- so the café says"
    printed = unicodedata.normalize("NFD", "“It’s” – he said… ‘ever’ — so the café says")
    assert difference(of(typed, typed), of(printed, printed)).is_empty
    wide, narrow = "２０２６年、ＡＢＣ社（東京）", "2026年、ABC社(東京)"
    assert difference(of(wide), of(narrow)).is_empty


def test_noise_changes_beside_a_change() -> None:
    old = ENGLISH.replace("\n", "\n5 minutes ago\n", 1)
    new = ENGLISH.replace("\n", "\n3 hours ago\n", 1).replace("12", "14")
    assert changed(difference(of(old), of(new))) == [("removed", "12"), ("added", "14")]


@pytest.mark.parametrize(
    "line", ["12 dead", "Attack lasted 5 hours", "Her son died 5 years ago", "4. Iran", "In 2026"]
)
def test_short_lines_that_tell_something_are_no_noise(line: str) -> None:
    other = line.translate({ord("5"): "6", ord("2"): "3", ord("4"): "5"})
    found = difference(of(f"{ENGLISH}\n{line}"), of(f"{ENGLISH}\n{other}"))
    assert found.kinds == ("correction",)


def test_lines_that_changed_places_are_shown_as_moved() -> None:
    first, second, third = ENGLISH.split("\n")
    found = difference(of(ENGLISH), of("\n".join([third, first, second])))
    assert changed(found) == [("moved", third), ("moved", third)]
    assert [row.kind for row in found.paragraphs] == ["moved", "same", "same", "moved"]


def test_a_sentence_put_in_is_shown_as_one() -> None:
    """Not as `ended. [The owner] The owner`, which is as short."""
    new = ENGLISH.replace("The owner", "The owner was not there. The owner")
    assert changed(difference(of(ENGLISH), of(new))) == [("added", "The owner was not there.")]


def test_sentences_that_have_only_small_words_in_common_are_not_mixed() -> None:
    old = "He went to the house of the minister in the evening with a friend from the party."
    new = "A court in the capital sent three of the officers to prison on Friday for fraud."
    assert changed(difference(of(old), of(new))) == [("removed", old), ("added", new)]


def test_a_sentence_at_the_end_of_a_paragraph_is_shown_there() -> None:
    new = ENGLISH.replace(" The owner of the factory denied this on Tuesday.", "")
    found = difference(of(ENGLISH), of(new))
    assert [row.kind for row in found.paragraphs] == ["same", "changed", "same"]
    shown = "".join(span.text for span in found.paragraphs[1].spans)
    assert shown.rstrip("\n") == ENGLISH.split("\n")[1]
    assert difference(of(new), of(ENGLISH)).kinds == ("addition",)
    assert found.kinds == ("removal",)


def test_values_of_a_document_change_apart() -> None:
    old = of(
        "Text.",
        "Twelve dead in fire",
        authors=("Ana Diaz", "Bo Li"),
        published="2026-11-02",
        section="World",
        tags=("fire", "work"),
    )
    new = of(
        "Text.",
        "Fourteen dead in fire",
        authors=("Bo Li", "Ana Díaz"),
        published="2026-11-03T08:00:00Z",
        modified="2026-11-04",
        section="Asia",
        tags=("work", "fire"),
    )
    found = difference(old, new)
    assert found.title is not None
    assert (found.title.old, found.title.new) == ("Twelve dead in fire", "Fourteen dead in fire")
    assert [(span.kind, span.text) for span in found.title.spans] == [
        ("removed", "Twelve"),
        ("added", "Fourteen"),
        ("same", " dead in fire"),
    ]
    assert found.authors is not None
    assert (found.authors.removed, found.authors.added) == (("Ana Diaz",), ("Ana Díaz",))
    assert found.published is not None
    assert found.section is not None
    assert found.modified is not None
    assert found.tags is None
    assert found.kinds == ("headline",)
    assert [row.kind for row in found.paragraphs] == ["same"]


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        ("2026-11-02", "2026-11-02T08:00:00Z", True),
        ("2026-11-02T08:00:00Z", "2026-11-02T09:00:00+01:00", True),
        ("2026-11-02T08:00:00Z", "2026-11-02T08:00:01Z", False),
        ("2026-11", "2026-11-30", True),
        ("2026-11-02", "2026-11-03", False),
        (None, "2026-11-03", False),
        ("yesterday", "2026-11-03", False),
    ],
)
def test_dates_are_compared_as_precisely_as_they_are_told(
    old: str | None, new: str | None, same: bool
) -> None:
    for first, second in ((old, new), (new, old)):
        found = difference(of("Text.", published=first), of("Text.", published=second))
        assert (found.published is None) is same
        assert found.kinds == (() if same else ("metadata",))


@pytest.mark.parametrize("title", ["Twelve dead - The Courier", "Twelve dead | The Courier"])
def test_the_name_of_the_site_is_no_part_of_the_headline(title: str) -> None:
    old, new = of("Text.", title, site="The Courier"), of("Text.", "Twelve dead")
    assert difference(old, new).is_empty


def test_text_from_nothing_and_back() -> None:
    found = difference(of(""), of(ENGLISH))
    assert (found.kinds, found.removed, found.ratio) == (("addition",), 0, 0.0)
    assert {row.kind for row in found.paragraphs} == {"added"}
    assert difference(of(""), of("")).paragraphs == ()


def test_beside_nothing_a_headline_is_counted_with_the_text() -> None:
    whole = of(f"Twelve dead\n{ENGLISH}", "Twelve dead")
    for found in (difference(of(""), whole), difference(whole, of(""))):
        assert found.ratio == 0.0
        assert {found.added, found.removed} == {0, count_words(whole.text)}


def test_what_stayed_is_a_part_of_what_was_compared() -> None:
    old = of("Twelve dead\nNothing is left of this.", "Twelve dead")
    new = of("Fire\nEverything was said in another way.", "Fire")
    found = difference(old, new)
    assert (found.added, found.removed, found.ratio) == (6, 5, 0.0)
