"""Revision 0026_models: the statements of sql/migrations/0026_models.sql."""

from alembic import op

from adapters.store.statements import run

revision = "0026_models"
down_revision = "0025_features"


def upgrade() -> None:
    """Run the file."""
    run(op.get_bind(), revision)
