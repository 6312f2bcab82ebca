"""Revision 0013_storage: the statements of sql/migrations/0013_storage.sql."""

from alembic import op

from adapters.store.statements import run

revision = "0013_storage"
down_revision = "0012_resilience"


def upgrade() -> None:
    """Run the file."""
    run(op.get_bind(), revision)
