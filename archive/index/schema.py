"""Tables of the index. A change of any of them, or of the analyser, is a new VERSION: rebuild.

`captures` is stored in the order of its primary key, which answers every question by URL and time.
Its second key finds the rows of a segment and makes writing them twice harmless. Texts compare
bytewise, also in PostgreSQL.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects import postgresql

VERSION = 6

_TEXT = Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")

metadata = MetaData()

index_version = Table(
    "index_version",
    metadata,
    Column("version", Integer, primary_key=True),
    Column("generation", BigInteger, nullable=False),  # random: no other index has it
    Column("decisions", BigInteger, nullable=False, server_default="0"),  # times some were added
)

# Of which collection it is, by its description: one row, or none yet.
collection = Table("collection", metadata, Column("description", _TEXT, nullable=False))

segments = Table(
    "segments",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("filename", _TEXT, nullable=False, unique=True),
    Column("source", _TEXT, nullable=False),
    Column("state", _TEXT, nullable=False),
    Column("node", _TEXT),
    Column("path", _TEXT),
    # 1: known that no page in it lacks its document
    Column("texts", SmallInteger, nullable=False, server_default="0"),
)

captures = Table(
    "captures",
    metadata,
    Column("urlkey", _TEXT, primary_key=True),
    Column("timestamp", BigInteger, primary_key=True, autoincrement=False),
    Column("segment", Integer, primary_key=True, autoincrement=False),
    Column("offset", BigInteger, primary_key=True, autoincrement=False),
    Column("length", BigInteger, nullable=False),
    Column("status", SmallInteger, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("record_id", LargeBinary, nullable=False),
    Column("form", SmallInteger),  # how `url` follows from the urlkey
    Column("url", _TEXT),  # NULL where `form` is set
    Column("mime", _TEXT),  # NULL: text/html
    Column("source", _TEXT),  # NULL: that of the segment
    Column("job", _TEXT),
    Column("request_length", BigInteger),
    Column("truncated", _TEXT),
    Column("kind", _TEXT),  # NULL: a page, as far as is known
    sqlite_with_rowid=False,
)

# Apart from the table, so that it can be made after the rows when they come in bulk.
captures_place = Index("captures_place", captures.c.segment, captures.c.offset, unique=True)

documents = Table(
    "documents",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("segment", Integer, nullable=False),
    Column("offset", BigInteger, nullable=False),
    Column("run", _TEXT, nullable=False),
    Column("urlkey", _TEXT, nullable=False),
    Column("timestamp", BigInteger, nullable=False),
    Column("day", Integer, nullable=False),  # YYYYMMDD of publication, else of capture
    Column("source", _TEXT, nullable=False),
    Column("language", _TEXT),
    # 1 (thin) and 2 (article): its words are in the full-text index
    Column("searchable", SmallInteger, nullable=False),
    # the urlkey of the address that the page says it has, where that is not its own
    Column("canonical", _TEXT),
    UniqueConstraint("segment", "offset"),
)

_elsewhere = documents.c.canonical.is_not(None)
Index(
    "documents_canonical",
    documents.c.canonical,
    sqlite_where=_elsewhere,
    postgresql_where=_elsewhere,
)

# Apart from `documents`, whose rows a search goes through by the thousand.
contents = Table(
    "contents",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),  # of the document
    Column("content", LargeBinary, nullable=False),  # JSON of archive.documents, zstd
)

# Which stemmers a query in no stated language has to be tried with; "" for none.
languages = Table("languages", metadata, Column("language", _TEXT, primary_key=True))

# Decisions to withhold: the objects below access/ as they are.
decisions = Table(
    "decisions",
    metadata,
    Column("id", _TEXT, primary_key=True),
    Column("content", _TEXT, nullable=False),
)
