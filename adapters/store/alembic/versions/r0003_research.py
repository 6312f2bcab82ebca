"""Revision 0003_research: the statements of sql/migrations/0003_research.sql."""

from alembic import op

from adapters.store.statements import run

revision = "0003_research"
down_revision = "0002_ops"


def upgrade() -> None:
    """Run the file."""
    run(op.get_bind(), revision)
