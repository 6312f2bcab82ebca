"""Revision 0015_live: the statements of sql/migrations/0015_live.sql."""

from alembic import op

from adapters.store.statements import run

revision = "0015_live"
down_revision = "0014_sources"


def upgrade() -> None:
    """Run the file."""
    run(op.get_bind(), revision)
