"""Late and revised bars: exactly the days that rest on them are computed anew, and nothing else is written."""

from datetime import timedelta

import dagster as dg
import polars as pl
import pytest

from adapters.exchange.clock import WallClock
from adapters.store.database import Database
from adapters.store.frames import Store
from assets.features.technical_features import technical_features
from assets.partitions import HISTORY, ONWARD
from assets.resources import DeskResource
from pipelines.sensors import late_candles
from tests.integration.assets.traded_book import BOOK, HOUR, START, SYMBOLS, VENUE
from trading.candle import PANEL
from trading.indicators.technical import FEATURES
from trading.indicators.technical import technical_features as compute
from trading.timeframe import Timeframe

pytestmark = [
    # Dagster calls what pydantic has deprecated.
    pytest.mark.filterwarnings("ignore::DeprecationWarning:dagster.*"),
]

#: The bar that is revised: in the middle of a day with two days of bars after it.
REVISED = START - 30 * HOUR
DAY, LAST_DAY = f"{REVISED:%Y-%m-%d}", f"{START + 27 * HOUR:%Y-%m-%d}"


def materialise(instance: dg.DagsterInstance, day: str, **tags: str) -> list[str]:
    """Compute the features of `day` and return the partitions that were said to be materialised."""
    done = dg.materialize(
        [technical_features],
        partition_key=day,
        resources={"desk": DeskResource()},
        instance=instance,
        tags=tags,
    )
    assert done.success
    return sorted(
        event.materialization.partition or "" for event in done.get_asset_materialization_events() if event.asset_key
    )


def revise(book: Database, factor: float) -> None:
    """Store another version of the bar REVISED of the first symbol, known from now on."""
    store, now = Store(book, "revision", "0"), WallClock().now()
    keys = {"venue": VENUE, "timeframe": "1h", "symbol": SYMBOLS[0]}
    bar = store.read("market.candles", keys, REVISED, REVISED + HOUR)
    assert bar.height == 1
    changed = bar.drop("run_id", "code_version").with_columns(
        close=pl.col("close") * factor, high=pl.max_horizontal("high", pl.col("close") * factor)
    )
    assert store.write("market.candles", changed, now) == 1


def stored(book: Database) -> pl.DataFrame:
    keys = {"book": BOOK, "venue": VENUE, "timeframe": "1h", "symbol": SYMBOLS}
    found = Store(book, "reader", "0").read("features.technical_features", keys, columns=["symbol", "ts", *FEATURES])
    return found.sort("symbol", "ts")


def recounted(book: Database) -> pl.DataFrame:
    keys = {"venue": VENUE, "timeframe": "1h", "symbol": SYMBOLS}
    panel = Store(book, "reader", "0").read("market.candles", keys, columns=list(PANEL))
    return compute(panel, Timeframe.parse("1h")).select("symbol", "ts", *FEATURES).sort("symbol", "ts")


def changed_days(before: pl.DataFrame, after: pl.DataFrame) -> list[str]:
    rows = after.join(before, on=["symbol", "ts", *FEATURES], how="anti", nulls_equal=True)
    return sorted(rows["ts"].dt.strftime("%Y-%m-%d").unique().to_list())


def test_a_revised_bar_recomputes_exactly_the_days_that_rest_on_it(book: Database) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        materialise(instance, LAST_DAY, **{HISTORY: "all"})
        before = stored(book)
        assert before.equals(recounted(book))
        revise(book, 1.01)
        affected = changed_days(before, recounted(book))
        assert affected[0] == DAY
        assert materialise(instance, DAY, **{ONWARD: "late candles"}) == affected
        after = stored(book)
        assert after.equals(recounted(book))
        assert changed_days(before, after) == affected
        others = after.filter(pl.col("symbol") == SYMBOLS[1])
        assert others.equals(before.filter(pl.col("symbol") == SYMBOLS[1]))
        # once more: nothing has changed, nothing is written, only the day that was asked for is said
        assert materialise(instance, DAY, **{ONWARD: "late candles"}) == [DAY]
        assert stored(book).equals(after)


def requested(cursor: str | None) -> tuple[list[tuple[str | None, str | None, bool]], str | None]:
    context = dg.build_sensor_context(cursor=cursor)
    result = late_candles(context)
    if not isinstance(result, dg.SensorResult):
        return [], cursor
    requests = [(one.job_name, one.partition_key, ONWARD in one.tags) for one in result.run_requests or []]
    return requests, result.cursor


def test_late_candles_ask_for_their_days_once(book: Database) -> None:
    first, cursor = requested(None)
    assert first == []
    assert cursor is not None
    assert requested(cursor) == ([], cursor)
    revise(book, 1.02)
    asked, later = requested(cursor)
    assert asked == [("recompute", DAY, True), ("daily", DAY, False)]
    assert requested(later) == ([], later)


def test_bars_of_today_and_those_that_came_in_time_are_not_late(book: Database) -> None:
    _, cursor = requested(None)
    now = WallClock().now()
    store, bar = Store(book, "collector", "0"), Timeframe.parse("1h").open_of(now)
    rows = pl.DataFrame(
        {
            "ts": [bar, bar - timedelta(days=1)],
            "knowledge_ts": [bar + HOUR, bar + HOUR - timedelta(days=1)],
            **{name: [1.0, 1.0] for name in ("open", "high", "low", "close", "volume")},
        }
    ).with_columns(venue=pl.lit(VENUE), symbol=pl.lit(SYMBOLS[0]), timeframe=pl.lit("1h"))
    store.write("market.candles", rows.head(1), now)
    assert requested(cursor)[0] == []
    # yesterday's bar, stored a minute after its close
    store.write("market.candles", rows.tail(1), bar + HOUR - timedelta(days=1) + timedelta(minutes=1))
    asked, _ = requested((bar - timedelta(days=2)).isoformat())
    assert f"{bar - timedelta(days=1):%Y-%m-%d}" not in [day for _, day, _ in asked]
