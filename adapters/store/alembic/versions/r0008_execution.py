"""Revision 0008_execution: the statements of sql/migrations/0008_execution.sql."""

from alembic import op

from adapters.store.statements import run

revision = "0008_execution"
down_revision = "0007_operators"


def upgrade() -> None:
    """Run the file."""
    run(op.get_bind(), revision)
