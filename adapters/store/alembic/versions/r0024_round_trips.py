"""Revision 0024_round_trips: the statements of sql/migrations/0024_round_trips.sql."""

from alembic import op

from adapters.store.statements import run

revision = "0024_round_trips"
down_revision = "0023_limits"


def upgrade() -> None:
    """Run the file."""
    run(op.get_bind(), revision)
