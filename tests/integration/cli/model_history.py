"""A book with a long history of bars and features, and models put in its registry by hand."""

from datetime import timedelta

import polars as pl

from adapters.store import feature_ranges, model_states
from adapters.store.database import Database
from adapters.store.frames import Store
from models import drift
from models.forecast import lightgbm_return
from models.labels import training_set
from models.model import Model
from tests.integration.assets import modelled_book
from tests.integration.assets.traded_book import BOOK, HOUR, START, VENUE, open_book
from trading.indicators.technical import FEATURES, technical_features
from trading.timeframe import Timeframe

FRAME = Timeframe.parse("1h")
FIRST, END = START - 1500 * HOUR, START + 28 * HOUR
HORIZON = 4
KEYS = {"venue": pl.lit(VENUE), "timeframe": pl.lit("1h"), "knowledge_ts": pl.col("ts") + HOUR}


def store_history(book: Database, panel: pl.DataFrame) -> pl.DataFrame:
    """Open the book, store `panel` (PANEL) and its features as its whole history, and return the features."""
    open_book(book)
    features = technical_features(panel, FRAME)
    store = Store(book, "test", "0")
    store.write("market.candles", panel.with_columns(**KEYS))
    store.write("features.technical_features", features.with_columns(**KEYS, book=pl.lit(BOOK)))
    first = panel["ts"].min()
    with book.transaction() as connection:
        connection.execute(
            "update ops.books set configuration = configuration || jsonb_build_object('history_start', %s::text)",
            (str(first),),
        )
    return features


def past(features: pl.DataFrame, panel: pl.DataFrame, days: int) -> pl.DataFrame:
    """Return the labelled rows whose labels were known `days` before the end."""
    return training_set(features, panel, FRAME, HORIZON).filter(pl.col("t1") <= END - timedelta(days=days))


def add(book: Database, model: Model, learned: pl.DataFrame, state: str | None = None) -> None:
    """Put a model that learned from the rows `learned` in the registry, and in `state`."""
    with book.transaction() as connection:
        modelled_book.add(connection, model)
        ranges = drift.ranges(lightgbm_return.training_rows(learned, FEATURES), FEATURES)
        feature_ranges.add(connection, BOOK, model.model_id, ranges)
        if state is not None:
            model_states.put(connection, BOOK, model.model_id, state, "tradewind", "the first", START)
