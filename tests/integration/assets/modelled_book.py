"""A book with features of the past and models trained on it; nothing is in force yet."""

from datetime import datetime

import polars as pl

from adapters.store import feature_ranges, model_states, models
from adapters.store.database import Connection, Database
from adapters.store.frames import Store
from models import drift
from models.forecast import lightgbm_return, linear_return
from models.labels import training_set
from models.model import Model
from tests.integration.assets.traded_book import BOOK, HOUR, START, SYMBOLS, VENUE
from trading.indicators.technical import technical_features
from trading.simulation.random_market import DEFAULT_SPECS, bars
from trading.timeframe import Timeframe

USED = ("volatility_24", "rsi_14", "close_z_24")
LAST = START + 27 * HOUR
NOW = LAST + HOUR
DAY = f"{LAST:%Y-%m-%d}"
FRAME = Timeframe.parse("1h")


class Stopped:
    """A clock that stands still."""

    def __init__(self, at: datetime) -> None:
        self._at = at

    def now(self) -> datetime:
        return self._at


def stored(book: Database, stretch: float = 1.0) -> dict[str, Model]:
    """Store bars of 1,500 hours, their newest features times `stretch`, and three models."""
    panel = bars(5, DEFAULT_SPECS[:2], FRAME, START - 1500 * HOUR, START + 28 * HOUR)
    features = technical_features(panel, FRAME)
    keys = {"venue": pl.lit(VENUE), "timeframe": pl.lit("1h"), "knowledge_ts": pl.col("ts") + HOUR}
    recent = features.filter(pl.col("ts") >= START - 240 * HOUR).with_columns(pl.col(USED) * stretch)
    store = Store(book, "test", "0")
    store.write("market.candles", panel.with_columns(**keys))
    store.write("features.technical_features", recent.with_columns(**keys, book=pl.lit(BOOK)))
    past = training_set(features, panel, FRAME, 4).filter(pl.col("t1") <= START)
    made = {
        "trees": lightgbm_return.fit(past, USED, 4, 5, folds=2, params={"rounds": 10}),
        "more trees": lightgbm_return.fit(past, USED, 4, 6, folds=2, params={"rounds": 20}),
        "line": linear_return.fit(past, USED, 4, 5, folds=2),
    }
    known = drift.ranges(lightgbm_return.training_rows(past, USED), USED)
    with book.transaction() as connection:
        for model in made.values():
            add(connection, model)
            feature_ranges.add(connection, BOOK, model.model_id, known)
    return made


def put(book: Database, model: Model, state: str, why: str = "a test") -> bool:
    """Put a model in a state; False when it was there."""
    with book.transaction() as connection:
        return model_states.put(connection, BOOK, model.model_id, state, "somebody", why, START)


def forecast(book: Database, model: Model, expected: float) -> None:
    """Store forecasts of the last 230 bars before LAST of each symbol: of `expected` deviations, with a small sigma."""
    _forecast(book, model, [(expected * 0.001, 0.001)] * 230)


def churn(book: Database, model: Model, days: int) -> None:
    """Store forecasts of the last `days` that rise and fall by turns and promise nothing: to follow them costs fees."""
    _forecast(book, model, [(0.01, 1.0), (-0.01, 1.0)] * 12 * days)


def _forecast(book: Database, model: Model, told: list[tuple[float, float]]) -> None:
    """Store expected return and sigma by symbol and bar, the newest first, from LAST on."""
    rows = [
        {"symbol": symbol, "ts": LAST - number * HOUR, "expected_return": expected, "sigma": sigma}
        for symbol in SYMBOLS
        for number, (expected, sigma) in enumerate(told)
    ]
    keys = {"book": pl.lit(BOOK), "venue": pl.lit(VENUE), "timeframe": pl.lit("1h")}
    frame = pl.DataFrame(rows).with_columns(**keys, model_id=pl.lit(model.model_id), knowledge_ts=pl.col("ts") + HOUR)
    Store(book, "test", "0").write("forecasts.price_forecasts", frame)


def add(connection: Connection, model: Model) -> None:
    """Put a model in the registry."""
    row = {**vars(model), "parameters": dict(model.params), "features": list(model.features)}
    row["scores"] = dict(model.scores)
    row.pop("params")
    models.add(connection, "price_models", BOOK, row, {"knowledge_ts": START, "run_id": "test", "code_version": "0"})
