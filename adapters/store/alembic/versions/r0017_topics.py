"""Revision 0017_topics: the statements of sql/migrations/0017_topics.sql."""

from alembic import op

from adapters.store.statements import run

revision = "0017_topics"
down_revision = "0016_situation"


def upgrade() -> None:
    """Run the file."""
    run(op.get_bind(), revision)
