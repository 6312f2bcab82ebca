"""What a book's valuation is made from, in SQL: ledger postings as movements, closes as they were known, the curve."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from adapters.store.database import Connection
from trading.errors import BadData
from trading.money import ZERO
from trading.performance.closes import Close
from trading.performance.equity import Valuation
from trading.performance.movement import Movement, fee_value


@dataclass(frozen=True)
class Frame:
    """In which currency a book is valued, and since when."""

    quote: str
    start: datetime


def frame(connection: Connection, book: str) -> Frame:
    """Return quote currency and start of the traded window of `book`, from its row in ops.books.

    Raises:
        BadData: there is no such book, or its row does not say them.
    """
    row = connection.execute(
        "select configuration ->> 'quote' as quote, (configuration ->> 'window_start')::timestamptz as start"
        " from ops.books where book = %s",
        (book,),
    ).fetchone()
    if row is None or row["quote"] is None or row["start"] is None:
        raise BadData(f"ops.books: book {book} has no configuration with quote and window_start")
    return Frame(row["quote"], row["start"])


def movements(connection: Connection, book: str, until: datetime) -> list[Movement]:
    """Return deposits and executions of `book` up to and including `until`, oldest first.

    Raises:
        BadData: a journal moves a currency that is neither base nor quote and so has no price here.
    """
    # Trade ids of a venue count up, so the shorter of two journal ids of one symbol is the older one.
    rows = connection.execute(
        "select * from analytics.movements where book = %s and at <= %s order by at, length(journal_id), journal_id",
        (book, until),
    )
    return [_movement(row) for row in rows]


def closes(
    connection: Connection, venue: str, symbols: Sequence[str], timeframe: str, start: datetime, until: datetime
) -> list[Close]:
    """Return every version of the closes known by `until`, on from the last bar of each symbol known at `start`."""
    rows = connection.execute(
        "select c.symbol, c.ts, c.knowledge_ts, c.close from market.candles as c"
        " where c.venue = %(venue)s and c.symbol = any(%(symbols)s) and c.timeframe = %(timeframe)s"
        " and c.knowledge_ts <= %(until)s and c.ts >= coalesce((select max(b.ts) from market.candles as b"
        "  where b.venue = c.venue and b.symbol = c.symbol and b.timeframe = c.timeframe and b.ts < %(start)s"
        "  and b.knowledge_ts <= %(start)s), '-infinity')"
        " order by c.knowledge_ts, c.ts, c.symbol",
        {"venue": venue, "symbols": list(symbols), "timeframe": timeframe, "start": start, "until": until},
    )
    # The shortest text of a float64 is the price that the venue wrote; a cast in SQL would round to 15 digits.
    return [Close(r["symbol"], r["ts"], r["knowledge_ts"], Decimal(repr(r["close"]))) for r in rows]


def curve(connection: Connection, book: str, until: datetime) -> list[Valuation]:
    """Return the stored equity curve of `book` up to and including `until`, newest versions, oldest point first."""
    rows = connection.execute(
        "select ts, cash, positions, equity, fees, deposits from analytics.equity_curve"
        " where book = %s and ts <= %s order by ts",
        (book, until),
    )
    return [Valuation(**row) for row in rows]


def _movement(row: dict[str, Any]) -> Movement:
    if row["strangers"]:
        raise BadData(f"journal {row['journal_id']} moves {', '.join(row['strangers'])}: no price to value it with")
    amount = {name: value or ZERO for name, value in row.items()}
    return Movement(
        row["at"],
        row["strategy"],
        row["symbol"],
        row["ref"],
        amount["base_change"],
        amount["quote_change"],
        fee_value(amount["fee_base"], amount["fee_quote"], amount["traded_base"], amount["traded_quote"]),
        abs(amount["traded_quote"]),
        amount["capital"],
    )
