"""Revision 0005_portfolio: the statements of sql/migrations/0005_portfolio.sql."""

from alembic import op

from adapters.store.statements import run

revision = "0005_portfolio"
down_revision = "0004_trading"


def upgrade() -> None:
    """Run the file."""
    run(op.get_bind(), revision)
