"""Text into search tokens, the same for documents and queries and for every database.

The databases' own analysis fails on scripts without spaces, on vowel signs, and on Arabic and
Russian inflection. So: NFKC and case folding; scripts without spaces as overlapping pairs of
characters; one stem per word in the language of the document; accents stripped after that, and
only in scripts where they are optional (in Japanese they part one letter from another).
"""

from __future__ import annotations

import re
import threading
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache

import regex  # type: ignore[import-untyped]  # ships no types
import snowballstemmer

from archive.scripts import NOT_PLAIN

# Kana, Han, Hangul, Thai and Lao, Burmese, Khmer.
NO_SPACES = regex.compile(
    r"[\u3040-\u30ff\u3400-\u9fff\U00020000-\U000323af"
    r"\uac00-\ud7af\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]+"
)
WORD = regex.compile(r"[\p{L}\p{M}\p{N}]+")  # `\w` of `re` cuts at combining vowel signs
PLAIN_WORD = re.compile(r"[^\W_]+")
_FOLD = regex.compile(r"[\p{Latin}\p{Greek}\p{Cyrillic}\p{Arabic}\p{Hebrew}]")

_STEMMERS = {
    "ar": "arabic",
    "ca": "catalan",
    "cs": "czech",
    "da": "danish",
    "de": "german",
    "el": "greek",
    "en": "english",
    "eo": "esperanto",
    "es": "spanish",
    "et": "estonian",
    "eu": "basque",
    "fa": "persian",
    "fi": "finnish",
    "fr": "french",
    "ga": "irish",
    "hi": "hindi",
    "hu": "hungarian",
    "hy": "armenian",
    "id": "indonesian",
    "it": "italian",
    "lt": "lithuanian",
    "nb": "norwegian",
    "ne": "nepali",
    "nl": "dutch",
    "nn": "norwegian",
    "no": "norwegian",
    "pl": "polish",
    "pt": "portuguese",
    "ro": "romanian",
    "ru": "russian",
    "sr": "serbian",
    "st": "sesotho",
    "sv": "swedish",
    "ta": "tamil",
    "tr": "turkish",
    "yi": "yiddish",
}
_CACHED_WORDS = 1 << 16
_LONGEST_STEMMED = 64

_of_thread = threading.local()


@lru_cache(256)
def stemmer_of(language: str | None) -> str:
    """Name of the stemmer for a BCP 47 tag, e.g. "portuguese" for "pt-BR"; "" where there is none.

    Documents with the same answer are found by the same tokens.
    """
    name = _STEMMERS.get((language or "").partition("-")[0].lower(), "")
    return name if name in snowballstemmer.algorithms() else ""


def tokens(text: str, stemmer: str) -> Iterator[str]:
    """Search tokens in the order of the text; `stemmer` as `stemmer_of` gives it.

    A token holds letters, marks and digits alone.
    """
    forms = (_forms(word, stemmer) for word in _words(text))
    return (token for token, _ in forms if token)  # a mark alone, of a script without its marks


def accented(text: str, stemmer: str) -> Iterator[str]:
    """Words of the text that lose accents, as they are without them and without stemming.

    A stemmer may see another ending in what is typed without accents: "são" becomes "sa", "sao"
    stays. Such words are found by these forms.
    """
    return _plain(_forms(word, stemmer) for word in _words(text))


def analyse(text: str, stemmer: str) -> tuple[str, str]:
    """What `tokens` and what `accented` give, each joined by spaces."""
    forms = [_forms(word, stemmer) for word in _words(text)]
    return " ".join([token for token, _ in forms if token]), " ".join(_plain(forms))


def _plain(forms: Iterable[tuple[str, str | None]]) -> Iterator[str]:
    return (plain for _, plain in forms if plain is not None)


def _words(text: str) -> list[str]:
    folded = unicodedata.normalize("NFKC", text).casefold()
    if not NOT_PLAIN.search(folded):
        return PLAIN_WORD.findall(folded)
    words: list[str] = WORD.findall(NO_SPACES.sub(_pairs, folded))
    return words


def _pairs(match: regex.Match[str]) -> str:
    run = match[0]
    return f" {' '.join(run[i : i + 2] for i in range(max(1, len(run) - 1)))} "


@lru_cache(_CACHED_WORDS)
def _forms(word: str, stemmer: str) -> tuple[str, str | None]:
    """The token of a word; and its form without accents where neither is that."""
    token = _token(word, stemmer)
    if word.isascii():
        return token, None
    plain = _token(word, "")
    return token, plain if plain not in (word, token) else None


def _token(word: str, stemmer: str) -> str:
    # A word of a thousand letters is none, and stemming takes time for each.
    if stemmer and len(word) <= _LONGEST_STEMMED:
        word = _stem(stemmer)(word)
    if _FOLD.match(word):
        decomposed = unicodedata.normalize("NFD", word)
        word = "".join(char for char in decomposed if not unicodedata.combining(char))
    return unicodedata.normalize("NFC", word)


def _stem(name: str) -> Callable[[str], str]:
    """One stemmer a language and thread: it keeps the word that it works on in itself."""
    stemmers: dict[str, Callable[[str], str]] = _of_thread.__dict__
    if name not in stemmers:
        stemmers[name] = snowballstemmer.stemmer(name).stemWord
    return stemmers[name]
