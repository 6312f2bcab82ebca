"""Revision 0014_sources: the statements of sql/migrations/0014_sources.sql."""

from alembic import op

from adapters.store.statements import run

revision = "0014_sources"
down_revision = "0013_storage"


def upgrade() -> None:
    """Run the file."""
    run(op.get_bind(), revision)
