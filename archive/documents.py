"""Documents as JSON: lines of text objects, what the index keeps, what `get --as json` prints."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import Any, cast, get_args

import regex  # type: ignore[import-untyped]  # ships no types

from archive.digests import sha256
from archive.model import Article, Document, ExtractionStatus, Quality
from archive.scripts import IDEOGRAPHIC, NOT_PLAIN, UNSPACED

_CHARACTER = f"[{IDEOGRAPHIC}]"
_RUN = f"[{UNSPACED}]"
_OTHER = rf"[[\p{{L}}\p{{M}}\p{{N}}]--{_CHARACTER}--{_RUN}]+"
_WORD = regex.compile(rf"{_CHARACTER}|(?P<run>{_RUN}+)|{_OTHER}(?:['’]{_OTHER})*", regex.VERSION1)
_PARTED = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_LETTER = regex.compile(r"\p{L}")
_LETTERS_A_WORD = 4


@lru_cache(64)
def count_words(text: str) -> int:
    """Runs of letters, marks and digits, an apostrophe within them included.

    A Han or kana character is one word, as in word processors. Thai, Lao, Khmer and Burmese do not
    part their words either: four letters begun, vowel signs not counted, are one.
    """
    # Asked for the object, for the index and for the answer.
    if not NOT_PLAIN.search(text):
        return len(_PARTED.findall(text))
    total = 0
    for match in _WORD.finditer(text):
        run = match["run"]
        total += -(-len(_LETTER.findall(run)) // _LETTERS_A_WORD) if run else 1
    return total


def text_digest(text: str) -> str:
    """`sha256:<hex>` of the text in UTF-8."""
    return sha256(text.encode())


def to_json(document: Document) -> dict[str, Any]:
    """The contract's fields in its order, then those that name the capture.

    `date`, `text_digest` and `words` are derived. A lone surrogate, which JSON-LD in pages does
    contain and UTF-8 does not, becomes U+FFFD.
    """
    article = document.article
    text = _clean(article.text)
    return {
        "title": _clean_or_none(article.title),
        "authors": [_clean(author) for author in article.authors],
        "published": _clean_or_none(article.published),
        "modified": _clean_or_none(article.modified),
        "date": _clean_or_none(document.date),
        "language": _clean_or_none(article.language),
        "site": _clean_or_none(article.site),
        "section": _clean_or_none(article.section),
        "tags": [_clean(tag) for tag in article.tags],
        "image": _clean_or_none(article.image),
        "canonical_url": _clean_or_none(article.canonical_url),
        "text": text,
        "text_digest": text_digest(text),
        "words": count_words(text),
        "quality": article.quality,
        "extraction_status": article.extraction_status,
        "extractor": article.extractor,
        "url": document.url,
        "timestamp": document.timestamp,
        "digest": document.digest,
        "filename": document.filename,
        "offset": document.offset,
        "record_id": document.record_id,
        "source": document.source,
        "run": document.run,
    }


@lru_cache(64)
def line(document: Document) -> bytes:
    """`to_json` as one line of UTF-8, without its end."""
    # Asked for the object and for the index.
    return json.dumps(to_json(document), ensure_ascii=False).encode()


def from_json(fields: dict[str, Any]) -> Document:
    """The document that `to_json` gave. Raises ValueError for a wrong type, KeyError for none."""
    return Document(
        url=_text(fields, "url"),
        timestamp=_text(fields, "timestamp"),
        digest=_text(fields, "digest"),
        filename=_text(fields, "filename"),
        offset=_number(fields, "offset"),
        record_id=_text(fields, "record_id"),
        source=_text(fields, "source"),
        run=_text(fields, "run"),
        article=Article(
            title=_text_or_none(fields, "title"),
            authors=_texts(fields, "authors"),
            published=_text_or_none(fields, "published"),
            modified=_text_or_none(fields, "modified"),
            language=_text_or_none(fields, "language"),
            site=_text_or_none(fields, "site"),
            section=_text_or_none(fields, "section"),
            tags=_texts(fields, "tags"),
            image=_text_or_none(fields, "image"),
            canonical_url=_text_or_none(fields, "canonical_url"),
            text=_text(fields, "text"),
            quality=cast("Quality", _one_of(fields, "quality", get_args(Quality))),
            extraction_status=cast(
                "ExtractionStatus",
                _one_of(fields, "extraction_status", get_args(ExtractionStatus)),
            ),
            extractor=_text(fields, "extractor"),
        ),
    )


def _clean(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def _clean_or_none(text: str | None) -> str | None:
    return None if text is None else _clean(text)


def _text(fields: dict[str, Any], name: str) -> str:
    value = fields[name]
    if not isinstance(value, str):
        raise ValueError(f"{name} is not text but {value!r:.80}")
    return value


def _text_or_none(fields: dict[str, Any], name: str) -> str | None:
    return None if fields[name] is None else _text(fields, name)


def _texts(fields: dict[str, Any], name: str) -> tuple[str, ...]:
    values = fields[name]
    if not (isinstance(values, list) and all(isinstance(value, str) for value in values)):
        raise ValueError(f"{name} is not a list of texts but {values!r:.80}")
    return tuple(values)


def _number(fields: dict[str, Any], name: str) -> int:
    value = fields[name]
    if not isinstance(value, int) or isinstance(value, bool):
        raise ValueError(f"{name} is not a number but {value!r:.80}")
    return value


def _one_of(fields: dict[str, Any], name: str, allowed: tuple[str, ...]) -> str:
    value = _text(fields, name)
    if value not in allowed:
        raise ValueError(f"{name} is {value!r:.80}, not one of {', '.join(allowed)}")
    return value
