"""Revision 0021_compliance: runs sql/migrations/0021_compliance.sql."""

from alembic import op

from adapters.store.statements import run

revision = "0021_compliance"
down_revision = "0020_trade_journal"


def upgrade() -> None:
    """Create the tables of compliance, their gates and views."""
    run(op.get_bind(), revision)
