"""How anyone can ask the database for the numbers of a report: short statements, filled in."""

from collections.abc import Sequence

from trading.performance.period import Period

_QUERIES = {
    "equity, profit and fees at both ends of the period": "select ts, cash, positions, equity, pnl, fees"
    " from analytics.equity_curve where book = {book} and ts in ({opens}, {closes}) order by ts",
    "what is held at its end": "select strategy, symbol, quantity, price, value, cost, unrealised"
    " from analytics.positions where book = {book} and ts = {closes} and quantity > 0",
    "the orders, with their reasons": "select * from analytics.order_story where book = {book}"
    " and created_at > {after} and created_at <= {closes} order by created_at",
    "where each order comes from": "select * from analytics.order_passport where book = {book} order by order_ts",
    "the fills": "select * from trading.fills where book = {book} and ts > {after} and ts <= {closes} order by ts",
    "every deposit and execution, as the ledger has them": "select at, strategy, symbol, kind, base_change,"
    " quote_change, fee_base, fee_quote from analytics.movements where book = {book} and at <= {closes} order by at",
    "the proof: no currency is out of balance": "select currency, sum(amount) as imbalance"
    " from trading.ledger_entries where book = {book} group by currency",
    "the closes that value it": "select symbol, ts, close, knowledge_ts from market.candles_current"
    " where venue = {venue} and symbol in ({symbols}) and timeframe = {timeframe}"
    " and ts >= {opens} and ts < {closes} order by symbol, ts",
    "the scores of its models": "select kind, model_id, scores from training.price_models where book = {book}",
}


def queries(book: str, venue: str, symbols: Sequence[str], period: Period) -> dict[str, str]:
    """Return SQL by what it answers, for one book and period; every view it asks is documented in the database."""
    values = {
        "book": _text(book),
        "venue": _text(venue),
        "symbols": ", ".join(_text(symbol) for symbol in symbols),
        "timeframe": _text(str(period.timeframe)),
        "opens": _text(period.opens.isoformat()),
        "closes": _text(period.closes.isoformat()),
        "after": _text(period.after.isoformat()),
    }
    return {question: query.format(**values) for question, query in _QUERIES.items()}


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
