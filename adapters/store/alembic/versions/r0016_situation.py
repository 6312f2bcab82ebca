"""Revision 0016_situation: the statements of sql/migrations/0016_situation.sql."""

from alembic import op

from adapters.store.statements import run

revision = "0016_situation"
down_revision = "0015_live"


def upgrade() -> None:
    """Run the file."""
    run(op.get_bind(), revision)
