"""Revision 0019_analysts: the views of sql/migrations/0019_analyst_views.sql, the role of 0019_analysts.sql."""

from alembic import op

from adapters.store.statements import run

revision = "0019_analysts"
down_revision = "0018_quotes"


def upgrade() -> None:
    """Run both files, the views first."""
    run(op.get_bind(), "0019_analyst_views")
    run(op.get_bind(), revision)
