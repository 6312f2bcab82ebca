"""`tradewind trace`: everything that one candle touched: features, models, forecasts, signals, orders, fills, PnL."""

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from adapters.settings import load
from cli.output import as_json, out
from cli.verb import DataDir, Json, verb
from trading.errors import Misconfigured
from trading.money import text
from trading.timeframe import Timeframe

if TYPE_CHECKING:
    from adapters.evidence.trace import Series, Touched
    from adapters.store.database import Connection

Candle = Annotated[
    tuple[str, str],
    typer.Option("--candle", metavar="SYMBOL TS", help="Which bar: BTC/USDT 2025-12-31T19:00Z, its open time."),
]
Venue = Annotated[str | None, typer.Option("--venue", help="The venue (the only one that a book trades it at).")]
Length = Annotated[str | None, typer.Option("--timeframe", help="The timeframe (the only one that a book trades).")]
Book = Annotated[str | None, typer.Option("--book", help="One book (default: all that compute from this bar).")]


@verb
def trace(
    candle: Candle,
    venue: Venue = None,
    timeframe: Length = None,
    book: Book = None,
    data_dir: DataDir = None,
    json_: Json = False,
) -> int:
    """Follow a candle, version by version, to every row that was computed from it, and to the money.

    What rests on it is told by what each run read, not by which numbers it
    changed: see the top of adapters/evidence/trace.py. --json lists all rows.
    """
    from adapters.evidence import trace as traces
    from adapters.store.database import Database
    from cli.session.server import server

    symbol, said = candle
    ts = moment(said)
    with (
        server(load(data_dir=data_dir)) as url,
        Database(url, size=1) as database,
        database.transaction() as connection,
    ):
        began = time.monotonic()
        meant = _meant(connection, symbol, said, venue, timeframe, book)
        found = traces.trace(connection, meant, ts, listed=json_)
        seconds = time.monotonic() - began
    if json_:
        as_json(_object(meant, ts, found, seconds))
    else:
        _show(meant, ts, found, seconds)
    return 0


def _meant(
    connection: "Connection", symbol: str, said: str, venue: str | None, timeframe: str | None, book: str | None
) -> "Series":
    """Return the bars that the options mean; Misconfigured where no bar of theirs opens at the time that was said."""
    from adapters.evidence import trace as traces

    if timeframe is not None:
        Timeframe.parse(timeframe)
    ts = moment(said)
    at, length = traces.series(connection, symbol, venue, timeframe, book)
    if length.open_of(ts) != ts:
        opens = f"{length.open_of(ts):%Y-%m-%dT%H:%M:%SZ}"
        raise Misconfigured(f"TS {said}: no {length} bar opens then; the one that holds it opened at {opens}")
    books = traces.books_of(connection, at, symbol, length, ts)
    return traces.Series(at, symbol, length, tuple(one for one in books if book in (None, one)))


def moment(said: str) -> datetime:
    """Return the time that a person wrote with its zone; Misconfigured otherwise."""
    example = "write it like 2025-12-31T19:00Z"
    try:
        ts = datetime.fromisoformat(said)
        if ts.tzinfo is not None:
            return ts.astimezone(UTC)
    except (ValueError, OverflowError):
        raise Misconfigured(f"TS {said!r} is no time; {example}") from None
    raise Misconfigured(f"TS {said} has no zone; {example}")


def _object(of: "Series", ts: datetime, found: "list[Touched]", seconds: float) -> dict[str, Any]:
    return {
        "venue": of.venue,
        "symbol": of.symbol,
        "timeframe": str(of.timeframe),
        "ts": ts.isoformat(),
        "books": list(of.books),
        "seconds": round(seconds, 3),
        "versions": [
            {
                **{name: _plain(value) for name, value in one.candle.items()},
                "pnl": text(one.pnl),
                "unpriced": one.unpriced,
                **{kind: [_told(row) for row in rows] for kind, rows in one.rows.items()},
            }
            for one in found
        ],
    }


def _told(row: dict[str, Any]) -> dict[str, Any]:
    return {name: _plain(value) for name, value in row.items()}


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else value


def _show(of: "Series", ts: datetime, found: "list[Touched]", seconds: float) -> None:
    from cli.session.passport_page import shown

    books = ", ".join(of.books) or "none"
    out.print(f"[bold]{escape(of.symbol)} {of.timeframe} {shown(ts)}[/] of {escape(of.venue)}, books {escape(books)}")
    for number, one in enumerate(found, start=1):
        candle = one.candle
        values = "  ".join(f"{name} {candle[name]}" for name in ("open", "high", "low", "close", "volume"))
        until = f" until {shown(candle['replaced'])}" if candle["replaced"] else ""
        title = f"version {number} of {len(found)}, known from {shown(candle['knowledge_ts'])}{until}"
        out.print(f"\n[bold]{title}[/], run {escape(candle['run_id'])}", soft_wrap=True)
        out.print(values, markup=False, soft_wrap=True)
        out.print(_counts(one))
        _pnl(of, one)
    out.print(f"\n[dim]{seconds:.2f} s; --json lists every row[/]")


def _counts(one: "Touched") -> Table:
    from cli.session.passport_page import shown

    grid = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for name in ("touched", "rows", "first", "last", "of"):
        wrapped = name == "of"
        grid.add_column(name, justify="right" if name == "rows" else "left", overflow="fold", no_wrap=not wrapped)
    for kind, count in one.counts.items():
        ends = (shown(count.first), shown(count.last)) if count.number else ("", "")
        ways = ", ".join(f"{label} {number:,}" for label, number in sorted(count.labels.items()))
        said = f"through {ways}" if kind in ("signals", "orders") and ways else ways
        grid.add_row(kind, f"{count.number:,}", *ends, escape(said), style="" if count.number else "dim")
    return grid


def _pnl(of: "Series", one: "Touched") -> None:
    if one.counts["fills"].number:
        beside = f" ({one.unpriced} fills with a fee in another currency not counted)" if one.unpriced else ""
        quote = of.symbol.split("/")[-1]
        out.print(f"profit and loss of its fills at the newest closes: {text(one.pnl)} {quote}{beside}")
