"""Revision 0010_writes: the statements of sql/migrations/0010_writes.sql."""

from alembic import op

from adapters.store.statements import run

revision = "0010_writes"
down_revision = "0009_ledger"


def upgrade() -> None:
    """Run the file."""
    run(op.get_bind(), revision)
