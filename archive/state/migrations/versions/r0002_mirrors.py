"""What a second store still lacks."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """See `archive.state.schema` of this revision."""
    op.create_table(
        "mirrors",
        sa.Column("mirror", sa.Text, primary_key=True),
        sa.Column("compared", sa.Text, nullable=False),
    )
    op.create_table(
        "mirror_waiting",
        sa.Column("mirror", sa.Text, primary_key=True),
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("since", sa.Text, nullable=False),
    )
