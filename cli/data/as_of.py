"""`tradewind data as-of`: the rows that a reader of the database saw at a time, whatever came or changed since."""

import hashlib
from typing import TYPE_CHECKING, Annotated

import typer

from adapters.settings import load
from cli.data.group import group
from cli.data.stored import CANDLES, ALength, AVenue, End, Start, chosen, time_of
from cli.operation import store
from cli.output import as_json, out
from cli.verb import DataDir, Json, verb_of

if TYPE_CHECKING:
    import polars as pl

Subject = Annotated[str, typer.Argument(help="A symbol, such as BTC/USDT, or a table, such as market.public_trades.")]
At = Annotated[str, typer.Option(help="The time, UTC, such as 2025-01-31T12:00.")]
Known = Annotated[
    bool, typer.Option("--known", help="What could be known at that time, though it was perhaps stored later.")
]

_SHOWN = 10


@verb_of(group)
def as_of(
    subject: Subject,
    at: At,
    known: Known = False,
    venue: AVenue = None,
    timeframe: ALength = None,
    start: Start = None,
    end: End = None,
    data_dir: DataDir = None,
    json_: Json = False,
) -> int:
    """Show what was visible at a time: how many rows, their SHA-256, the last of them. `export --at` writes them."""
    from adapters.store import hot_and_cold, stored_rows

    # A table has a schema before its name; a symbol never has a point.
    table, symbol = (subject, None) if "." in subject and "/" not in subject else (CANDLES, subject)
    moment = time_of("--at", at)
    where = chosen(symbol=symbol, venue=venue, timeframe=timeframe)
    with store(load(data_dir=data_dir)) as database:
        rows = hot_and_cold.read(
            database,
            table,
            where,
            time_of("--start", start),
            time_of("--end", end),
            moment,
            None if known else moment,
        )
    rows = stored_rows.copyable(rows)
    digest = hashlib.sha256(rows.write_csv().encode()).hexdigest()
    if json_:
        market = {"venue": venue, "symbol": symbol, "timeframe": timeframe}
        last = {"columns": rows.columns, "last": rows.tail(_SHOWN).rows()}
        as_json({"table": table, **market, "at": moment, "rows": rows.height, "sha256": digest, **last})
        return 0
    out.print(f"{table} as of {moment:%Y-%m-%d %H:%M:%S} UTC: {rows.height:,} rows, SHA-256 {digest}", soft_wrap=True)
    _show(rows.tail(_SHOWN))
    return 0


def _show(rows: "pl.DataFrame") -> None:
    shown = [name for name in rows.columns if name not in {"run_id", "code_version", "recorded_at", "raw"}]
    for row in rows.select(shown).iter_rows():
        out.print("  ".join(str(value) for value in row), markup=False, soft_wrap=True)
