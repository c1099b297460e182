"""Documents in the index: the current one of each capture, and the search for words in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, bindparam, delete, select, update

from archive.index import rows
from archive.index.analyser import analyse, stemmer_of
from archive.index.dialect.base import Dialect
from archive.index.queries import SearchHit, SearchQuery
from archive.index.schema import contents, documents, languages
from archive.index.snippets import Snippets
from archive.index.words import Alternatives, parse
from archive.model import Document

_current = (
    select(documents.c.id, documents.c.run, documents.c.searchable, contents.c.content)
    .join_from(documents, contents, contents.c.id == documents.c.id)
    .where(
        documents.c.segment == bindparam("of_segment"), documents.c.offset == bindparam("of_offset")
    )
)
_replace = update(documents).where(documents.c.id == bindparam("of_id"))
_insert = documents.insert().returning(documents.c.id)
_replace_content = update(contents).where(contents.c.id == bindparam("of_id"))
_insert_content = contents.insert()
_SEARCHED = ("article", "thin")


@dataclass(frozen=True, slots=True)
class Prepared:
    """A document and what takes time to make of it, ready for a short transaction."""

    document: Document
    text: dict[str, Any] | None  #: columns of the full-text index; None: not to be searched
    stemmer: str


def prepare(document: Document) -> Prepared:
    """Analyse a document; an `article` or a `thin` one that has text is to be found by search."""
    article = document.article
    stemmer = stemmer_of(article.language)
    if article.quality not in _SEARCHED or not article.text.strip():
        return Prepared(document, None, stemmer)
    return Prepared(document, _analysed(document), stemmer)


def _analysed(document: Document) -> dict[str, Any]:
    article = document.article
    stemmer = stemmer_of(article.language)
    fields = {
        "title": article.title or "",
        "text": article.text,
        "authors": " ".join(article.authors),
    }
    forms = {name: analyse(text, stemmer) for name, text in fields.items()}
    row = {name: tokens for name, (tokens, _) in forms.items()}
    row["accented"] = " ".join(accented for _, accented in forms.values() if accented)
    return row


def put(connection: Connection, dialect: Dialect, prepared: Prepared, segment: int) -> None:
    """Make it the document of its capture, unless that has one of the same or a later run."""
    document = prepared.document
    row = rows.document_row(document, segment, searchable=prepared.text is not None)
    content = {"content": row.pop("content")}
    place = {"of_segment": segment, "of_offset": document.offset}
    current = connection.execute(_current, place).one_or_none()
    if current is None:
        id_ = connection.execute(_insert, row).scalar_one()
        connection.execute(_insert_content, {"id": id_, **content})
    elif current.run >= document.run:
        return
    else:
        id_ = current.id
        if current.searchable:
            old = _analysed(rows.document_of(current.content))
            dialect.remove_text(connection, {"id": id_, **old})
        connection.execute(_replace.values(row), {"of_id": id_})
        connection.execute(_replace_content.values(content), {"of_id": id_})
    if prepared.text is not None:
        dialect.add_text(connection, {"id": id_, **prepared.text})
        connection.execute(dialect.insert_new(languages), {"language": prepared.stemmer})


def remove(connection: Connection, dialect: Dialect, segment: int, offset: int) -> None:
    """Take the document of a capture out, if there is one."""
    place = {"of_segment": segment, "of_offset": offset}
    current = connection.execute(_current, place).one_or_none()
    if current is None:
        return
    if current.searchable:
        old = _analysed(rows.document_of(current.content))
        dialect.remove_text(connection, {"id": current.id, **old})
    connection.execute(delete(contents).where(contents.c.id == current.id))
    connection.execute(delete(documents).where(documents.c.id == current.id))


def search(connection: Connection, dialect: Dialect, query: SearchQuery) -> list[SearchHit]:
    """Hits, best first, one a urlkey."""
    words = parse(query.words, _stemmers(connection, query))
    if not words:
        return []
    best: dict[str, tuple[int, float]] = {}
    for row in connection.execute(_ranked(dialect, query, words)):
        if len(best) >= query.limit:
            break
        best.setdefault(row.urlkey, (row.id, row.score))
    contents = _contents(connection, [id_ for id_, _ in best.values()])
    snippets = Snippets(words)
    return [_hit(contents[id_], score, snippets) for id_, score in best.values()]


def _stemmers(connection: Connection, query: SearchQuery) -> Sequence[str]:
    if query.language is not None:
        return [stemmer_of(query.language)]
    return connection.execute(select(languages.c.language)).scalars().all()


def _ranked(dialect: Dialect, query: SearchQuery, words: Sequence[Alternatives]) -> Select[Any]:
    fulltext = dialect.fulltext
    (key,) = fulltext.c
    score = dialect.rank(words).label("score")
    statement = (
        select(documents.c.id, documents.c.urlkey, score)
        .join_from(fulltext, documents, documents.c.id == key)
        .where(dialect.matches(words))
        .order_by(score.desc(), documents.c.timestamp.desc(), documents.c.id)
    )
    if query.language is not None:
        statement = statement.where(documents.c.language == rows.storable(query.language))
    if query.source is not None:
        statement = statement.where(documents.c.source == rows.storable(query.source))
    if query.start is not None:
        statement = statement.where(documents.c.day >= int(query.start[:8]))
    if query.end is not None:
        statement = statement.where(documents.c.day <= int(query.end[:8]))
    return statement


def _contents(connection: Connection, ids: Sequence[int]) -> dict[int, Document]:
    found = connection.execute(
        select(contents.c.id, contents.c.content).where(contents.c.id.in_(ids))
    )
    return {id_: rows.document_of(content) for id_, content in found}


def _hit(document: Document, score: float, snippets: Snippets) -> SearchHit:
    article = document.article
    shown, spans = snippets.of(article.text, stemmer_of(article.language))
    return SearchHit(
        url=document.url,
        timestamp=document.timestamp,
        digest=document.digest,
        source=document.source,
        title=article.title,
        date=document.date,
        language=article.language,
        score=score,
        snippet=shown,
        spans=spans,
    )
