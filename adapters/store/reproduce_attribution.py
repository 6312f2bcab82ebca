"""How anyone can ask the database for the numbers of an attribution: short statements, filled in."""

from adapters.store.spelled import Value, spelled
from trading.performance.period import Period

_QUERIES = {
    "timing, slippage and fees of the day, by sub-account": "select strategy, symbol, sum(timing) as timing,"
    " sum(slippage) as slippage, -sum(fee * fee_rate) as fee from analytics.fill_costs where book = %(book)s"
    " and ts > %(after)s and ts <= %(closes)s group by strategy, symbol order by strategy, symbol",
    "each fill with its prices and costs": "select * from analytics.fill_costs where book = %(book)s"
    " and ts > %(after)s and ts <= %(closes)s order by ts",
    "what the signals asked for": "select decided_at, strategy, symbol, exposure, reference_price, reason"
    " from analytics.signals where book = %(book)s and decided_at <= %(closes)s order by decided_at, strategy, symbol",
    "profit at both ends, as the ledger has it": "select ts, pnl from analytics.equity_curve where book = %(book)s"
    " and ts in (%(opens)s, %(closes)s) order by ts",
    "what no order of ours has done": "select at, strategy, symbol, kind, base_change, quote_change"
    " from analytics.movements where book = %(book)s and kind not in ('FILL', 'DEPOSIT')"
    " and at <= %(closes)s order by at",
    "the closes that value it": "select symbol, ts, close from analytics.candles where venue = %(venue)s"
    " and timeframe = %(timeframe)s and ts >= %(opens)s and ts < %(closes)s order by symbol, ts",
}


def queries(book: str, venue: str, period: Period) -> dict[str, str]:
    """Return SQL by what it answers, for one book and period; every view it asks is documented in the database."""
    values: dict[str, Value] = {
        "book": book,
        "venue": venue,
        "timeframe": str(period.timeframe),
        "opens": period.opens,
        "closes": period.closes,
        "after": period.after,
    }
    return {question: spelled(query, values) for question, query in _QUERIES.items()}
