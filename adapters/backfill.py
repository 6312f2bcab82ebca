"""Holes in stored candles, filled from the venue's history: vetted, quarantined and versioned as the asset does it."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version

import polars as pl

from adapters.exchange.market_data import MarketData
from adapters.store import backfilled_days, gates
from adapters.store.database import Database
from adapters.store.frames import Store
from trading.candle import BARS
from trading.errors import Unavailable
from trading.market.clean import HARMLESS, Vetted, vet
from trading.market.holes import Batch, batches
from trading.ports import Clock
from trading.timeframe import Timeframe

_TABLE = "market.candles"


@dataclass(frozen=True)
class Series:
    """Candles of one venue, symbol and timeframe."""

    venue: str
    symbol: str
    timeframe: Timeframe

    @property
    def key(self) -> tuple[str, str, str]:
        """Venue, symbol and timeframe as stored."""
        return self.venue, self.symbol, str(self.timeframe)


@dataclass(frozen=True)
class Filled:
    """What came of one batch: rows that are new, bars in quarantine, bars that the venue has not got either."""

    written: int
    quarantined: int
    absent: int


class Backfill:
    """Fills series of `book`, batch by batch; each is whole in the database before the next is asked for."""

    def __init__(self, data: MarketData, database: Database, clock: Clock, book: str) -> None:
        self._data, self._database, self._clock, self._book = data, database, clock, book

    def plan(self, series: Series, start: datetime, end: datetime, *, again: bool = False) -> list[Batch]:
        """Return what is missing in [start, end); days that the venue has not got are asked for only `again`."""
        store = self._store(series)
        venue, symbol, timeframe = series.key
        where: dict[str, str] = {"venue": venue, "symbol": symbol, "timeframe": timeframe}
        stored = store.read(_TABLE, where, start, end, columns=["ts"])["ts"]
        with self._database.transaction() as connection:
            done = set() if again else backfilled_days.done(connection, *series.key)
        return batches(stored, series.timeframe, start, end, done, self._clock.now())

    def fill(self, series: Series, batch: Batch) -> Filled:
        """Read exactly the holes of `batch` and store what is sound; done twice it changes nothing.

        Raises:
            Unavailable: the venue or the database does not answer; what was stored before stays.
            Misconfigured: the venue has no such symbol or timeframe.
        """
        read = pl.concat([pl.DataFrame(schema=BARS), *(self._read(series, *hole) for hole in batch.holes)])
        now = self._clock.now()
        vetted = vet(read, series.timeframe, now)
        venue, symbol, timeframe = series.key
        rows = vetted.good.with_columns(
            venue=pl.lit(venue),
            symbol=pl.lit(symbol),
            timeframe=pl.lit(timeframe),
            # We know it only now, whenever it closed: nothing that was decided before may find it.
            knowledge_ts=pl.lit(now).cast(BARS["ts"]),
        )
        written = self._store(series).write(_TABLE, rows, now)
        self._note(series, batch, vetted, now)
        held = vetted.quarantined.filter(~pl.col("reason").is_in(list(HARMLESS))).height
        return Filled(written, held, batch.bars - vetted.good.height - held)

    def _read(self, series: Series, start: datetime, end: datetime) -> pl.DataFrame:
        """Return the bars of one hole; nothing is believed only from a venue that gives what we know it has."""
        found = self._pages(series, start, end)
        if found.height:
            return found
        before = start - series.timeframe.delta
        venue, symbol, timeframe = series.key
        where: dict[str, str] = {"venue": venue, "symbol": symbol, "timeframe": timeframe}
        known = self._store(series).read(_TABLE, where, before, start, columns=["ts"]).height
        again = self._pages(series, before if known else start, end)
        if known and again.filter(pl.col("ts") == before).is_empty():
            raise Unavailable(f"{venue} gives no {timeframe} bar of {symbol} at {before}, which it gave once")
        return again.filter(pl.col("ts") >= start)

    def _pages(self, series: Series, start: datetime, end: datetime) -> pl.DataFrame:
        pages: Iterator[pl.DataFrame] = self._data.bars(series.symbol, series.timeframe, start, end)
        return pl.concat([pl.DataFrame(schema=BARS), *pages])

    def _note(self, series: Series, batch: Batch, vetted: Vetted, now: datetime) -> None:
        keys = {"book": self._book, "venue": series.venue, "timeframe": str(series.timeframe)}
        good, bad = (frame["ts"].dt.date().to_list() for frame in (vetted.good, vetted.quarantined))
        with self._database.transaction() as connection:
            gates.quarantine(connection, keys, series.symbol, vetted.quarantined, source=series.venue)
            gates.record(connection, keys, series.symbol, vetted.findings, now, _run(series))
            days = [(day, good.count(day), bad.count(day)) for day in batch.days]
            backfilled_days.note(connection, series.key, days, now)

    def _store(self, series: Series) -> Store:
        return Store(self._database, _run(series), version("tradewind"))


def _run(series: Series) -> str:
    return "backfill-" + hashlib.sha256("|".join(series.key).encode()).hexdigest()[:16]
