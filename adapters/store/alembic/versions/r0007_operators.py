"""Revision 0007_operators: the statements of sql/migrations/0007_operators.sql."""

from alembic import op

from adapters.store.statements import run

revision = "0007_operators"
down_revision = "0006_analytics"


def upgrade() -> None:
    """Run the file."""
    run(op.get_bind(), revision)
