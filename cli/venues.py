"""`tradewind venues`: what each venue can do: data, paper and live trading, and what is missing for it."""

from dataclasses import asdict
from typing import Annotated, Any

import typer
from rich.table import Table

from adapters.settings import Settings, load
from cli.output import as_json, out
from cli.verb import DataDir, Json, verb

Exchanges = Annotated[
    list[str] | None, typer.Option("--exchange", help="A ccxt exchange id; may be said more than once.")
]


@verb
def venues(exchange: Exchanges = None, data_dir: DataDir = None, json_: Json = False) -> int:
    """Say of the venues of the settings and of sources.toml, or of those named, what they can do."""
    rows = _rows(load(data_dir=data_dir), exchange)
    if json_:
        as_json({"venues": rows})
        return 0
    grid = Table(box=None, pad_edge=False)
    for name in ("venue", "data", "paper", "live", "exact books", "missing for live"):
        grid.add_column(name, overflow="fold")
    for row in rows:
        marks = ["yes" if row[name] else "-" for name in ("data", "paper", "live")]
        grid.add_row(row["venue"], *marks, "yes" if row["exact_books"] else "-", ", ".join(row["missing"]) or "-")
    out.print(grid)
    return 0


def _rows(settings: Settings, named: list[str] | None) -> list[dict[str, Any]]:
    from adapters.exchange.capabilities import capabilities
    from adapters.sources.declared import declared

    if named:
        wanted = {one: one for one in named}
    else:
        # The simulator speaks Binance's interface, and ccxt's binance speaks to it.
        own = {settings.exchange: "binance" if settings.exchange == "simulator" else settings.exchange}
        wanted = own | {source.venue: source.exchange for source in declared(settings, ("venue", "funding"))}
    return [{"venue": venue, **asdict(capabilities(exchange))} for venue, exchange in wanted.items()]
