"""What the assets are given: the book they work for, its Store, its venue's data and its clock."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

import dagster as dg

from adapters import compose
from adapters.settings import Settings, load
from adapters.store import books, gates
from adapters.store.database import Connection, Database
from adapters.store.frames import Store
from trading.errors import Misconfigured
from trading.market.finding import Finding
from trading.ports import Clock
from trading.timeframe import Timeframe

if TYPE_CHECKING:
    from adapters.exchange.market_data import MarketData
    from adapters.exchange.passage import Opening


@dataclass(frozen=True)
class Desk:
    """One open book: where it trades, what it trades, and the tools to read and write for it.

    `parameters` are the changes of their defaults by strategy.
    """

    settings: Settings
    database: Database
    store: Store
    clock: Clock
    book: str
    venue: str
    timeframe: Timeframe
    symbols: tuple[str, ...]
    strategies: tuple[str, ...]
    parameters: Mapping[str, Mapping[str, Any]]
    horizon: int
    seed: int
    history_start: datetime
    run_id: str = field(default="")
    code_version: str = field(default="")

    @property
    def keys(self) -> dict[str, str]:
        """The key columns that all derived tables share."""
        return {"book": self.book, "venue": self.venue, "timeframe": str(self.timeframe)}

    @property
    def series(self) -> dict[str, str | tuple[str, ...]]:
        """The condition for this book's symbols in derived tables."""
        return {**self.keys, "symbol": self.symbols}

    @property
    def candles(self) -> dict[str, str | tuple[str, ...]]:
        """The condition for this book's symbols in market.candles."""
        return {"venue": self.venue, "timeframe": str(self.timeframe), "symbol": self.symbols}

    def market_data(self) -> "MarketData":
        """Return the reading side of the venue."""
        return compose.market_data(self.settings, self.venue)

    def passage(self, label: str, url: str | None) -> "Opening":
        """Return what lets reads out to the venue that we call `label`, at `url` if not at its own address."""
        return compose.passage(self.settings, label, url)

    def judge(
        self,
        connection: Connection,
        symbol: str,
        findings: Iterable[Finding],
        now: datetime,
        last_open: datetime,
        domain: str = "bars",
    ) -> None:
        """Record findings about bars of `symbol` up to `last_open`, and set its gates if that is the newest bar due."""
        if last_open + 2 * self.timeframe.delta > now:
            gates.write(connection, self.keys, symbol, findings, now, self.run_id, last_open, domain)
        else:
            gates.record(connection, self.keys, symbol, findings, now, self.run_id)

    def references(self) -> "dict[str, MarketData]":
        """Return the reading side of the venues that ours is compared with, by name."""
        return compose.references(self.settings)


class DeskResource(dg.ConfigurableResource):
    """Opens the book named by the setting TRADEWIND_BOOK; no secret ever enters a run's configuration."""

    @contextmanager
    def open(self, context: dg.AssetExecutionContext | dg.AssetCheckExecutionContext) -> Iterator[Desk]:
        """Yield the desk of one run; its connections are the process's.

        Raises:
            Misconfigured: there is no such book; `tradewind run` and `tradewind up` create theirs.
        """
        settings = load()
        database = compose.database(settings.required("database_url"))
        with database.transaction() as connection:
            row = books.get(connection, settings.book)
        if row is None:
            raise Misconfigured(f"setting TRADEWIND_BOOK: there is no book {settings.book}; `tradewind run` opens one")
        chosen, version = row["configuration"], code_version()
        yield Desk(
            settings,
            database,
            Store(database, context.run.run_id, version),
            compose.clock(settings),
            settings.book,
            chosen["venue"],
            Timeframe.parse(chosen["timeframe"]),
            tuple(chosen["symbols"]),
            tuple(chosen["strategies"]),
            chosen.get("parameters", {}),
            chosen["horizon"],
            chosen["seed"],
            datetime.fromisoformat(chosen["history_start"]),
            context.run.run_id,
            version,
        )


def code_version() -> str:
    """Return the version of the code that runs, as written beside every row."""
    from importlib.metadata import version

    return version("tradewind")
