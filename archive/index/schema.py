"""Tables of the index. A change of any of them, or of the analyser, is a new VERSION: rebuild.

`captures` is stored in the order of its primary key, which answers every question by URL and time.
Its second key finds the rows of a segment and makes writing them twice harmless.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
)

VERSION = 1

metadata = MetaData()

index_version = Table("index_version", metadata, Column("version", Integer, primary_key=True))

segments = Table(
    "segments",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("filename", Text, nullable=False, unique=True),
    Column("source", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("node", Text),
    Column("path", Text),
)

captures = Table(
    "captures",
    metadata,
    Column("urlkey", Text, primary_key=True),
    Column("timestamp", BigInteger, primary_key=True, autoincrement=False),
    Column("segment", Integer, primary_key=True, autoincrement=False),
    Column("offset", BigInteger, primary_key=True, autoincrement=False),
    Column("length", BigInteger, nullable=False),
    Column("status", SmallInteger, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("record_id", LargeBinary, nullable=False),
    Column("form", SmallInteger),  # how `url` follows from the urlkey
    Column("url", Text),  # NULL where `form` is set
    Column("mime", Text),  # NULL: text/html
    Column("source", Text),  # NULL: that of the segment
    Column("job", Text),
    Column("request_length", BigInteger),
    Column("truncated", Text),
    UniqueConstraint("segment", "offset"),
    sqlite_with_rowid=False,
)

documents = Table(
    "documents",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("segment", Integer, nullable=False),
    Column("offset", BigInteger, nullable=False),
    Column("run", Text, nullable=False),
    Column("urlkey", Text, nullable=False),
    Column("timestamp", BigInteger, nullable=False),
    Column("day", Integer, nullable=False),  # YYYYMMDD of publication, else of capture
    Column("source", Text, nullable=False),
    Column("language", Text),
    Column("searchable", SmallInteger, nullable=False),  # 1: its words are in the full-text index
    Column("content", LargeBinary, nullable=False),  # JSON of archive.documents, zstd
    UniqueConstraint("segment", "offset"),
)

# Which stemmers a query in no stated language has to be tried with; "" for none.
languages = Table("languages", metadata, Column("language", Text, primary_key=True))
