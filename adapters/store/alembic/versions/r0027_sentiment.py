"""Revision 0027_sentiment: the statements of sql/migrations/0027_sentiment.sql."""

from alembic import op

from adapters.store.statements import run

revision = "0027_sentiment"
down_revision = "0026_models"


def upgrade() -> None:
    """Run the file."""
    run(op.get_bind(), revision)
