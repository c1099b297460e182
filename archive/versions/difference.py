"""What changed between two documents, word by word."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime

from archive.documents import count_words
from archive.model import Article
from archive.versions.alignment import align
from archive.versions.kinds import edits_of, kinds_of
from archive.versions.model import Change, Difference, ListChange, Span
from archive.versions.paragraphs import paragraphs_of
from archive.versions.words import Tokens, tokens_of

_LEAST = 20  # words


def difference(old: Article, new: Article) -> Difference:
    """What a reader would notice, and what belongs to it.

    White space, the breaks of lines, the typographic forms of quotes and dashes, signs that cannot
    be seen, lines that only count ("5 minutes ago") and the order of lines make no difference.
    """
    before, after = tokens_of(old.text), tokens_of(new.text)
    alignment = align(before, after)
    # Beside nothing all is new, or gone, a headline too.
    apart = bool(old.text.strip() and new.text.strip())
    headlines = [
        _headline(tokens, title) if apart else frozenset[int]()
        for tokens, title in ((before, old.title), (after, new.title))
    ]
    aside = replace(
        alignment,
        moved_old=alignment.moved_old | headlines[0],
        moved_new=alignment.moved_new | headlines[1],
    )
    edits = list(edits_of(before, after, aside))
    removed = sum(count_words(edit.removed) for edit in edits)
    added = sum(count_words(edit.added) for edit in edits)
    words = [
        count_words(article.text) - (count_words(article.title or "") if headline else 0)
        for article, headline in zip((old, new), headlines, strict=True)
    ]
    title = _title(old, new)
    authors = _list_change(old.authors, new.authors)
    published = _moment(old.published, new.published)
    return Difference(
        title=title,
        authors=authors,
        published=published,
        modified=_moment(old.modified, new.modified),
        section=_change(old.section, new.section),
        tags=_list_change(old.tags, new.tags),
        paragraphs=paragraphs_of(before, after, alignment),
        added=added,
        removed=removed,
        ratio=1 - min(1.0, (added + removed) / (sum(words) or 1)),
        kinds=kinds_of(
            edits,
            (_share(removed, words[0]), _share(added, words[1])),
            headline=title is not None and None not in (title.old, title.new),
            metadata=authors is not None or published is not None,
        ),
    )


def _headline(tokens: Tokens, title: str | None) -> frozenset[int]:
    """Of a text that begins with its title that line, which is compared apart."""
    keys = _keys(title)[1:]
    first = tokens.lines[1] if len(tokens.lines) > 1 else 0
    end = first + len(keys)
    if not first or tokens.keys[first:end] != keys or not tokens.line_ends()[end - 1]:
        return frozenset()
    return frozenset(range(first, end))


def _share(part: int, whole: int) -> float:
    """Of a short text nothing can be told."""
    return part / whole if whole >= _LEAST else 0.0


def reads_the_same(old: str | None, new: str | None) -> bool:
    """Whether two short texts differ in nothing but white space, quotes and the like."""
    return old == new or _keys(old) == _keys(new)


def same_moment(old: str | None, new: str | None) -> bool:
    """Whether two dates of ISO 8601 may be the same, the one perhaps told more precisely."""
    if old == new:
        return True
    if not old or not new:
        return False
    if old.startswith(new) or new.startswith(old):
        return True
    try:
        first, second = _parsed(old), _parsed(new)
    except ValueError:
        return False
    return first == second if len(old) > 10 < len(new) else first.date() == second.date()


def _parsed(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def same_names(old: Iterable[str], new: Iterable[str]) -> bool:
    """Whether two lists have the same names, in whatever order."""
    return sorted(map(_keys, old)) == sorted(map(_keys, new))


def _keys(text: str | None) -> list[str]:
    return tokens_of((text or "").replace("\n", " ")).keys


def _title(old: Article, new: Article) -> Change | None:
    return _change(_without_site(old), _without_site(new))


def _without_site(article: Article) -> str | None:
    """The title without the name of the site behind it, which comes and goes."""
    title, site = article.title, article.site
    if not title or not site:
        return title
    start = title[: -len(site)].rstrip() if title.endswith(site) else ""
    return start[:-1].rstrip() or title if start.endswith(("|", "-", "–", "—", "·", ":")) else title


def _change(old: str | None, new: str | None) -> Change | None:
    if reads_the_same(old, new):
        return None
    before, after = tokens_of(old or ""), tokens_of(new or "")
    spans = tuple(
        span for row in paragraphs_of(before, after, align(before, after)) for span in row.spans
    )
    return Change(old=old, new=new, spans=spans)


def _moment(old: str | None, new: str | None) -> Change | None:
    if same_moment(old, new):
        return None
    spans = (Span(kind="removed", old=old or "", new=""), Span(kind="added", old="", new=new or ""))
    return Change(old=old, new=new, spans=tuple(span for span in spans if span.text))


def _list_change(old: tuple[str, ...], new: tuple[str, ...]) -> ListChange | None:
    return None if same_names(old, new) else ListChange(old=old, new=new)
