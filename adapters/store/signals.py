"""Signals and their outbox rows, written in one transaction."""

from decimal import Decimal
from typing import Any

from adapters.bus.signal_message import encode
from adapters.store import outbox
from adapters.store.database import Database, document
from trading.signal import Signal


def publish(database: Database, signals: list[Signal], topic: str) -> int:
    """Store each new signal and its message together and return how many were new; a known id stays as it was."""
    new = 0
    with database.transaction() as connection:
        for signal in signals:
            added = connection.execute(_INSERT, _row(signal)).rowcount
            if added:
                message = {
                    "signal_id": signal.signal_id,
                    "book": signal.book,
                    "key": f"{signal.book}|{signal.symbol}",
                    "payload": encode(signal),
                    "created_at": signal.decided_at,
                    "valid_until": signal.valid_until,
                }
                outbox.add(connection, [message], topic)
            new += added
    return new


def holdings(database: Database, book: str) -> dict[tuple[str, str], tuple[Decimal, Decimal]]:
    """Return (base held, quote owned) per (strategy, symbol) of `book`, reserved amounts included."""
    with database.transaction() as connection:
        rows = connection.execute(
            "select b.strategy, b.symbol,"
            " coalesce(sum(b.amount) filter (where b.currency = split_part(b.symbol, '/', 1)), 0) as base,"
            " coalesce(sum(b.amount) filter (where b.currency = split_part(b.symbol, '/', 2)), 0) as quote"
            " from trading.balances as b where b.book = %s and b.account in ('cash', 'reserved', 'position')"
            " group by b.strategy, b.symbol",
            (book,),
        ).fetchall()
    return {(row["strategy"], row["symbol"]): (row["base"], row["quote"]) for row in rows}


def _row(signal: Signal) -> dict[str, Any]:
    fields = {name: value for name, value in vars(signal).items() if name not in ("lineage", "quotes")}
    return {**fields, **vars(signal.lineage), "quotes": document([vars(quote) for quote in signal.quotes])}


_INSERT = (
    "insert into signals.strategy_signals (signal_id, book, strategy, venue, symbol, timeframe, ts, decided_at,"
    " valid_until, exposure, stop, volatility, reference_price, reason, model_id, feature_hash, candle_hash,"
    " forecast_hash, regime, config_version, run_id, code_version, quotes) values (%(signal_id)s, %(book)s,"
    " %(strategy)s, %(venue)s, %(symbol)s, %(timeframe)s, %(ts)s, %(decided_at)s, %(valid_until)s, %(exposure)s,"
    " %(stop)s, %(volatility)s, %(reference_price)s, %(reason)s, %(model_id)s, %(feature_hash)s, %(candle_hash)s,"
    " %(forecast_hash)s, %(regime)s, %(config_version)s, %(run_id)s, %(code_version)s, %(quotes)s)"
    " on conflict do nothing"
)
