"""Revision 0023_round_trips: the statements of sql/migrations/0023_round_trips.sql."""

from alembic import op

from adapters.store.statements import run

revision = "0023_round_trips"
down_revision = "0022_limits"


def upgrade() -> None:
    """Run the file."""
    run(op.get_bind(), revision)
