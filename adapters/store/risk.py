"""What a risk report is made from besides the ledger, in SQL: closes and volumes of past days, books, peaks, orders."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from psycopg import sql as syntax

from adapters.store.database import Connection
from trading.order_book import BookState, Level, OrderBook
from trading.performance.closes import Close
from trading.performance.holding import Owner
from trading.performance.period import Period
from trading.timeframe import Timeframe

#: Days of the past that are looked at, days whose volume counts as usual, minutes after which a book is too old.
_PAST, _VOLUME, _BOOK = 3650, 30, 60


@dataclass(frozen=True)
class Markets:
    """The candles that are asked: of `symbols` at `venue`, in bars of `timeframe`, as they were known at `until`."""

    venue: str
    symbols: Sequence[str]
    timeframe: Timeframe
    until: datetime

    @property
    def values(self) -> dict[str, Any]:
        """The parameters of the statements."""
        return {
            "venue": self.venue,
            "symbols": list(self.symbols),
            "timeframe": str(self.timeframe),
            "until": self.until,
            "last": self.until - self.timeframe.delta,
        }


def day_closes(connection: Connection, markets: Markets) -> list[Close]:
    """Return the closes that ended at `until` and every 24 hours before, at most ten years, newest versions."""
    # One look into the index for each day: reading all bars of years would take minutes.
    rows = connection.execute(
        "select distinct on (f.symbol, c.ts) f.symbol, c.ts, c.knowledge_ts, c.close"
        " from (select s.symbol, (select min(b.ts) from market.candles as b where b.venue = %(venue)s"
        "   and b.symbol = s.symbol and b.timeframe = %(timeframe)s) as first"
        "  from unnest(%(symbols)s::text []) as s (symbol)) as f"
        " cross join lateral generate_series(%(last)s::timestamptz,"
        "  greatest(f.first, %(last)s::timestamptz - %(past)s * interval '24 hours'), interval '-24 hours') as d (ts)"
        " inner join market.candles as c on c.venue = %(venue)s and c.symbol = f.symbol"
        "  and c.timeframe = %(timeframe)s and c.ts = d.ts and c.knowledge_ts <= %(until)s"
        " order by f.symbol, c.ts, c.knowledge_ts desc",
        {**markets.values, "past": _PAST},
    )
    # The shortest text of a float64 is the price that the venue wrote.
    return [Close(r["symbol"], r["ts"], r["knowledge_ts"], Decimal(repr(r["close"]))) for r in rows]


def daily_volumes(connection: Connection, markets: Markets) -> dict[str, list[Decimal]]:
    """Return the volumes (base) of the last 30 days by symbol, oldest first; days that lack a bar are left out."""
    rows = connection.execute(
        "select symbol, sum(volume::numeric) as volume from ("
        "  select distinct on (symbol, ts) symbol, ts, volume from market.candles where venue = %(venue)s"
        "  and symbol = any(%(symbols)s) and timeframe = %(timeframe)s and knowledge_ts <= %(until)s"
        "  and ts >= %(until)s - %(days)s * interval '24 hours' and ts <= %(last)s"
        "  order by symbol, ts, knowledge_ts desc) as bars"
        " group by symbol, date_bin(interval '24 hours', ts, %(until)s)"
        " having count(*) = %(bars)s order by symbol, date_bin(interval '24 hours', ts, %(until)s)",
        {**markets.values, "days": _VOLUME, "bars": 86400 // markets.timeframe.seconds},
    )
    found: dict[str, list[Decimal]] = {}
    for row in rows:
        found.setdefault(row["symbol"], []).append(row["volume"])
    return found


def books(connection: Connection, markets: Markets) -> dict[str, OrderBook]:
    """Return the newest stored book of each symbol, where it is sound and at most an hour old."""
    rows = connection.execute(
        "select distinct on (symbol) symbol, ts, state, bids, asks, sequence from market.order_books"
        " where venue = %(venue)s and symbol = any(%(symbols)s) and knowledge_ts <= %(until)s"
        " and ts <= %(until)s and ts > %(until)s - %(minutes)s * interval '1 minute'"
        " order by symbol, ts desc, knowledge_ts desc",
        {**markets.values, "minutes": _BOOK},
    )
    return {
        row["symbol"]: OrderBook(row["symbol"], _levels(row["bids"]), _levels(row["asks"]), row["sequence"], row["ts"])
        for row in rows
        if row["state"] == BookState.LIVE
    }


def peaks(connection: Connection, book: str, until: datetime) -> dict[Owner, Decimal] | None:
    """Return the highest equity (quote) of each sub-account; None where the book has been valued after `until`."""
    later = connection.execute(
        "select 1 from portfolio.equity_curve where book = %s and ts > %s limit 1", (book, until)
    ).fetchone()
    if later is not None:
        return None
    rows = connection.execute("select strategy, symbol, equity from trading.equity_peaks where book = %s", (book,))
    return {(row["strategy"], row["symbol"]): row["equity"] for row in rows}


def largest_order(connection: Connection, book: str, period: Period) -> Decimal | None:
    """Return the value (quote) of the largest order of `period` at its limit, or at the price it was decided at."""
    row = connection.execute(
        "select max(quantity * coalesce(limit_price, reference_price)) as value from trading.orders"
        " where book = %s and created_at > %s and created_at <= %s",
        (book, period.after, period.closes),
    ).fetchone()
    return None if row is None else row["value"]


def queries(book: str, markets: Markets, period: Period) -> dict[str, str]:
    """Return SQL by what it answers: how anyone can ask the database for what the report rests on."""
    values = {
        "book": _text(book),
        "venue": _text(markets.venue),
        "symbols": ", ".join(map(_text, markets.symbols)),
        "timeframe": _text(str(markets.timeframe)),
        "until": _text(markets.until.isoformat()),
        "last": _text(markets.values["last"].isoformat()),
        "after": _text(period.after.isoformat()),
    }
    return {question: query.format(**values) for question, query in _QUERIES.items()}


def _levels(rows: Sequence[Sequence[Decimal]]) -> tuple[Level, ...]:
    return tuple(Level(price, quantity) for price, quantity in rows)


def _text(value: str) -> str:
    return syntax.Literal(value).as_string()


_QUERIES = {
    "the closes at the ends of past days, 24 hours apart": "select symbol, ts, close, knowledge_ts"
    " from market.candles_current where venue = {venue} and symbol in ({symbols}) and timeframe = {timeframe}"
    " and ts <= {last} and extract(epoch from {last}::timestamptz - ts) % 86400 = 0 order by symbol, ts",
    "the positions that are at risk": "select strategy, symbol, quantity, price, value from analytics.positions"
    " where book = {book} and ts = {until} and quantity > 0 order by strategy, symbol",
    "the results that the backtest compares with": "select ts, pnl from analytics.equity_curve where book = {book}"
    " and ts <= {until} and extract(epoch from {until}::timestamptz - ts) % 86400 = 0 order by ts",
    "the volume of a day, of which 10 % are taken": "select symbol, date_bin('24 hours', ts, {until}) as day,"
    " sum(volume::numeric) as volume, count(*) as bars from market.candles_current where venue = {venue}"
    " and symbol in ({symbols}) and timeframe = {timeframe} and ts <= {last}"
    " and ts >= {until}::timestamptz - interval '30 days' group by 1, 2 order by 1, 2",
    "the largest order": "select client_id, quantity * coalesce(limit_price, reference_price) as value"
    " from trading.orders where book = {book} and created_at > {after} and created_at <= {until}"
    " order by 2 desc, 1 limit 1",
    "the peaks that the drawdown guard measures from": "select strategy, symbol, equity from trading.equity_peaks"
    " where book = {book} order by 1, 2",
    "the limits": "select version, parameters, author, reason from trading.limits"
    " inner join trading.limits_in_force using (version)",
}
