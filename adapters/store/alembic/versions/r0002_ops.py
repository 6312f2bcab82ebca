"""Revision 0002_ops: the statements of sql/migrations/0002_ops.sql."""

from alembic import op

from adapters.store.statements import run

revision = "0002_ops"
down_revision = "0001_market"


def upgrade() -> None:
    """Run the file."""
    run(op.get_bind(), revision)
