"""Revision 0030_risk_at_stop: the statements of sql/migrations/0030_risk_at_stop.sql."""

from alembic import op

from adapters.store.statements import run

revision = "0030_risk_at_stop"
down_revision = "0029_reversion"


def upgrade() -> None:
    """Run the file."""
    run(op.get_bind(), revision)
