"""References to a capture, as scholars write them: APA (7th edition), BibTeX, RIS."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

from archive.web.pages.filters import day_in_words
from archive.web.pages.languages import language_name
from archive.web.targets import host_of

_SIGNED = re.compile(r"[^\W\d_][\w'’-]*\.?(?: [^\W\d_][\w'’-]*\.?){1,3}")
_BODIES = re.compile(
    r"agency|agence|association|associated|center|centre|committee|council|department|desk"
    r"|editors|foundation|group|institute|international|media|ministry|network|news|office"
    r"|organi[sz]ation|press|radio|report|reporters|reuters|service|staff|team|the|times|tv|union|watch",
    re.IGNORECASE,
)
_LATEX = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "%": r"\%",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "_": r"\_",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
}
_CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cited:
    """What a reference names."""

    url: str  #: that was captured
    permalink: str  #: of the capture, absolute
    timestamp: str  #: of the capture, 14 digits
    title: str | None
    authors: tuple[str, ...]
    date: str | None  #: of publication: YYYY, YYYY-MM or YYYY-MM-DD
    site: str | None
    language: str | None  #: BCP 47

    @property
    def name(self) -> str:
        """Of the work: what there is in place of a title is its address."""
        return _plain(self.title or self.url)

    @property
    def publisher(self) -> str:
        """The publication, or the host where the page names none."""
        return _plain(self.site or host_of(self.url))

    @property
    def names(self) -> tuple[str, ...]:
        """Of the authors, each on one line."""
        return tuple(filter(None, map(_plain, self.authors)))


def apa(cited: Cited) -> str:
    """One line of plain text. A capture is cited with the day of retrieval, which is that of the
    capture, and with its permalink."""
    names = [_inverted(cited, name, initials=True) for name in cited.names]
    # Up to twenty authors are named (APA 7, 9.8).
    if len(names) > 20:
        names = [*names[:19], "…", names[-1]]
        by = ", ".join(names)
    elif len(names) > 1:
        by = f"{', '.join(names[:-1])}, & {names[-1]}"
    else:
        by = "".join(names)
    date = f"({_apa_date(cited.date)})"
    parts = (
        [f"{_ended(by)} {date}. {_ended(cited.name)}"] if by else [f"{_ended(cited.name)} {date}."]
    )
    if cited.publisher and cited.publisher not in cited.names:
        parts.append(_ended(cited.publisher))
    retrieved = day_in_words(cited.timestamp, american=True)
    parts.append(f"Retrieved {retrieved}, from {cited.permalink}")
    return " ".join(parts)


def bibtex(cited: Cited) -> str:
    """An `@online` entry of BibLaTeX, in UTF-8; classic styles read it as `@misc`."""
    day = _day(cited.timestamp)
    fields = {
        "author": " and ".join(_bibtex_name(cited, name) for name in cited.names),
        "title": f"{{{_latex(cited.name)}}}",
        "date": cited.date or "",
        "organization": _latex(cited.publisher),
        "url": _latex_url(cited.permalink),
        "urldate": day,
        "langid": _langid(cited.language),
        "note": f"Archived copy of {_latex(cited.url)}, captured {day}",
    }
    lines = [f"  {name} = {{{value}}}," for name, value in fields.items() if value]
    return "\n".join([f"@online{{{_key(cited)},", *lines, "}", ""])


def _langid(code: str | None) -> str:
    """The name by which BibLaTeX knows a language; "" where that is not one plain word."""
    name = language_name(code).lower() if code else ""
    return name if name.isascii() and name.isalpha() and name != (code or "").lower() else ""


def ris(cited: Cited) -> str:
    """A reference of type ELEC; lines end in CR LF, as the format has it."""
    date = (cited.date or "").replace("-", "/")
    lines = [
        ("TY", "ELEC"),
        *(("AU", _inverted(cited, name, initials=False)) for name in cited.names),
        ("TI", cited.name),
        ("T2", cited.publisher),
        ("PY", (cited.date or "")[:4]),
        ("DA", date + "/" * (3 - date.count("/")) if date else ""),
        ("Y2", _day(cited.timestamp).replace("-", "/") + "/"),
        ("LA", cited.language or ""),
        ("UR", cited.permalink),
        ("L2", cited.url),
        ("N1", f"Archived copy of {cited.url}, captured {cited.timestamp} (UTC)"),
    ]
    written = [f"{tag}  - {value}" for tag, value in lines if value]
    return "\r\n".join([*written, "ER  - ", ""])


FORMS: dict[str, tuple[str, str, Callable[[Cited], str]]] = {
    "apa": ("text/plain; charset=utf-8", ".txt", apa),
    "bibtex": ("application/x-bibtex; charset=utf-8", ".bib", bibtex),
    "ris": ("application/x-research-info-systems; charset=utf-8", ".ris", ris),
}
"""Media type, ending of a file, and writer."""


def _plain(text: str) -> str:
    return " ".join(_CONTROL.sub(" ", text).split())


def _ended(text: str) -> str:
    return text if text.endswith((".", "!", "?", "。", "؟")) else f"{text}."


def _person(name: str) -> bool:
    """Whether it looks like the name of a person with the family name last: two to four words of
    which none is such as bodies are called by. Who has one word, or no space between, is left."""
    words = name.split()
    if not _SIGNED.fullmatch(name) or any(_BODIES.fullmatch(word.strip(".")) for word in words):
        return False
    # Scripts without capital letters have other customs.
    return words[0][0].isupper() and words[-1][0].isupper()


def _inverted(cited: Cited, name: str, *, initials: bool) -> str:
    if name == cited.publisher or not _person(name):
        return name
    *given, family = name.split()
    first = " ".join(f"{word[0]}." for word in given) if initials else " ".join(given)
    return f"{family}, {first}"


def _bibtex_name(cited: Cited, name: str) -> str:
    inverted = _inverted(cited, name, initials=False)
    # Braces: it is one name, whatever words are in it.
    return _latex(inverted) if inverted != name else f"{{{_latex(name)}}}"


def _apa_date(date: str | None) -> str:
    if not date:
        return "n.d."
    return day_in_words(date.replace("-", ""), american=True, year_first=True)


def _day(timestamp: str) -> str:
    return f"{timestamp[:4]}-{timestamp[4:6]}-{timestamp[6:8]}"


def _latex(text: str) -> str:
    return "".join(_LATEX.get(character, character) for character in text)


def _latex_url(text: str) -> str:
    """Commands are not read in a URL, but braces must be in pairs and % begins a comment there."""
    return text.replace("\\", "%5C").replace("{", "%7B").replace("}", "%7D")


def _key(cited: Cited) -> str:
    """Such as `pereira2026miners`: ASCII letters and digits, as all styles take them."""
    family = (
        _inverted(cited, cited.names[0], initials=False).partition(",")[0] if cited.names else ""
    )
    word = next((w for w in map(_ascii, cited.name.split()) if len(w) > 3), "")
    year = (cited.date or cited.timestamp)[:4]
    who = _ascii(family) or _ascii(cited.publisher)
    # A year alone would be the key of many.
    return f"{who}{year}{word}" if who or word else f"capture{cited.timestamp}"


def _ascii(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub("[^a-z0-9]", "", plain.lower())
