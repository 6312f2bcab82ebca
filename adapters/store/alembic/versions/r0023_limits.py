"""Revision 0023_limits: sql/migrations/0023_limits.sql."""

from alembic import op

from adapters.store.statements import run

revision = "0023_limits"
down_revision = "0022_risk_report"


def upgrade() -> None:
    """Run the file."""
    run(op.get_bind(), revision)
