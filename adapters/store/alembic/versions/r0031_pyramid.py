"""Revision 0031_pyramid: the statements of sql/migrations/0031_pyramid.sql."""

from alembic import op

from adapters.store.statements import run

revision = "0031_pyramid"
down_revision = "0030_risk_at_stop"


def upgrade() -> None:
    """Run the file."""
    run(op.get_bind(), revision)
