"""What a trade journal tells besides money, in SQL: reasons by order, how far prices went, notes of people."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from adapters.store.database import Connection

Rows = list[dict[str, Any]]


def reasons(connection: Connection, client_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Return the rows of analytics.order_reasons of these orders, by client id."""
    rows = connection.execute("select * from analytics.order_reasons where client_id = any(%s)", (list(client_ids),))
    return {row["client_id"]: {name: value for name, value in row.items() if name != "book"} for row in rows}


def ranges(
    connection: Connection, venue: str, timeframe: str, spans: Sequence[tuple[str, datetime, datetime]]
) -> list[tuple[Decimal | None, Decimal | None]]:
    """Return (low, high) of the bars of each (symbol, opened, end), in quote, as they were known at its end.

    A bar that had run for a minute at the opening does not count; (None, None) without a bar.
    """
    symbols, opened, ends = zip(*spans, strict=True) if spans else ((), (), ())
    asked = {"venue": venue, "timeframe": timeframe, "symbols": list(symbols), "opened": list(opened)}
    rows = connection.execute(_RANGES, {**asked, "ends": list(ends)})
    return [(row["low"], row["high"]) for row in rows]


def parameters(connection: Connection, versions: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Return the parameters of strategies by their version."""
    rows = connection.execute(
        "select version, parameters from trading.strategies where version = any(%s)", (list(versions),)
    )
    return {row["version"]: row["parameters"] for row in rows}


def notes(connection: Connection, book: str | None, client_id: str | None = None) -> Rows:
    """Return the notes of `book`, of any when it is None, or of one order alone: the oldest first."""
    return connection.execute(
        "select note_id, book, client_id, at, author, note from analytics.trade_notes"
        " where (%(book)s::text is null or book = %(book)s)"
        " and (%(client_id)s::text is null or client_id = %(client_id)s) order by note_id",
        {"book": book, "client_id": client_id},
    ).fetchall()


def add_note(connection: Connection, client_id: str, author: str, note: str, at: datetime) -> int:
    """Write a note of `author` on an order that is there; return its number."""
    row = connection.execute(
        "insert into ops.trade_notes (client_id, at, author, note) values (%s, %s, %s, %s) returning note_id",
        (client_id, at, author, note),
    ).fetchone()
    assert row is not None  # noqa: S101
    return row["note_id"]


#: The shortest text of a float64 is the price that the venue wrote.
_RANGES = (
    "select x.low, x.high from unnest(%(symbols)s::text[], %(opened)s::timestamptz[], %(ends)s::timestamptz[])"
    "  with ordinality as w (symbol, opened, ends, place) left join lateral ("
    "  select min(c.low::text::numeric) as low, max(c.high::text::numeric) as high from ("
    "   select distinct on (y.ts) y.low, y.high from market.candles as y where y.venue = %(venue)s"
    "    and y.symbol = w.symbol and y.timeframe = %(timeframe)s and y.ts >= w.opened - interval '1 minute'"
    "    and y.ts < w.ends and y.knowledge_ts <= w.ends order by y.ts asc, y.knowledge_ts desc) as c"
    " ) as x on true order by w.place"
)
