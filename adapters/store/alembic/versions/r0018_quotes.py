"""Revision 0018_quotes: the statements of sql/migrations/0018_quotes.sql."""

from alembic import op

from adapters.store.statements import run

revision = "0018_quotes"
down_revision = "0017_topics"


def upgrade() -> None:
    """Run the file."""
    run(op.get_bind(), revision)
