from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.extraction.charset import declared_encoding, decode_html, is_legible
from pipelines.extraction.charset_labels import encoding_of_label

FRENCH = "<html><p>Déjà vu : les élèves français ont été reçus à la fête.</p>"


def test_header_comes_before_meta() -> None:
    page = "<meta charset=koi8-r><p>Новости".encode("cp1251")
    assert decode_html(page, "text/html; charset=windows-1251")[0].endswith("<p>Новости")


def test_byte_order_mark_comes_first() -> None:
    for encoding in ("utf-8", "utf-16-le", "utf-16-be"):
        page = ("\ufeff" + FRENCH).encode(encoding)
        assert decode_html(page, "text/html; charset=latin-1") == (FRENCH, encoding)


def test_utf16_without_a_mark() -> None:
    assert decode_html(FRENCH.encode("utf-16-le"), None) == (FRENCH, "utf-16-le")
    assert decode_html(FRENCH.encode("utf-16-be"), None) == (FRENCH, "utf-16-be")


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (FRENCH, "latin-1"),
        ("<p>Новости дня: правительство приняло закон.", "cp1251"),
        ("<p>" + "これはニュースです。" * 9, "cp932"),
        ("<p>" + "新闻报道今天的消息" * 9, "gb18030"),
        ("<p>" + "Ελληνικά νέα σήμερα " * 5, "cp1253"),
        ("<html lang='pl'><p>Zażółć gęślą jaźń", "cp1250"),
        ("<html lang='tr-TR'><p>Işık değişti, şehir güzel", "cp1254"),
    ],
)
def test_wrong_label_utf8(text: str, encoding: str) -> None:
    assert decode_html(text.encode(encoding), "text/html; charset=utf-8")[0] == text


def test_wrong_label_latin1() -> None:
    assert decode_html(FRENCH.encode(), "text/html; charset=iso-8859-1") == (FRENCH, "utf-8")


def test_damaged_utf8_stays_utf8() -> None:
    text, encoding = decode_html(FRENCH.encode()[:-6] + b"\xff</p>", None)
    assert encoding == "utf-8"
    assert "élèves français" in text
    assert text.count("\ufffd") == 1


def test_what_is_not_text_is_illegible() -> None:
    assert not is_legible(decode_html(bytes(range(128, 160)) * 99, "text/html; charset=utf-8")[0])
    assert is_legible(FRENCH)


@given(st.binary(max_size=3_000), st.one_of(st.none(), st.text(max_size=40)))
def test_never_raises(body: bytes, content_type: str | None) -> None:
    text, encoding = decode_html(body, content_type)
    assert encoding_of_label(encoding) == encoding or encoding.startswith("utf-16")
    text.encode("utf-8", "strict")


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=300))
def test_utf8_round_trip(text: str) -> None:
    page = "<!doctype html>" + text
    assert decode_html(page.encode(), "text/html; charset=utf-8") == (page, "utf-8")


def test_html5lib_vectors(shared: Path) -> None:
    files = list((shared / "data/vectors/html5lib-encoding/encoding").glob("*.dat"))
    assert files
    wrong = []
    for file in files:
        cases = re.split(rb"(?:^|\n)#data\n", file.read_bytes())[1:]
        assert cases, file.name
        for case in cases:
            data, _, label = case.partition(b"\n#encoding\n")
            expected = encoding_of_label(label.decode())
            if data.startswith(b"\xef\xbb\xbf"):
                found = decode_html(data, None)[1]
            else:
                found = declared_encoding(data) or "cp1252"
            if found != expected:
                wrong.append((data[:60], expected, found))
    assert wrong == []


def test_html_encoding_sniffer_vectors(shared: Path) -> None:
    folder = shared / "data/vectors/html-encoding-sniffer/test/fixtures"
    for file in sorted((folder / "normal").iterdir()):
        label = file.stem.rpartition("_")[2]
        assert declared_encoding(file.read_bytes()) == encoding_of_label(label), file.name
    for file in sorted((folder / "utf").iterdir()):
        assert declared_encoding(file.read_bytes()) == "utf-8", file.name
    for file in sorted((folder / "bom").iterdir()):
        assert encoding_of_label(file.stem) == decode_html(file.read_bytes(), None)[1]
