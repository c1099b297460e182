"""Edits as editors make them, and what they are called."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from archive.model import Article
from archive.versions import difference
from tests.archive.versions.texts import CHINESE, of

TITLE = "Twelve dead in fire at textile factory"
STORY = """\
At least 12 people died and dozens were injured when a fire broke out at a textile factory on \
the northern edge of the city on Monday night, the ministry of labour said.
The fire began on the second floor shortly after the night shift had come in. Flames spread to \
the staircase within minutes, a spokesman for the fire brigade said. It took four hours to put \
them out.
"The doors were locked from the outside," said Rosa Lim, 34, who jumped from a window. "We had \
told them many times." Her sister is still missing.
Karim Holdings, which owns the factory, denied that any door had been locked. The company made \
shirts for three European brands, according to its website.
Inspectors had visited the building twice in the past year. Their reports were never published, \
and the union has asked a court to order the ministry to release them.
The ministry did not answer questions about the inspections on Tuesday. A memorial is planned \
for Friday."""
LINES = STORY.split("\n")
QUOTE = """\
"We will publish every report that we have, and we will do it this week," the minister, Juan \
Reyes, told parliament on Wednesday."""
BACKGROUND = """\
More than 300 people have died in factory fires in the country since 2015. A law passed after \
the last of them has never been put into force, and the fines that it provides for have not been \
paid once."""
NOTE = """\
Correction: An earlier version of this article said that Karim Holdings made shirts for four \
brands. It is three."""
OTHER = """\
A judge on Thursday ordered the arrest of two managers of Karim Holdings over the blaze that \
destroyed a plant in the capital's north. Prosecutors accuse them of manslaughter.
Neither man appeared before the court. Their lawyers said they would appeal, and called the \
order a political decision that had no basis in the evidence gathered so far.
Families of the victims, who had waited outside since dawn, wept and embraced when the ruling \
was read out. Some of them held pictures of those they had lost."""


def swap(old: str, new: str) -> Callable[[str], str]:
    """A text with other words in this place, of which there is one."""

    def edit(text: str) -> str:
        assert text.count(old) == 1, old
        return text.replace(old, new)

    return edit


def put(line: str, before: int) -> Callable[[str], str]:
    """A text with a new line."""
    return lambda _: "\n".join([*LINES[:before], line, *LINES[before:]])


def several(*edits: Callable[[str], str]) -> Callable[[str], str]:
    """One after the other."""

    def edit(text: str) -> str:
        for each in edits:
            text = each(text)
        return text

    return edit


EDITS: list[tuple[str, Callable[[str], str], tuple[str, ...]]] = [
    ("toll rises", swap("12 people", "14 people"), ("correction",)),
    ("name misspelt", swap("Rosa Lim", "Rosa Lín"), ("correction",)),
    ("age", swap("34", "43"), ("correction",)),
    ("a not", swap("had been locked. The", "had not been locked. The"), ("correction",)),
    ("verb softened", swap("denied that", "did not confirm that"), ("correction",)),
    ("attribution", swap(", the ministry of labour said", ", officials said"), ("correction",)),
    ("hedge", swap("The fire began", "The fire is believed to have begun"), ("correction",)),
    ("typo", swap("minutes, a spokesman", "minutes, a spokeswoman"), ("correction",)),
    ("comma", swap("published, and", "published and"), ("correction",)),
    ("capital", swap("the ministry of labour", "the Ministry of Labour"), ("correction",)),
    ("brand count", swap("three European", "four European"), ("correction",)),
    (
        "place named",
        swap("of the city", "of Porto Claro, the country's second city,"),
        ("correction",),
    ),
    ("company renamed everywhere", lambda text: text.replace("Karim", "Karimi"), ("correction",)),
    ("two small edits", several(swap("12", "14"), swap("dozens", "30")), ("correction",)),
    ("stealth: a clause goes", swap(", according to its website", ""), ("correction",)),
    ("stealth: a sentence goes", swap(" Her sister is still missing.", ""), ("removal",)),
    ("stealth: a quote goes", swap(' "We had told them many times."', ""), ("removal",)),
    ("stealth: a paragraph goes", lambda _: "\n".join(LINES[:2] + LINES[3:]), ("removal",)),
    ("stealth: the end goes", lambda _: "\n".join(LINES[:4]), ("removal",)),
    ("a sentence comes", swap("them out.", "them out. No cause was given."), ("addition",)),
    ("a quote comes", put(QUOTE, 5), ("addition",)),
    ("background comes", put(BACKGROUND, 6), ("addition",)),
    ("correction note", put(NOTE, 6), ("addition",)),
    (
        "note and correction",
        several(put(NOTE, 6), swap("12 people", "14 people")),
        ("correction", "addition"),
    ),
    ("a new first paragraph", put(QUOTE, 0), ("addition",)),
    (
        "a paragraph for another",
        lambda _: "\n".join([*LINES[:3], BACKGROUND, *LINES[4:]]),
        ("addition", "removal"),
    ),
    (
        "a sentence written anew",
        swap(
            "It took four hours to put them out.",
            "Firemen from three towns fought the blaze until dawn with water from the river.",
        ),
        ("addition", "removal"),
    ),
    ("another article", lambda _: OTHER, ("rewrite",)),
    (
        "paragraphs change places",
        lambda _: "\n".join([LINES[0], LINES[3], *LINES[1:3], *LINES[4:]]),
        (),
    ),
    ("a paragraph is split", swap("said. It took", "said.\nIt took"), ()),
    ("quotes set by a typesetter", lambda text: text.replace(' "', " “").replace('" ', "” "), ()),
    ("time since", lambda text: f"Updated 5 minutes ago\n{text}\n1,204 shares", ()),
]


@pytest.mark.parametrize(
    ("edit", "kinds"), [case[1:] for case in EDITS], ids=[case[0] for case in EDITS]
)
def test_edits_are_called_what_they_are(edit: Callable[[str], str], kinds: tuple[str, ...]) -> None:
    found = difference(of(STORY, TITLE), of(edit(STORY), TITLE))
    assert found.kinds == kinds
    assert found.is_empty is (not kinds)


@pytest.mark.parametrize(
    ("title", "kinds"),
    [
        ("Fourteen dead in fire at textile factory", ("headline",)),
        ("Police arrest managers after factory fire", ("headline",)),
        ("Twelve dead in “fire” at textile factory", ("headline",)),
        (" Twelve  dead in fire at textile factory ", ()),
        (None, ()),
    ],
)
def test_headlines(title: str | None, kinds: tuple[str, ...]) -> None:
    assert difference(of(STORY, TITLE), of(STORY, title)).kinds == kinds


def test_a_headline_that_stands_above_the_text_is_no_part_of_it() -> None:
    title = "Police arrest managers of the factory that burned down"
    old, new = of(f"{TITLE}\n{STORY}", TITLE), of(f"{title}\n{STORY}", title)
    found = difference(old, new)
    assert (found.kinds, found.added, found.removed) == (("headline",), 0, 0)
    corrected = of(f"{title}\n{STORY.replace('12', '14')}", title)
    assert difference(old, corrected).kinds == ("headline", "correction")
    assert difference(old, of(STORY, TITLE)).kinds == ()


@pytest.mark.parametrize(
    ("new", "kinds"),
    [
        (of(STORY, TITLE, authors=("Ana Diaz", "Bo Li")), ("metadata",)),
        (of(STORY, TITLE, authors=("Ana Diaz",), published="2026-11-03"), ("metadata",)),
        (of(STORY, TITLE, authors=("Ana Diaz",), modified="2026-11-03"), ()),
        (of(STORY, "Fire", authors=("Bo Li",)), ("headline",)),
        (of(STORY.replace("12", "14"), TITLE, authors=("Bo Li",)), ("correction",)),
    ],
)
def test_metadata_is_told_where_nothing_else_changed(new: Article, kinds: tuple[str, ...]) -> None:
    old = of(STORY, TITLE, authors=("Ana Diaz",), published="2026-11-02")
    found = difference(old, new if new.published else of_day(new))
    assert found.kinds == kinds


def of_day(article: Article) -> Article:
    """With the date that the old one has."""
    return of(
        article.text,
        article.title,
        authors=article.authors,
        published="2026-11-02",
        modified=article.modified,
    )


def test_chinese_sentences_are_weighed_by_what_they_say() -> None:
    added = f"{CHINESE}\n工会要求法院下令公布检查报告，并称政府早已知情。"
    assert difference(of(CHINESE), of(added)).kinds == ("addition",)
    assert difference(of(added), of(CHINESE)).kinds == ("removal",)
    corrected = CHINESE.replace("工厂老板", "工厂经理")
    assert difference(of(CHINESE), of(corrected)).kinds == ("correction",)
