"""Revision 0022_risk_report: runs sql/migrations/0022_risk_report.sql."""

from alembic import op

from adapters.store.statements import run

revision = "0022_risk_report"
down_revision = "0021_compliance"


def upgrade() -> None:
    """Create the table of risk reports."""
    run(op.get_bind(), revision)
