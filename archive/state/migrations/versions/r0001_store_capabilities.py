"""What stores were seen to do."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """See `archive.state.schema` of this revision."""
    op.create_table(
        "store_capabilities",
        sa.Column("endpoint", sa.Text, primary_key=True),
        sa.Column("bucket", sa.Text, primary_key=True),
        sa.Column("create_only", sa.Boolean, nullable=False),
        sa.Column("ranged_reads", sa.Boolean, nullable=False),
        sa.Column("notes_digests", sa.Boolean, nullable=False),
        sa.Column("checks_arrivals", sa.Boolean, nullable=False),
        sa.Column("probed", sa.Text, nullable=False),
    )
