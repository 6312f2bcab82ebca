"""How anyone can ask the database for the numbers of a trade journal: short statements, filled in."""

from adapters.store.spelled import Value, spelled
from trading.performance.period import Period

_QUERIES = {
    "what was closed in the period": "select * from analytics.trade_journal where book = %(book)s"
    " and closed_at > %(after)s and closed_at <= %(closes)s order by closed_at, strategy, symbol",
    "what is held now": "select * from analytics.trade_journal where book = %(book)s and closed_at is null"
    " order by opened_at, strategy, symbol",
    "how the strategies did up to its end": "select strategy, count(*) as trips, sum(pnl) as pnl,"
    " sum(fees) as fees, avg((pnl > 0)::integer) as win_rate, sum(pnl) filter (where pnl > 0)"
    " / nullif(-sum(pnl) filter (where pnl < 0), 0) as profit_factor, avg(held_for) as mean_time_held"
    " from analytics.trade_journal where book = %(book)s and closed_at <= %(closes)s"
    " group by strategy order by strategy",
    "the notes": "select at, author, client_id, note from analytics.trade_notes where book = %(book)s order by note_id",
}


def queries(book: str, period: Period) -> dict[str, str]:
    """Return SQL by what it answers, for one book and period; every view it asks is documented in the database."""
    values: dict[str, Value] = {"book": book, "closes": period.closes, "after": period.after}
    return {question: spelled(query, values) for question, query in _QUERIES.items()}
