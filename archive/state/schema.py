"""Tables of the state database. Whoever changes them writes a migration and raises HEAD.

Only types that every database and a backup hold alike: Text, Integer, BigInteger, Float, Boolean,
LargeBinary. Moments are Text of 14 digits, as in captures.
"""

from __future__ import annotations

from sqlalchemy import Boolean, Column, MetaData, Table, Text

HEAD = "0001"
"""Revision of the newest migration: what `metadata` describes."""

metadata = MetaData()

store_capabilities = Table(
    "store_capabilities",
    metadata,
    Column("endpoint", Text, primary_key=True),  # "https://s3.example.org"
    Column("bucket", Text, primary_key=True),
    Column("create_only", Boolean, nullable=False),
    Column("ranged_reads", Boolean, nullable=False),
    Column("notes_digests", Boolean, nullable=False),
    Column("checks_arrivals", Boolean, nullable=False),
    Column("probed", Text, nullable=False),  # 14 digits, UTC
)
