"""What a book's taxes are made from, in SQL: its trades, what it was given, what it owns, and closes as known then."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from adapters.store.database import Connection
from trading.errors import Misconfigured
from trading.fill import Fill
from trading.order import Side
from trading.tax.books import Book, Capital
from trading.tax.rates import Question, Quoted


def names(connection: Connection) -> list[str]:
    """Return the names of all books, the oldest first."""
    return [row["book"] for row in connection.execute("select book from ops.books order by created_at, book")]


def quote(connection: Connection, book: str) -> str:
    """Return the currency that `book` trades against.

    Raises:
        Misconfigured: there is no such book.
    """
    return _configuration(connection, book)["quote"]


def load(connection: Connection, book: str, until: datetime) -> Book:
    """Return all that happened in `book` before `until`, oldest first; what was taken back is left out.

    Raises:
        Misconfigured: there is no such book.
    """
    venue = _configuration(connection, book)["venue"]
    span = {"book": book, "until": until}
    trades = [_fill(row) for row in connection.execute(_TRADES, span)]
    foreign = [row["trade"] for row in connection.execute(_FOREIGN, span)]
    capital = [Capital(**row) for row in connection.execute(_CAPITAL, span)]
    reversed_ = tuple(row["journal_id"] for row in connection.execute(_REVERSED, span))
    return Book(book, venue, trades, capital, _owned(connection, span), frozenset(foreign), reversed_)


def series(connection: Connection) -> list[tuple[str, str, str]]:
    """Return (venue, symbol, timeframe) of all stored candles, sorted; it steps over the index from one to the next."""
    rows = connection.execute(
        "with recursive s as ((select venue, symbol, timeframe from market.candles order by 1, 2, 3 limit 1)"
        " union all select n.* from s cross join lateral (select c.venue, c.symbol, c.timeframe from market.candles"
        "  as c where (c.venue, c.symbol, c.timeframe) > (s.venue, s.symbol, s.timeframe) order by 1, 2, 3 limit 1)"
        " as n) select venue, symbol, timeframe from s order by 1, 2, 3"
    )
    return [(row["venue"], row["symbol"], row["timeframe"]) for row in rows]


def closes(
    connection: Connection,
    stored: Sequence[tuple[str, str, str]],
    asked: Sequence[Question],
    venues: Sequence[str],
) -> dict[Question, Quoted]:
    """Return the newest close of each (symbol, instant) of `asked` that was known at the instant, if there is one.

    Of several series of a symbol those at `venues` come first, then the newest bar; a bar that opened more than three
    days before tells nothing.
    """
    rows = connection.execute(
        _CLOSES,
        {
            "symbols": [symbol for symbol, _ in asked],
            "times": [ts for _, ts in asked],
            "series": [list(column) for column in zip(*stored, strict=True)][1] if stored else [],
            "venues": [venue for venue, _, _ in stored],
            "timeframes": [timeframe for _, _, timeframe in stored],
            "first": list(venues),
        },
    )
    # The shortest text of a float64 is the price that the venue wrote.
    return {(r["symbol"], r["at"]): Quoted(Decimal(repr(r["close"])), f"{r['venue']} {r['timeframe']}") for r in rows}


def _configuration(connection: Connection, book: str) -> dict[str, Any]:
    row = connection.execute(
        "select configuration ->> 'venue' as venue, configuration ->> 'quote' as quote from ops.books where book = %s",
        (book,),
    ).fetchone()
    if row is None:
        raise Misconfigured(f"--book {book}: there is no such book; `tradewind status` lists them")
    if row["venue"] is None or row["quote"] is None:
        raise Misconfigured(f"ops.books: book {book} has no configuration with venue and quote")
    return row


def _owned(connection: Connection, span: Mapping[str, Any]) -> dict[str, Decimal]:
    rows = connection.execute(
        "select e.currency, sum(e.amount) as amount from trading.ledger_entries as e"
        " inner join trading.journals as j using (journal_id) where j.book = %(book)s and j.at < %(until)s"
        " and e.account in ('cash', 'reserved', 'position') group by e.currency having sum(e.amount) <> 0"
        " order by e.currency",
        span,
    )
    return {row["currency"]: row["amount"] for row in rows}


def _fill(row: Mapping[str, Any]) -> Fill:
    return Fill(**{**row, "side": Side(row["side"])})


_TRADES = (
    "select t.* from (select book, venue, symbol, trade_id, venue_order_id, client_id, side, price, quantity, fee,"
    "  fee_currency, ts, 'fill:' as kind from trading.fills union all select book, venue, symbol, trade_id,"
    "  venue_order_id, '', side, price, quantity, fee, fee_currency, ts, 'foreign:fill:' from trading.foreign_trades)"
    "  as f cross join lateral (select f.venue, f.symbol, f.trade_id, f.venue_order_id, f.client_id, f.side, f.price,"
    "  f.quantity, f.fee, f.fee_currency, f.ts) as t where f.book = %(book)s and f.ts < %(until)s and not exists"
    "  (select 1 from trading.journals as r where r.book = f.book and r.at < %(until)s and r.journal_id ="
    "  concat('reversal:', f.kind, f.book, ':', f.venue, ':', f.symbol, ':', f.trade_id))"
    " order by f.ts, f.symbol, length(f.trade_id), f.trade_id"
)
_FOREIGN = (
    "select concat_ws(':', venue, symbol, trade_id) as trade from trading.foreign_trades"
    " where book = %(book)s and ts < %(until)s"
)
_CAPITAL = (
    "select j.kind, j.at as ts, e.currency, -sum(e.amount) as amount from trading.journals as j"
    " inner join trading.ledger_entries as e using (journal_id) where j.book = %(book)s and j.at < %(until)s"
    " and j.kind in ('DEPOSIT', 'ADJUSTMENT') and e.account = 'capital' and not exists (select 1 from"
    "  trading.journals as r where r.book = j.book and r.at < %(until)s and r.journal_id = 'reversal:' || j.journal_id)"
    " group by j.journal_id, j.kind, j.at, e.currency order by j.at, j.journal_id, e.currency"
)
_REVERSED = (
    "select substr(journal_id, length('reversal:') + 1) as journal_id from trading.journals"
    " where book = %(book)s and at < %(until)s and kind = 'REVERSAL' order by 1"
)
_CLOSES = (
    "select w.symbol, w.at, c.close, c.venue, c.timeframe"
    " from unnest(%(symbols)s::text[], %(times)s::timestamptz[]) as w (symbol, at) cross join lateral ("
    "  select b.* from unnest(%(venues)s::text[], %(series)s::text[], %(timeframes)s::text[])"
    "   as s (venue, symbol, timeframe) cross join lateral ("
    "    select n.venue, n.timeframe, n.ts, n.close from market.candles as n where n.venue = s.venue"
    "    and n.symbol = s.symbol and n.timeframe = s.timeframe and n.ts <= w.at"
    "    and n.ts > w.at - interval '3 days' and n.knowledge_ts <= w.at order by n.ts desc, n.knowledge_ts desc limit 1"
    "   ) as b where s.symbol = w.symbol"
    "  order by b.venue = any(%(first)s::text[]) desc, b.ts desc, b.venue, b.timeframe limit 1) as c"
)
