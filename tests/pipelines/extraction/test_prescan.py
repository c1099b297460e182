from __future__ import annotations

import pytest

from pipelines.extraction.prescan import MAX_ATTRIBUTES, MAX_DEPTH, MAX_SIZE, refusal

MANY = b"".join(b" a%d=1" % number for number in range(MAX_ATTRIBUTES + 1))


@pytest.mark.parametrize(
    "markup",
    [
        b"<p" + MANY + b">x</p>",
        b"<p" + MANY,  # no end
        b"<script" + MANY + b">",
        b"<p" + b' a=">"' * (MAX_ATTRIBUTES + 1) + b">",
        b"<p" + b" a='<p>'" * (MAX_ATTRIBUTES + 1) + b">",
        b"<p" + b" a" * (MAX_ATTRIBUTES + 1) + b">",
        b"<p" + b"/a" * (MAX_ATTRIBUTES + 1) + b">",
        b'<a title="<!--">x</a><p' + MANY + b">",
        b"<!-- x --><textarea><!--</textarea><p" + MANY + b">",
        ("<p" + MANY.decode() + ">").encode("utf-16"),
        (b"<p" + MANY[: len(MANY) // 2] + b">x</p>") * 60,
        b"<div>" * (MAX_DEPTH + 1),
        b"<DIV><span>" * MAX_DEPTH,
        b"<b>" * (MAX_DEPTH + 1),
        b"<ul><li>" * MAX_DEPTH,
        b"<table><tr><td>" * MAX_DEPTH,
    ],
)
def test_refuses_what_holds_a_parser(markup: bytes) -> None:
    assert refusal(b"<html><body>" + markup) == "too_complex"
    assert refusal((b"<html><body>" + markup).decode("latin-1")) == "too_complex"


@pytest.mark.parametrize(
    "markup",
    [
        b"",
        b"plain text, 1 < 2 and a<b",
        b"<div>" * (MAX_DEPTH - 5) + b"x" + b"</div>" * (MAX_DEPTH - 5),
        b"<div></div>" * 5_000,
        b"<p>unclosed" * 5_000,
        b"<ul>" + b"<li>unclosed" * 5_000,
        b"<table>" + b"<tr><td>a<td>b" * 5_000,
        b"<br><img src=x><input>" * 5_000,
        b"<i/>" * 5_000,
        b"<script>" + b"'<div>'+" * 5_000 + b"</script>",
        b"<!--" + b"<div>" * 5_000 + b"-->",
        b"<!--<p" + MANY + b">-->",
        b"<style>" + b"<b>" * 5_000 + b"</style>",
        b"<a title='" + b" a=1" * 9_000 + b"'>x</a>",
        b'<a title="' + b" a=1" * 9_000 + b'">x</a>',
        b'<p a="x"">text</p>' * 5_000,
        b"<p" + b" a=1" * (MAX_ATTRIBUTES - 1) + b">",
    ],
)
def test_lets_ordinary_markup_pass(markup: bytes) -> None:
    assert refusal(b"<html><body>" + markup) is None


def test_refuses_size() -> None:
    assert refusal(b"x" * (MAX_SIZE + 1)) == "too_large"
    assert refusal(b"x" * MAX_SIZE) is None
    assert refusal("ä" * (MAX_SIZE // 2 + 1)) == "too_large"


@pytest.mark.parametrize(
    "unit", [b"<", b"<!--", b"<a ", b'<a b="', b"<script>", b"= ", b"<a b= ", b"</x>", b"-", b"</"]
)
def test_needs_linear_time(unit: bytes) -> None:
    """A quadratic scan would need hours for each of these."""
    assert refusal((b"<a " + unit * MAX_SIZE)[:MAX_SIZE]) in (None, "too_complex")
