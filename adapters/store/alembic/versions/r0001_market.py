"""Revision 0001_market: the statements of sql/migrations/0001_market.sql."""

from alembic import op

from adapters.store.statements import run

revision = "0001_market"
down_revision = None


def upgrade() -> None:
    """Run the file."""
    run(op.get_bind(), revision)
