"""Training: our fit against bare LightGBM on the same matrix, with the same parameters and threads."""

import time
from collections.abc import Callable

import numpy as np
import polars as pl
from numpy.typing import NDArray

from models.forecast import lightgbm_return, scaled_return, trees
from models.labels import training_set
from tests.performance.bench import Measured, lower_is_better
from tests.performance.ingest import candles
from trading.candle import PANEL
from trading.indicators.technical import FEATURES, technical_features
from trading.timeframe import Timeframe

ROWS, SYMBOLS, ROUNDS, HORIZON = 200_000, 8, 3, 4
MINUTE = Timeframe.parse("1m")
SETTINGS = trees.settings_of(None, "bench")


def train() -> Measured:
    """All that a fit of ours does but for its walk-forward: rows chosen, hashed, scaled, grown, kept as text."""
    frame = training_frame()
    rows = lightgbm_return.training_rows(frame, FEATURES)
    x, unit, label = scaled_return.arrays(rows, FEATURES, HORIZON)
    target = scaled_return.target(label, unit)
    ours: list[float] = []
    peer: list[float] = []
    for _ in range(ROUNDS):
        mine, taken = _timed(lambda: fit(frame))
        ours.append(taken)
        bare, taken = _timed(lambda: _bare(x, target))
        peer.append(taken)
        if not np.array_equal(trees.apply(mine, x[:1000]), trees.apply(bare, x[:1000])):
            raise SystemExit("train_lightgbm: both sides have to grow the same trees")
    note = f"{rows.height:,} rows x {len(FEATURES)} features, {trees.THREADS} thread; peer: lightgbm.train"
    return lower_is_better("train_lightgbm", ours, peer, "s", note)


def training_frame(rows: int = ROWS) -> pl.DataFrame:
    """Return `rows` bars of SYMBOLS symbols with all features and their labels."""
    panel = candles(rows, SYMBOLS).select(list(PANEL)).sort("symbol", "ts")
    # Bars of the ingest bench all span the same: ranges need some life.
    wide = panel.with_columns(high=pl.max_horizontal("open", "close") + 0.01 * (pl.col("close") % 7))
    return training_set(technical_features(wide, MINUTE), wide, MINUTE, HORIZON)


def fit(frame: pl.DataFrame) -> str:
    """Return the trees of a fit of ours on the rows of `frame` that are complete, without walk-forward."""
    rows = lightgbm_return.training_rows(frame, FEATURES)
    return lightgbm_return.train(rows, FEATURES, HORIZON, SETTINGS, seed=1)[0]


def _bare(x: NDArray[np.float64], target: NDArray[np.float64]) -> str:
    import lightgbm

    params = {name: value for name, value in SETTINGS.items() if name not in ("rounds", "min_share_in_leaf")}
    least = max(20, int(len(target) * float(SETTINGS["min_share_in_leaf"])))
    fixed = {"objective": "regression", "bagging_freq": 1, "min_data_in_leaf": least, "deterministic": True}
    fixed |= {"force_row_wise": True, "num_threads": trees.THREADS, "seed": 1, "verbosity": -1}
    data = lightgbm.Dataset(x, target, params={"max_bin": SETTINGS["max_bin"], "verbosity": -1, "num_threads": 1})
    return lightgbm.train({**params, **fixed}, data, num_boost_round=int(SETTINGS["rounds"])).model_to_string()


def _timed(work: Callable[[], str]) -> tuple[str, float]:
    began = time.perf_counter()
    found = work()
    return found, time.perf_counter() - began
