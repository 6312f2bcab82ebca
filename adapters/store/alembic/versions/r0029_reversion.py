"""Revision 0029_reversion: the statements of sql/migrations/0029_reversion.sql."""

from alembic import op

from adapters.store.statements import run

revision = "0029_reversion"
down_revision = "0028_trading_hours"


def upgrade() -> None:
    """Run the file."""
    run(op.get_bind(), revision)
