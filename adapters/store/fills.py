"""Fills in SQL: each venue trade once."""

from datetime import datetime

from adapters.store.database import Connection
from trading.errors import BadData
from trading.fill import Fill


def add(connection: Connection, book: str, fill: Fill, recorded_at: datetime) -> bool:
    """Store `fill` once; False when it is known with the same numbers.

    Raises:
        BadData: the trade id is known with other numbers.
    """
    added = connection.execute(
        "insert into trading.fills (book, venue, symbol, trade_id, client_id, venue_order_id, side, price, quantity,"
        " fee, fee_currency, ts, recorded_at) values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
        " on conflict do nothing",
        (
            book,
            fill.venue,
            fill.symbol,
            fill.trade_id,
            fill.client_id,
            fill.venue_order_id,
            fill.side,
            fill.price,
            fill.quantity,
            fill.fee,
            fill.fee_currency,
            fill.ts,
            recorded_at,
        ),
    ).rowcount
    if not added and not _same(connection, book, fill):
        raise BadData(f"trade {fill.trade_id} of {fill.symbol} at {fill.venue} is known with other numbers")
    return bool(added)


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


def _same(connection: Connection, book: str, fill: Fill) -> bool:
    return bool(
        connection.execute(
            "select 1 from trading.fills where book = %s and venue = %s and symbol = %s and trade_id = %s"
            " and client_id = %s and price = %s and quantity = %s and fee = %s and fee_currency = %s",
            (
                book,
                fill.venue,
                fill.symbol,
                fill.trade_id,
                fill.client_id,
                fill.price,
                fill.quantity,
                fill.fee,
                fill.fee_currency,
            ),
        ).rowcount
    )
