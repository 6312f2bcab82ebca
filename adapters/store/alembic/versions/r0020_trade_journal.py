"""Revision 0020_trade_journal: tables and notes, what executions cost, why orders were made, the journal of trades."""

from alembic import op

from adapters.store.statements import run

revision = "0020_trade_journal"
down_revision = "0019_analysts"


def upgrade() -> None:
    """Run its files in their order: the journal reads the reasons."""
    for name in (revision, "0020_fill_costs", "0020_order_reasons", "0020_trade_journal_view"):
        run(op.get_bind(), name)
