"""Run by Alembic: the migrations on the connection, and in the transaction, of the caller."""

from __future__ import annotations

from alembic import context

from archive.state.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
    # SQLite alters a table by making it anew.
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
