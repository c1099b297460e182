from __future__ import annotations

from pathlib import Path

from archive.web.following import Followed
from config.load import load
from crawler.following import followed

SETTINGS = """
contact: https://example.org/about
sources:
  - name: courier
    seeds: ["https://reader:secret@news.example.org:8443/a?b=1", "https://news.example.org/@b"]
    feeds: ["https://news.example.org/feed?id=1&api_key=secret"]
    schedule: every 2h
    headers: {Authorization: Bearer secret}
  - name: herald
    sitemaps: ["https://herald.example.org/sitemap.xml"]
"""


def test_what_everybody_may_know_of_a_source(tmp_path: Path) -> None:
    file = tmp_path / "pressmark.yaml"
    file.write_text(SETTINGS)
    assert followed(load(file)) == (
        Followed(
            name="courier",
            seeds=("https://news.example.org:8443/a?b=1", "https://news.example.org/@b"),
            feeds=("https://news.example.org/feed?id=1&api_key=-",),
            schedule="every 2h",
        ),
        Followed(name="herald", sitemaps=("https://herald.example.org/sitemap.xml",)),
    )
