from __future__ import annotations

from dataclasses import replace

import pytest

from archive.web.pages.citation import Cited, apa, bibtex, ris

PERMALINK = "https://archive.example.org/web/20261122100000/https://news.example.org/2026/strike"
CITED = Cited(
    url="https://news.example.org/2026/strike",
    permalink=PERMALINK,
    timestamp="20261122100000",
    title="Miners strike at Verhold",
    authors=("Ada Pereira", "Jonas Lind"),
    date="2026-11-21",
    site="The Lantern",
    language="en",
)
RETRIEVED = f"Retrieved November 22, 2026, from {PERMALINK}"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            {},
            "Pereira, A., & Lind, J. (2026, November 21). Miners strike at Verhold. The Lantern. ",
        ),
        ({"authors": ()}, "Miners strike at Verhold. (2026, November 21). The Lantern. "),
        ({"date": None}, "Pereira, A., & Lind, J. (n.d.). Miners strike at Verhold. The Lantern. "),
        (
            {"date": "2026-11", "authors": ("Maria del Carmen Ortiz",)},
            "Ortiz, M. d. C. (2026, November). Miners strike at Verhold. The Lantern. ",
        ),
        (
            {"authors": ("Reuters",), "title": "Who pays?", "date": "2026"},
            "Reuters. (2026). Who pays? The Lantern. ",
        ),
        (
            {"authors": ("Lantern Staff", "王小明"), "site": None},
            (
                "Lantern Staff, & 王小明. (2026, November 21). Miners strike at Verhold. "
                "news.example.org. "
            ),
        ),
        (
            {"title": None, "authors": (), "date": None, "site": None},
            "https://news.example.org/2026/strike. (n.d.). news.example.org. ",
        ),
        (
            {"authors": ("Le Monde",), "site": "Le Monde"},
            "Le Monde. (2026, November 21). Miners strike at Verhold. ",
        ),
    ],
)
def test_apa(changes: dict[str, object], expected: str) -> None:
    assert apa(replace(CITED, **changes)) == expected + RETRIEVED  # type: ignore[arg-type]  # fields


def test_bibtex() -> None:
    assert bibtex(CITED) == (
        "@online{pereira2026miners,\n"
        "  author = {Pereira, Ada and Lind, Jonas},\n"
        "  title = {{Miners strike at Verhold}},\n"
        "  date = {2026-11-21},\n"
        "  organization = {The Lantern},\n"
        f"  url = {{{PERMALINK}}},\n"
        "  urldate = {2026-11-22},\n"
        "  langid = {english},\n"
        "  note = {Archived copy of https://news.example.org/2026/strike, captured 2026-11-22},\n"
        "}\n"
    )


def test_nothing_in_a_title_ends_a_field() -> None:
    odd = replace(
        CITED,
        title='50 % of } {\\input{x} & "more"\nTY  - JOUR',
        authors=("Press & Sons",),
        url="https://news.example.org/{a}",
        permalink="https://archive.example.org/{x}",
    )
    written = bibtex(odd)
    unescaped = written.replace("\\{", "").replace("\\}", "")
    depth = 0
    for character in unescaped:
        depth += {"{": 1, "}": -1}.get(character, 0)
        assert depth >= 0
    assert depth == 0
    assert "author = {{Press \\& Sons}}" in written
    assert [line[:2] for line in ris(odd).split("\r\n")].count("TY") == 1
    assert "\n" not in apa(odd)


def test_ris() -> None:
    lines = ris(CITED).split("\r\n")
    assert lines == [
        "TY  - ELEC",
        "AU  - Pereira, Ada",
        "AU  - Lind, Jonas",
        "TI  - Miners strike at Verhold",
        "T2  - The Lantern",
        "PY  - 2026",
        "DA  - 2026/11/21/",
        "Y2  - 2026/11/22/",
        "LA  - en",
        f"UR  - {PERMALINK}",
        "L2  - https://news.example.org/2026/strike",
        f"N1  - Archived copy of {CITED.url}, captured 20261122100000 (UTC)",
        "ER  - ",
        "",
    ]


def test_a_key_is_ascii_whatever_the_names_are() -> None:
    key = bibtex(replace(CITED, authors=("ليلى حداد",), title="إضراب")).partition(",")[0]
    assert key == "@online{thelantern2026"


def test_of_a_page_without_latin_letters_the_time_is_the_key() -> None:
    key = bibtex(replace(CITED, authors=("王小明",), title="矿工罢工", site="新华社")).partition(
        ","
    )[0]
    assert key == "@online{capture20261122100000"
