"""Revision 0012_resilience: the statements of sql/migrations/0012_resilience.sql."""

from alembic import op

from adapters.store.statements import run

revision = "0012_resilience"
down_revision = "0011_books"


def upgrade() -> None:
    """Run the file."""
    run(op.get_bind(), revision)
