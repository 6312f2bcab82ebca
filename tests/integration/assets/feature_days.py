"""What the tests of the features share: materialising an asset for a day, and a bar that is revised."""

from datetime import datetime, timedelta

import dagster as dg
import polars as pl

from adapters.exchange.clock import WallClock
from adapters.store.database import Database
from adapters.store.frames import Store
from assets.partitions import HISTORY
from assets.resources import DeskResource
from tests.integration.assets.traded_book import BOOK, HOUR, START, SYMBOLS, VENUE
from trading.candle import PANEL

LAST_DAY = f"{START + 27 * HOUR:%Y-%m-%d}"
KEYS = {"book": BOOK, "venue": VENUE, "timeframe": "1h", "symbol": SYMBOLS}


def materialise(asset: dg.AssetsDefinition, day: str = LAST_DAY, **tags: str) -> list[str]:
    """Compute `asset` of `day` and return the partitions that were said to be materialised (no tags: all)."""
    with dg.DagsterInstance.ephemeral() as instance:
        done = dg.materialize(
            [asset],
            partition_key=day,
            resources={"desk": DeskResource()},
            instance=instance,
            tags=tags or {HISTORY: "all"},
        )
        assert done.success
        return sorted(event.materialization.partition or "" for event in done.get_asset_materialization_events())


def panel(book: Database) -> pl.DataFrame:
    keys = {"venue": VENUE, "timeframe": "1h", "symbol": SYMBOLS}
    return Store(book, "reader", "0").read("market.candles", keys, columns=list(PANEL))


def stored(book: Database, table: str, *columns: str, as_of: datetime | None = None) -> pl.DataFrame:
    rows = Store(book, "reader", "0").read(table, KEYS, columns=["symbol", "ts", *columns], as_of=as_of)
    return rows.sort("symbol", "ts")


def revise(book: Database, at: pl.Expr, **changes: pl.Expr) -> int:
    """Store another version of the bars that `at` chooses, known from now on; return how many."""
    store = Store(book, "revision", "0")
    keys = {"venue": VENUE, "timeframe": "1h", "symbol": SYMBOLS}
    bars = store.read("market.candles", keys).filter(at).drop("run_id", "code_version").with_columns(**changes)
    return store.write("market.candles", bars, WallClock().now())


def hours(count: float) -> timedelta:
    return count * HOUR
