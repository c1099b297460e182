"""Documents in the index: the current one of each capture, and the search for words in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    Subquery,
    and_,
    bindparam,
    delete,
    select,
    update,
)

from archive.index import rows
from archive.index.analyser import analyse, stemmer_of
from archive.index.dialect.base import Dialect, Moved
from archive.index.queries import Matching, SearchHit, SearchQuery
from archive.index.schema import captures, contents, documents, index_version, languages
from archive.index.snippets import Snippets
from archive.index.stepping import HiddenVersion
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
_all_stemmers = select(languages.c.language)
_generation = select(index_version.c.generation).scalar_subquery().label("generation")
# At least one row, so that it says in which index there is none.
_contents_of = select(index_version.c.generation, contents.c.id, contents.c.content).outerjoin_from(
    index_version, contents, contents.c.id.in_(bindparam("ids", expanding=True))
)
_capture_of_document = and_(
    captures.c.segment == documents.c.segment, captures.c.offset == documents.c.offset
)
_MOVED = 50  # pages that may have come in before the one behind which the next hits begin
_CANDIDATES = 5  # documents that are ranked for each hit: a page may have many versions


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
    if article.quality not in rows.SEARCHABLE or not article.text.strip():
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


def search(
    connection: Connection,
    dialect: Dialect,
    query: SearchQuery,
    hidden: HiddenVersion | None = None,
) -> list[SearchHit]:
    """Hits, best first, one a urlkey, of the versions that are not hidden. Raises Moved."""
    words = parse(query.words, _stemmers(connection, query))
    if not words:
        return []
    best = _best(connection, dialect, query, words, hidden)
    found = connection.execute(_contents_of, {"ids": [row.id for row in best]}).all()
    if len({row.generation for row in (*best, *found)}) > 1:
        # PostgreSQL shows each statement what is there by then: in another index ids are others'.
        raise Moved
    kept = rows.documents_of((row.id, row.content) for row in found if row.id is not None)
    snippets = Snippets(words)
    # One that is missing was withdrawn in between.
    return [_hit(kept[row.id], row.score, snippets) for row in best if row.id in kept]


def matches(
    connection: Connection, dialect: Dialect, query: SearchQuery, most: int
) -> list[Matching]:
    """What the best `most` documents are, versions of a page each for itself."""
    words = parse(query.words, _stemmers(connection, query))
    if not words:
        return []
    asked = _asked_for(query)
    statement = _matching(type(dialect), frozenset(asked))
    asked |= {"words": dialect.query(words), "most": most}
    return [rows.matching_of(row) for row in connection.execute(statement, asked)]


def _best(
    connection: Connection,
    dialect: Dialect,
    query: SearchQuery,
    words: Sequence[Alternatives],
    hidden: HiddenVersion | None,
) -> list[Row[Any]]:
    """The best document of each page, by score and then by time."""
    begin = query.offset
    wanted = begin + query.limit + (0 if query.after is None else _MOVED)
    most = _CANDIDATES * wanted
    asked = _asked_for(query)
    statement = _ranked(type(dialect), frozenset(asked), with_capture=hidden is not None)
    asked["words"] = dialect.query(words)
    while True:
        found = connection.execute(statement, {**asked, "most": most}).all()
        whole = len(found) < most
        best: dict[str, Row[Any]] = {}
        for row in found:
            # Others that are as good as the last one may have been cut off.
            if len(best) == wanted or not (whole or row.score > found[-1].score):
                break
            if row.urlkey in best or (hidden is not None and _is_hidden(row, hidden)):
                continue
            best[row.urlkey] = row
            if row.urlkey == query.after:
                begin = len(best)
                wanted = begin + query.limit
        if whole or len(best) == wanted:
            return list(best.values())[begin : begin + query.limit]
        most *= _CANDIDATES


def _is_hidden(row: Row[Any], hidden: HiddenVersion) -> bool:
    # One without a capture was withdrawn in between.
    digest = "" if row.digest is None else rows.digest_text(bytes(row.digest))
    return hidden(row.urlkey, f"{row.timestamp:014d}", digest)


def _stemmers(connection: Connection, query: SearchQuery) -> Sequence[str]:
    if query.language is not None:
        return [stemmer_of(query.language)]
    return connection.execute(_all_stemmers).scalars().all()


def _asked_for(query: SearchQuery) -> dict[str, Any]:
    """The conditions of a query beside its words, by their names in the statement."""
    asked: dict[str, Any] = {}
    if query.language is not None:
        asked["language"] = rows.storable(query.language)
    if query.source is not None:
        asked["source"] = rows.storable(query.source)
    if query.quality is not None:
        asked["quality"] = rows.SEARCHABLE.get(query.quality, 0)
    if query.start is not None:
        asked["start"] = int(query.start[:8])
    if query.end is not None:
        asked["end"] = int(query.end[:8])
    return asked


def _candidates(dialect: type[Dialect], names: frozenset[str]) -> Subquery:
    """`id` and `score` of the best `most` documents that have the `words`, under conditions of
    these names."""
    fulltext = dialect.fulltext
    (key,) = fulltext.c
    score = dialect.rank.label("score")
    # Ranked without their rows, which would be as many as have a frequent word.
    ranked = select(key.label("id"), score).where(dialect.matches)
    if names:
        conditions = {
            "language": documents.c.language == bindparam("language"),
            "source": documents.c.source == bindparam("source"),
            "quality": documents.c.searchable == bindparam("quality"),
            "start": documents.c.day >= bindparam("start"),
            "end": documents.c.day <= bindparam("end"),
        }
        of_documents = fulltext.join(documents, documents.c.id == key)
        ranked = ranked.select_from(of_documents)
        ranked = ranked.where(*(conditions[name] for name in sorted(names)))
    else:
        ranked = ranked.select_from(fulltext)
    return ranked.order_by(score.desc()).limit(bindparam("most")).subquery()


def _of_candidates(candidates: Subquery, *columns: ColumnElement[Any]) -> Select[Any]:
    """Columns of documents and what is joined to them, best first."""
    return (
        select(*columns)
        .join_from(candidates, documents, documents.c.id == candidates.c.id)
        .order_by(candidates.c.score.desc(), documents.c.timestamp.desc(), documents.c.id)
    )


@lru_cache
def _ranked(dialect: type[Dialect], names: frozenset[str], *, with_capture: bool) -> Select[Any]:
    """The candidates in order.

    Made once: that takes as long as a search for rare words.
    """
    candidates = _candidates(dialect, names)
    found = _of_candidates(
        candidates, documents.c.id, documents.c.urlkey, candidates.c.score, _generation
    )
    if with_capture:
        found = found.add_columns(documents.c.timestamp, captures.c.digest)
        found = found.outerjoin(captures, _capture_of_document)
    return found


@lru_cache
def _matching(dialect: type[Dialect], names: frozenset[str]) -> Select[Any]:
    """What is counted of the candidates, in the order of `_ranked`."""
    return _of_candidates(
        _candidates(dialect, names),
        documents.c.urlkey,
        documents.c.timestamp,
        captures.c.digest,
        documents.c.source,
        documents.c.language,
        documents.c.searchable,
        documents.c.day,
    ).join(captures, _capture_of_document)


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
