"""Indicators of a million bars against bare polars-talib, TA-Lib in a loop, pandas-ta-classic; and one new bar."""

import json
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np
import polars as pl

from tests.performance.bench import Measured, lower_is_better
from tests.performance.feature_bars import ROUNDS, ROWS, SYMBOLS, panel, rounds
from tests.performance.peers import python_of
from trading.candle import PANEL, Candle
from trading.indicators.classic import CLASSIC, classic, classic_indicators
from trading.indicators.state.technical import advance, begin
from trading.indicators.technical import technical_features
from trading.timeframe import Timeframe

_UNIT = f"s per {len(CLASSIC)} indicators x {ROWS // 1000}k rows, {SYMBOLS} symbols"
HOUR = Timeframe.parse("1h")

#: Steps that one round of the incremental bench takes, and bars of a symbol that come before them.
STEPS, BEFORE = 50, 3_000


def polars_talib() -> Measured:
    """The same expressions of polars-talib over the symbols in one select, values as they come."""
    bars = panel()
    bare = [value.over("symbol").alias(name) for name, value in classic().items()]
    ours, theirs = rounds(lambda: classic_indicators(bars), lambda: bars.select("symbol", "ts", *bare))
    small = panel(ROWS // 10)
    (tenth,) = rounds(lambda: classic_indicators(small))
    note = f"a tenth of the rows: {statistics.median(tenth):.2f} s"
    return lower_is_better("features_polars_talib", ours, theirs, _UNIT, note)


def talib() -> Measured:
    """TA-Lib's own wrapper in a loop over symbols, in a process and an environment of its own."""
    return _against("talib", "features_talib", "theirs one after another, as the wrapper is used")


def pandas_ta() -> Measured:
    """The library pandas-ta-classic in a loop over symbols, in a process and an environment of its own."""
    return _against("pandas_ta", "features_pandas_ta", "without TA-Lib, as it is installed")


def incremental() -> Measured:
    """One new bar of every symbol from the carried states, against all features of all bars anew."""
    bars = panel()
    newest = [part.tail(BEFORE + STEPS) for part in bars.partition_by("symbol", maintain_order=True)]
    states = [_warm(part) for part in newest]
    fresh = [[Candle(*row) for row in part.tail(STEPS).drop("symbol").iter_rows()] for part in newest]
    ours = []
    for step in range(STEPS):
        began = time.perf_counter()
        states = [advance(state, new[step])[0] for state, new in zip(states, fresh, strict=True)]
        ours.append(time.perf_counter() - began)
    (theirs,) = rounds(lambda: technical_features(bars, HOUR))
    unit = f"s per new bar of {SYMBOLS} symbols after {ROWS // SYMBOLS // 1000}k"
    (tenth,) = rounds(lambda: technical_features(panel(ROWS // 10), HOUR))
    note = f"a tenth of the history anew: {statistics.median(tenth):.2f} s; a step costs the same"
    return lower_is_better("features_incremental", ours, theirs, unit, note)


def _warm(bars: pl.DataFrame):
    state = begin(HOUR)
    for row in bars.head(BEFORE).drop("symbol").iter_rows():
        state, _ = advance(state, Candle(*row))
    return state


def _against(peer: str, bench: str, note: str) -> Measured:
    python, bars = python_of(peer), panel()
    (ours,) = rounds(lambda: classic_indicators(bars))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bars.npz"
        prices = bars.select(list(PANEL)[2:]).to_numpy().T
        np.savez(path, **dict(zip(list(PANEL)[2:], prices, strict=True)), symbols=SYMBOLS, rounds=ROUNDS)
        command = [python, Path(__file__).with_name(f"peer_{peer}.py"), path]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    told = json.loads(done.stdout.splitlines()[-1])
    return lower_is_better(bench, ours, told["seconds"], _UNIT, f"{note}; {told['columns']} columns of theirs")
