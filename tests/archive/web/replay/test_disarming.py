"""Which bytes of a page are changed, and that all others stay."""

from __future__ import annotations

import pytest

from archive.errors import ContentError
from archive.web.replay.disarming import composes_markup, disarmed, is_markup

BOM = b"\xef\xbb\xbf"


@pytest.mark.parametrize(
    "page",
    [
        b"<p>The attribute srcdoc, described</p>",
        b"<link rel=stylesheet href=/a.css><link rel='icon' href=x>",
        b'<meta charset=windows-1251><meta name="preconnect">',
        b"<img src=a.png><script src=x></script><link-like rel=preconnect>",
        "<title>Ночь</title>".encode("cp1251"),
        b"\xff\xff\x00 not a page",
        b"",
        b"<iframe",
        b"<iframe title='never closed",
        b"<!-- < iframe src=x -->",
        b"<link\vx rel=preconnect>",  # for browsers the name goes on behind that
    ],
)
def test_what_is_harmless_stays(page: bytes) -> None:
    assert disarmed(page, "") == page


@pytest.mark.parametrize(
    ("page", "shown"),
    [
        (b"<iframe src=a>", b"<iframe archived-src=a>"),
        (
            b"<IFRAME\n/x='>'\tSRC = 'a' src=b>",
            b"<IFRAME\n/x='>'\tarchived-src = 'a' archived-src=b>",
        ),
        (b"<iframe =x src=a>", b"<iframe =x archived-src=a>"),
        (b"<h:iframe src='a'/>", b"<h:iframe archived-src='a'/>"),
        (b"<frame src=a><object data=b>", b"<frame archived-src=a><object archived-src=b>"),
        (b"<iframe SrcDoc='x'>", b"<iframe archived-doc='x'>"),
        (b"<iframe srcdoc\n='x'>", b"<iframe archived-doc\n='x'>"),
        (b"<link href=x rel=preconnect>", b"<archived-link href=x rel=preconnect>"),
        (b"<LINK rel='dns-&#112;refetch'>", b"<archived-LINK rel='dns-&#112;refetch'>"),
        (
            b'<meta http-equiv="Content-Security-Policy" content=x>',
            b'<archived-meta http-equiv="Content-Security-Policy" content=x>',
        ),
        (
            b"<p><template ShadowRootMode='closed'><a href=x>",
            b"<p><template archived-shadow='closed'><a href=x>",
        ),
        (b"<set attributeName=href to=x>", b"<archived-set attributeName=href to=x>"),
        (
            b"<svg:animate attributeName='xlink:href' />",
            b"<archived-svg:animate attributeName='xlink:href' />",
        ),
        (b"<animate attributeName='x'>", b"<animate attributeName='x'>"),
        # Whichever of the two a browser takes for a tag.
        (
            b'<!-- <iframe x=" --><iframe src=a>" src=b',
            b'<!-- <iframe x=" --><iframe archived-src=a>" archived-src=b',
        ),
        (b"<iframe <iframe src=a>", b"<iframe <iframe archived-src=a>"),
    ],
)
def test_what_gets_around_the_worker_is_renamed(page: bytes, shown: bytes) -> None:
    assert disarmed(page, "") == shown


@pytest.mark.parametrize(
    ("page", "charset", "shown"),
    [
        ("\ufeff<iframe srcdoc=x>".encode("utf-16-le"), "", "<iframe archived-doc=x>"),
        ("\ufeff<iframe srcdoc=x>".encode("utf-16-be"), "utf-8", "<iframe archived-doc=x>"),
        ("<iframe srcdoc=ж>".encode("utf-16-le"), "UTF-16", "<iframe archived-doc=ж>"),
        ("<iframe srcdoc=ж>".encode("utf-16-be"), " utf-16be", "<iframe archived-doc=ж>"),
        ("<?xml ?><a srcdoc='ж'/>".encode("utf-16-le"), "", "<?xml ?><a archived-doc='ж'/>"),
        ("<iframe srcdoc=夜>".encode("iso2022_jp"), "ISO-2022-JP", "<iframe archived-doc=夜>"),
        (b"<iframe src\x1b(Bdoc=x>", "iso-2022-jp", "<iframe archived-doc=x>"),
        (
            b"<meta charset=iso-2022-jp><iframe src\x1b(Bdoc=x>", "",
            "<meta charset=iso-2022-jp><iframe archived-doc=x>",
        ),
    ],
)  # fmt: skip
def test_pages_whose_letters_are_not_bytes_become_utf8(
    page: bytes, charset: str, shown: str
) -> None:
    assert disarmed(page, charset) == BOM + shown.encode()


def test_escapes_without_their_encoding_are_no_escapes() -> None:
    assert disarmed(b"<iframe src\x1b(Bdoc=x>", "utf-8") == b"<iframe src (Bdoc=x>".replace(
        b"src ", b"archived-src "
    )


def test_a_page_of_nothing_but_tags_takes_no_time_to_speak_of() -> None:
    # Every tag runs into the next one: what is read twice is read four times at the most.
    page = b"<iframe x='<iframe y=\"" * 20_000
    assert disarmed(page, "") == page


@pytest.mark.parametrize(
    "tag",
    [
        b"""<link a='b"c' d=\"""", b"<link/a=", b"<link/a=<meta/b=", b"<meta x='", b"<link ",
        b"<link\v",
    ],
)  # fmt: skip
def test_tags_that_lie_in_each_other_take_linear_time(tag: bytes) -> None:
    # Read once for each tag before it, this takes an hour.
    page = tag * (300_000 // len(tag))
    assert disarmed(page, "") == page


@pytest.mark.parametrize(
    "page",
    [
        # A kilobyte when coded; and each of these attributes is one of four tags.
        b"<link <meta <set <iframe " + b"a " * (1 << 19),
        b"<link a=1><meta b=2><iframe c=3>" * 50_000,
        b"<link rel='%s'>" % (b"&a" * 250) * 10_000,
        b"<p srcdoc>" * 250_000,
        b"<template shadowrootmode>" * 250_000,
    ],
    ids=["one tag", "many", "references", "srcdoc", "shadows"],
)
def test_what_has_more_to_be_changed_than_any_page_is_refused(page: bytes) -> None:
    with pytest.raises(ContentError, match="200,000"):
        disarmed(page, "")


def test_a_page_that_describes_each_of_many_things_is_read() -> None:
    page = b"<li><meta itemprop=price content='1'><link itemprop=availability href=/x>" * 20_000
    assert disarmed(page + b"<iframe src=a>", "") == page + b"<iframe archived-src=a>"


def test_a_tag_is_found_wherever_it_stands_in_a_long_page() -> None:
    page = b"<iframe src=a>" * 50_000
    assert disarmed(page, "") == b"<iframe archived-src=a>" * 50_000
    shown = disarmed(page.decode().encode("utf-16-le"), "utf-16")
    assert shown == BOM + b"<iframe archived-src=a>" * 50_000


@pytest.mark.parametrize(
    ("page", "shown"),
    [
        (b"<link rel='%s'>", b"<archived-link rel='%s'>"),
        (b"<meta http-equiv=%s>", b"<archived-meta http-equiv=%s>"),
        (b'<meta content="%s">', b'<meta content="%s">'),
    ],
)
def test_what_is_too_long_to_be_read_is_unwanted(page: bytes, shown: bytes) -> None:
    value = b"&#" + b"9" * 5000 + b";"
    assert disarmed(page % value, "") == shown % value


@pytest.mark.parametrize(
    ("mime", "expected"),
    [
        ("text/html", True), ("application/xhtml+xml", True), ("image/svg+xml", True),
        ("text/xml", True), ("application/rss+xml", True), ("text/css", False), ("", False),
    ],
)  # fmt: skip
def test_what_is_markup(mime: str, expected: bool) -> None:
    assert is_markup(mime) is expected


def test_what_may_make_markup_of_its_own() -> None:
    page = b"<!DOCTYPE html [<!entity e 'x'>]>"
    assert composes_markup(page, "application/xhtml+xml")
    assert not composes_markup(page, "text/html")
    assert not composes_markup(b"<html/>", "text/xml")
