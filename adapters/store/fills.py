"""Fills in SQL: each venue trade once."""

from collections.abc import Sequence
from datetime import datetime

from adapters.store.database import Connection
from trading.fill import Fill


def add(connection: Connection, book: str, fills: Sequence[Fill], recorded_at: datetime) -> set[str]:
    """Store `fills` of one symbol, each once, and return the trade ids of those that were new."""
    if not fills:
        return set()
    columns = [
        [getattr(fill, name) for fill in fills]
        for name in ("venue", "symbol", "trade_id", "client_id", "venue_order_id", "side", "price", "quantity")
    ]
    rows = connection.execute(
        "insert into trading.fills (book, venue, symbol, trade_id, client_id, venue_order_id, side, price, quantity,"
        " fee, fee_currency, ts, recorded_at) select %s, f.*, %s from unnest(%s::text[], %s::text[], %s::text[],"
        " %s::text[], %s::text[], %s::text[], %s::numeric[], %s::numeric[], %s::numeric[], %s::text[],"
        " %s::timestamptz[]) as f on conflict do nothing returning trade_id",
        (
            book,
            recorded_at,
            *columns,
            [fill.fee for fill in fills],
            [fill.fee_currency for fill in fills],
            [fill.ts for fill in fills],
        ),
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


def same(connection: Connection, book: str, fill: Fill) -> bool:
    """Return whether `fill` is stored with exactly these numbers."""
    return (
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
        ).fetchone()
        is not None
    )
