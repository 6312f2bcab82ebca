"""Revision 0010_books: the statements of sql/migrations/0010_books.sql."""

from alembic import op

from adapters.store.statements import run

revision = "0010_books"
down_revision = "0009_ledger"


def upgrade() -> None:
    """Run the file."""
    run(op.get_bind(), revision)
