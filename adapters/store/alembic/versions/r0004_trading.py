"""Revision 0004_trading: the statements of sql/migrations/0004_trading.sql."""

from alembic import op

from adapters.store.statements import run

revision = "0004_trading"
down_revision = "0003_research"


def upgrade() -> None:
    """Run the file."""
    run(op.get_bind(), revision)
