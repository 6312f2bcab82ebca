"""How anyone can ask the database for the numbers of a trade journal: short statements, filled in."""

from trading.performance.period import Period

_QUERIES = {
    "what was closed in the period": "select * from analytics.trade_journal where book = {book}"
    " and closed_at > {after} and closed_at <= {closes} order by closed_at, strategy, symbol",
    "what is held now": "select * from analytics.trade_journal where book = {book} and closed_at is null"
    " order by opened_at, strategy, symbol",
    "how the strategies did up to its end": "select strategy, count(*) as trips, sum(pnl) as pnl,"
    " sum(fees) as fees, avg((pnl > 0)::integer) as win_rate, sum(pnl) filter (where pnl > 0)"
    " / nullif(-sum(pnl) filter (where pnl < 0), 0) as profit_factor, avg(held_for) as mean_time_held"
    " from analytics.trade_journal where book = {book} and closed_at <= {closes} group by strategy order by strategy",
    "the notes": "select at, author, client_id, note from analytics.trade_notes where book = {book} order by note_id",
}


def queries(book: str, period: Period) -> dict[str, str]:
    """Return SQL by what it answers, for one book and period; every view it asks is documented in the database."""
    values = {"book": book, "closes": period.closes.isoformat(), "after": period.after.isoformat()}
    quoted = {name: "'" + value.replace("'", "''") + "'" for name, value in values.items()}
    return {question: query.format(**quoted) for question, query in _QUERIES.items()}
