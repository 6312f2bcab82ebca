"""Fills in SQL: each venue trade once."""

from collections.abc import Sequence
from datetime import datetime

from psycopg.types.json import Jsonb

from adapters.store.database import Connection
from trading.audit import plain
from trading.fill import Fill


def add(connection: Connection, book: str, fills: Sequence[Fill], recorded_at: datetime) -> set[str]:
    """Store `fills` of one symbol, each once, and return the trade ids of those that were new."""
    if not fills:
        return set()
    rows = connection.execute(
        "insert into trading.fills (book, venue, symbol, trade_id, client_id, venue_order_id, side, price, quantity,"
        " fee, fee_currency, ts, recorded_at) select %s, f.*, %s from jsonb_to_recordset(%s) as f (venue text,"
        " symbol text, trade_id text, client_id text, venue_order_id text, side text, price numeric, quantity numeric,"
        " fee numeric, fee_currency text, ts timestamptz) on conflict do nothing returning trade_id",
        (book, recorded_at, Jsonb(plain(fills))),
    )
    return {row["trade_id"] for row in rows}


def watermark(connection: Connection, book: str, symbol: str) -> str | None:
    """Return the trade id up to which every trade of `symbol` is accounted for, None before the first."""
    row = connection.execute(
        "select trade_id from trading.fill_watermarks where book = %s and symbol = %s", (book, symbol)
    ).fetchone()
    return None if row is None else row["trade_id"]


def set_watermark(connection: Connection, book: str, symbol: str, trade_id: str) -> None:
    """Note that every trade of `symbol` up to `trade_id` is accounted for."""
    connection.execute(
        "insert into trading.fill_watermarks (book, symbol, trade_id) values (%s, %s, %s)"
        " on conflict (book, symbol) do update set trade_id = excluded.trade_id",
        (book, symbol, trade_id),
    )


def recorded(connection: Connection, book: str, trades: Sequence[Fill]) -> dict[Fill, str]:
    """Return those of `trades`, all of one symbol, that are stored with exactly these numbers, and for which order."""
    if not trades:
        return {}
    rows = connection.execute(
        "select trade_id, venue_order_id, price, quantity, fee, fee_currency, client_id from trading.fills"
        " where book = %s and venue = %s and symbol = %s and trade_id = any(%s)",
        (book, trades[0].venue, trades[0].symbol, [trade.trade_id for trade in trades]),
    )
    stored = {tuple(row.values())[:-1]: row["client_id"] for row in rows}
    numbers = {t: (t.trade_id, t.venue_order_id, t.price, t.quantity, t.fee, t.fee_currency) for t in trades}
    return {trade: stored[told] for trade, told in numbers.items() if told in stored}
