from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from hypothesis import given

from archive.documents import count_words, from_json, text_digest, to_json
from archive.model import Document
from tests.archive.index import samples

CONTRACT = (
    "title authors published modified date language site section tags image canonical_url text "
    "text_digest words quality extraction_status extractor"
)
OF_CAPTURE = "url timestamp digest filename offset record_id source run"


@given(samples.documents)
def test_round_trip(document: Document) -> None:
    fields = to_json(document)
    assert " ".join(fields) == f"{CONTRACT} {OF_CAPTURE}"
    assert from_json(json.loads(json.dumps(fields))) == document


def test_derived_fields() -> None:
    document = samples.document(
        samples.capture(), "Zwei Wörter.\nDrei", published="2026-11-22T09:30:00+01:00"
    )
    fields = to_json(document)
    assert fields["date"] == "2026-11-22"
    assert fields["words"] == 3
    digest = hashlib.sha256("Zwei Wörter.\nDrei".encode()).hexdigest()
    assert fields["text_digest"] == f"sha256:{digest}" == text_digest("Zwei Wörter.\nDrei")


def test_lone_surrogates_do_not_reach_the_file() -> None:
    document = samples.document(samples.capture(), "cut \ud83d", title="\ud83d\ude00 \udc00")
    fields = to_json(document)
    json.dumps(fields, ensure_ascii=False).encode()
    assert fields["text"] == "cut \ufffd"
    assert fields["title"] == "😀 \ufffd"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", 0),
        (" -- … ", 0),
        ("It's the workers’ 3 rights: state-of-the-art", 9),
        ("हिन्दी में", 2),
        ("公司的工人", 5),
        ("カード", 3),
        ("노동자의 권리", 2),
        ("สิทธิของแรงงาน", 3),  # twelve letters and their vowel signs
        ("BBC中文 news", 4),
        ("права рабочих", 2),
    ],
)
def test_words(text: str, words: int) -> None:
    assert count_words(text) == words


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("text", None),
        ("title", 1),
        ("authors", "A"),
        ("tags", [1]),
        ("offset", "1"),
        ("offset", True),
        ("quality", "good"),
        ("extraction_status", "unknown"),
    ],
)
def test_wrong_types_are_refused(name: str, value: Any) -> None:
    fields = to_json(samples.document(samples.capture(), "text"))
    with pytest.raises(ValueError, match=name):
        from_json({**fields, name: value})


def test_a_missing_field_is_refused() -> None:
    fields = to_json(samples.document(samples.capture(), "text"))
    del fields["run"]
    with pytest.raises(KeyError, match="run"):
        from_json(fields)
