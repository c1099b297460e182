from __future__ import annotations

import pytest
from lxml.html import document_fromstring

from pipelines.extraction.site_rules import parse_rule, rule_for

RULE = """
hosts: [News.example]
body: .story
drop: [.ad]
title: h1
authors: .by span
date: .when
"""
PAGE = document_fromstring(
    "<h1> A  title </h1><p class=by>By <span>Jane Roe</span>, <span>Max Mo</span>"
    "<p class=when>today<p class=when>March 2, 2024"
    "<div class=story>First<div class=ad>Buy!</div> second<br>third</div>"
)


def test_parts_of_a_page() -> None:
    rule = parse_rule("news", RULE)
    assert rule.hosts == {"news.example"}
    assert rule.text(PAGE) == "First\nsecond\nthird"
    assert rule.text(PAGE) == "First\nsecond\nthird", "the page itself is not changed"
    assert rule.find_title(PAGE) == "A title"
    assert rule.find_authors(PAGE) == ("Jane Roe", "Max Mo")
    assert rule.find_date(PAGE) == "2024-03-02"


def test_a_page_without_these_parts() -> None:
    rule = parse_rule("news", RULE)
    other = document_fromstring("<p>x")
    assert (rule.text(other), rule.find_title(other)) == (None, None)
    assert (rule.find_authors(other), rule.find_date(other)) == ((), None)
    assert rule.text(document_fromstring("<div class=story></div>")) == ""


def test_host_asked_for_comes_first_then_those_the_page_names() -> None:
    ours = "https://www.business-humanrights.org/en/x"
    for urls in ((ours,), ("http://127.0.0.1:1/", ours), ("http://[bad", None, ours)):
        found = rule_for(*urls)
        assert found is not None
        assert found.name == "bhrrc"
    assert rule_for("https://business-humanrights.org.example/", None) is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("hosts: [a]", "needs 'hosts' and 'body'"),
        ("- a", "needs 'hosts' and 'body'"),
        ("{hosts: [a], body: p, colour: red}", "unknown key 'colour'"),
        ("{hosts: [a], body: 'p['}", "'body' is not a CSS selector"),
        ("{hosts: [a], body: p, drop: 7}", "'drop' is not a CSS selector"),
    ],
)
def test_a_rule_that_is_wrong_is_named(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse_rule("wrong", text)
