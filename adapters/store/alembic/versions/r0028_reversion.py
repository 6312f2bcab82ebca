"""Revision 0028_reversion: the statements of sql/migrations/0028_reversion.sql."""

from alembic import op

from adapters.store.statements import run

revision = "0028_reversion"
down_revision = "0027_sentiment"


def upgrade() -> None:
    """Run the file."""
    run(op.get_bind(), revision)
