"""Tables of the state database. Whoever changes them writes a migration and raises HEAD.

Only types that every database and a backup hold alike: Text, Integer, BigInteger, Float, Boolean,
LargeBinary. Moments are Text of 14 digits, as in captures.
"""

from __future__ import annotations

from sqlalchemy import Boolean, Column, LargeBinary, MetaData, Table, Text

HEAD = "0003"
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

# A mirror that is not here has never been compared with the store: it may lack anything.
mirrors = Table(
    "mirrors",
    metadata,
    Column("mirror", Text, primary_key=True),  # URI of the second store
    Column("compared", Text, nullable=False),  # 14 digits, UTC
)

mirror_waiting = Table(
    "mirror_waiting",
    metadata,
    Column("mirror", Text, primary_key=True),
    Column("key", Text, primary_key=True),  # of an object that the mirror may lack
    Column("since", Text, nullable=False),  # 14 digits, UTC
)

tokens = Table(
    "tokens",
    metadata,
    Column("id", Text, primary_key=True),  # 10 characters of a-z and 2-7; no secret
    Column("name", Text, nullable=False),  # of those that are in force no two have the same
    Column("hash", Text, nullable=False, unique=True),  # SHA-256 of the token, hex
    Column("scope", Text, nullable=False),  # "read", "save" or "admin"
    Column("created", Text, nullable=False),  # 14 digits, UTC, as all moments here
    Column("expires", Text),  # not in force from then on; NULL: never
    Column("last_used", Text),  # to the hour; NULL: never
    Column("revoked", Text),  # NULL: in force
)

# Shared by all servers of one state, so that each knows what another one has signed.
signing_keys = Table(
    "signing_keys",
    metadata,
    Column("name", Text, primary_key=True),  # what is signed: "web"
    Column("key", LargeBinary, nullable=False),
)
