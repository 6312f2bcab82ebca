"""Revision 0025_features: the statements of sql/migrations/0025_chart_patterns.sql and 0025_features.sql."""

from alembic import op

from adapters.store.statements import run

revision = "0025_features"
down_revision = "0024_round_trips"


def upgrade() -> None:
    """Run both files."""
    run(op.get_bind(), "0025_chart_patterns")
    run(op.get_bind(), revision)
