"""Revision 0011_books: the statements of sql/migrations/0011_books.sql."""

from alembic import op

from adapters.store.statements import run

revision = "0011_books"
down_revision = "0010_writes"


def upgrade() -> None:
    """Run the file."""
    run(op.get_bind(), revision)
