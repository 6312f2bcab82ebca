"""Revision 0006_analytics: the statements of sql/migrations/0006_analytics.sql."""

from alembic import op

from adapters.store.statements import run

revision = "0006_analytics"
down_revision = "0005_portfolio"


def upgrade() -> None:
    """Run the file."""
    run(op.get_bind(), revision)
