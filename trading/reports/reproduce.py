"""How anyone can ask the database for the numbers of a report: short statements, filled in."""

from collections.abc import Sequence

from trading.performance.period import Period


def queries(book: str, venue: str, symbols: Sequence[str], period: Period) -> dict[str, str]:
    """Return SQL by what it answers, for one book and period; every table and view is documented in the database."""
    opens, closes, after = (f"'{time.isoformat()}'" for time in (period.opens, period.closes, period.after))
    of_book = f"book = {_text(book)}"
    names = ", ".join(_text(symbol) for symbol in symbols)
    return {
        "equity, profit and fees at both ends of the period": "select ts, cash, positions, equity, pnl, fees"
        f" from analytics.equity_curve where {of_book} and ts in ({opens}, {closes}) order by ts",
        "what is held at its end": "select strategy, symbol, quantity, price, value, cost, unrealised"
        f" from analytics.positions where {of_book} and ts = {closes} and quantity > 0",
        "the orders, with their reasons": f"select * from analytics.order_story where {of_book}"
        f" and created_at > {after} and created_at <= {closes} order by created_at",
        "where one order comes from": f"select * from analytics.order_passport where {of_book} order by order_ts",
        "the fills": f"select * from trading.fills where {of_book} and ts > {after} and ts <= {closes} order by ts",
        "every deposit and execution, as the ledger has them": "select at, strategy, symbol, kind, base_change,"
        f" quote_change, fee_base, fee_quote from analytics.movements where {of_book} and at <= {closes} order by at",
        "the proof: no currency is out of balance": "select currency, sum(amount) as imbalance"
        f" from trading.ledger_entries where {of_book} group by currency",
        "the closes that value it": "select symbol, ts, close, knowledge_ts from market.candles_current"
        f" where venue = {_text(venue)} and symbol in ({names}) and ts >= {opens} and ts < {closes} order by symbol, ts",
        "the scores of its models": f"select kind, model_id, scores from training.price_models where {of_book}",
    }


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
