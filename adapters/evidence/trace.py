"""Forwards from one candle: everything that was computed from it, version by version, down to the profit and loss.

What rests on a version of a candle is defined by what was read, not by which numbers it happened to change:

- A row of features is computed from all bars of its series from the start of the book's history up to its own bar,
  for most indicators remember (averages and Wilder's smoothing without end) and bars of the higher timeframes are made
  of them. So every row at or behind the candle rests on it, in the version that its run saw. When a run looked is the
  latest that its rows prove: what it wrote was known then, the bars of its rows were stored, and so were its own bars.
- A price model rests on it when its training read it: as a close between the first training bar and the end of the
  last label, or within a row of features of the window that rests on it. A regime model reads features alone.
- A forecast rests on its model and the features of its bar, a regime on its model and all features up to its bar.
- A signal rests on what it names: candle, features, forecast, regime and model of its bar, as they were visible.
- An order rests on its signal, a fill on its order. The profit and loss of a fill is what its quantity is worth more at
  the newest close than it was paid for, less its fee, in quote currency: what would be missing without the fill.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from adapters.evidence.history import Row
from adapters.evidence.trace_statement import COUNTS, ROWS
from adapters.store.database import Connection
from trading.errors import Misconfigured
from trading.money import ZERO
from trading.timeframe import Timeframe

#: In the order of the data.
KINDS = ("features", "models", "forecasts", "regimes", "signals", "orders", "fills")


@dataclass(frozen=True)
class Series:
    """Which bars are meant: `books` trade them, with a history that begins no later than the candle."""

    venue: str
    symbol: str
    timeframe: Timeframe
    books: tuple[str, ...]


@dataclass
class Count:
    """How many rows of a kind, the first and the last time (of their bars, or when they came to be), and what of.

    `labels` counts by symbol, by kind of the model, or by how signals and orders were reached, where one may be reached
    in several ways.
    """

    number: int = 0
    first: datetime | None = None
    last: datetime | None = None
    labels: Counter[str] = field(default_factory=Counter[str])


@dataclass
class Touched:
    """One version of the candle and what rests on it: counts by kind, and rows where they were asked for.

    `pnl` is the profit and loss of its fills in quote currency, but for `unpriced` fills whose fee has no price.
    """

    candle: Row
    counts: dict[str, Count] = field(default_factory=lambda: {kind: Count() for kind in KINDS})
    rows: dict[str, list[Row]] = field(default_factory=lambda: {kind: [] for kind in KINDS})
    pnl: Decimal = ZERO
    unpriced: int = 0


def series(
    connection: Connection, symbol: str, venue: str | None, timeframe: str | None, book: str | None
) -> tuple[str, Timeframe]:
    """Return venue and timeframe of the bars of `symbol` that books compute from.

    Raises:
        Misconfigured: no book does, or books do from several; the message names them and the options.
    """
    rows = connection.execute(
        "select distinct configuration ->> 'venue' as venue, configuration ->> 'timeframe' as timeframe from ops.books"
        " where configuration -> 'symbols' ? %(symbol)s and (%(book)s::text is null or book = %(book)s)"
        " and (%(venue)s::text is null or configuration ->> 'venue' = %(venue)s)"
        " and (%(timeframe)s::text is null or configuration ->> 'timeframe' = %(timeframe)s) order by 1, 2",
        {"symbol": symbol, "book": book, "venue": venue, "timeframe": timeframe},
    ).fetchall()
    if not rows:
        told = {"--book": book, "--venue": venue, "--timeframe": timeframe}
        given = "".join(f" with {option} {value}" for option, value in told.items() if value is not None)
        raise Misconfigured(f"SYMBOL {symbol}: no book{given} trades it; `tradewind status` lists them")
    if len(rows) > 1:
        found = ", ".join(f"{row['venue']} {row['timeframe']}" for row in rows)
        raise Misconfigured(
            f"SYMBOL {symbol}: books trade it from {found}; say which with --venue, --timeframe, --book"
        )
    return rows[0]["venue"], Timeframe.parse(rows[0]["timeframe"])


def books_of(connection: Connection, venue: str, symbol: str, timeframe: Timeframe, ts: datetime) -> tuple[str, ...]:
    """Return the books whose history of these bars holds the one that opened at `ts`."""
    rows = connection.execute(
        "select book from ops.books where configuration ->> 'venue' = %s and configuration -> 'symbols' ? %s"
        " and configuration ->> 'timeframe' = %s and (configuration ->> 'history_start')::timestamptz <= %s"
        " order by created_at, book",
        (venue, symbol, str(timeframe), ts),
    )
    return tuple(row["book"] for row in rows)


def trace(connection: Connection, of: Series, ts: datetime, *, listed: bool) -> list[Touched]:
    """Return each version of the bar of `of` that opened at `ts`, oldest first, with what rests on it.

    With `listed` all rows are read, oldest first (book, symbol, at, ...), not only their number.

    Raises:
        Misconfigured: there is no such bar.
    """
    series = (of.venue, of.symbol, str(of.timeframe), ts)
    versions = connection.execute(
        "select ts, open, high, low, close, volume, knowledge_ts, recorded_at, run_id, code_version,"
        " greatest(knowledge_ts, recorded_at) as since from market.candles"
        " where venue = %s and symbol = %s and timeframe = %s and ts = %s order by knowledge_ts",
        series,
    ).fetchall()
    if not versions:
        what = f"{of.timeframe} bar of {of.symbol} of {of.venue}"
        raise Misconfigured(f"TS {ts.isoformat()}: no {what} is stored; `tradewind data coverage` tells which are")
    # The planner knows nothing of the steps that it nests: row by row, or merged by book alone, they meet millions of
    # pairs, most of all before the server has counted its rows. Hashed they are read once.
    connection.execute("set local enable_mergejoin = off")
    connection.execute("set local enable_nestloop = off")
    ends = [row["since"] for row in versions[1:]] + [None]
    found = []
    for row, end in zip(versions, ends, strict=True):
        told = {"books": list(of.books), **dict(zip(("venue", "symbol", "timeframe", "ts"), series, strict=True))}
        told |= {"bar": of.timeframe.delta, "known": row.pop("since"), "replaced": end}
        found.append(_touched(connection, {**row, "replaced": end}, told, listed=listed))
    return found


def _touched(connection: Connection, version: Row, told: dict[str, Any], *, listed: bool) -> Touched:
    found = Touched(version)
    for row in _ask(connection, COUNTS, told):
        count = found.counts[row["kind"]]
        count.number += row["number"]
        count.first = min(filter(None, (count.first, row["first"])))
        count.last = max(filter(None, (count.last, row["last"])))
        for label in row["label"].split(","):
            count.labels[label] += row["number"]
        if row["kind"] == "fills":
            found.pnl += row["pnl"] or ZERO
            found.unpriced += row["unpriced"]
    for row in _ask(connection, ROWS, told) if listed else ():
        found.rows[row["kind"]].append({"book": row["book"], "symbol": row["symbol"], "at": row["at"], **row["told"]})
    return found


def _ask(connection: Connection, query: str, told: dict[str, Any]) -> list[Row]:
    return connection.execute(query, told).fetchall()  # pyright: ignore[reportArgumentType, reportCallIssue]
