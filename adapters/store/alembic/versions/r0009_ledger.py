"""Revision 0009_ledger: the statements of sql/migrations/0009_ledger.sql."""

from alembic import op

from adapters.store.statements import run

revision = "0009_ledger"
down_revision = "0008_execution"


def upgrade() -> None:
    """Run the file."""
    run(op.get_bind(), revision)
