"""The bars that the benches of features share: a million rows over eight symbols, and how rounds of work are timed."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache

import numpy as np
import polars as pl

from trading.candle import TS

ROWS, SYMBOLS, ROUNDS = 1_000_000, 8, 3
START = datetime(2020, 1, 1, tzinfo=UTC)


@cache
def panel(rows: int = ROWS) -> pl.DataFrame:
    """Return `rows` hourly bars of SYMBOLS symbols, sorted by symbol, ts."""
    chance = np.random.default_rng(11)
    parts = []
    each = rows // SYMBOLS
    times = pl.datetime_range(START, START + timedelta(hours=each - 1), "1h", eager=True).cast(TS)
    for number in range(SYMBOLS):
        close = 1_000 * np.exp(np.cumsum(chance.standard_t(4, each) * 0.001))
        opened = np.concatenate([close[:1], close[:-1]])
        reach = np.abs(chance.normal(0, 0.002, (2, each)))
        columns = {
            "open": opened,
            "high": np.maximum(opened, close) * (1 + reach[0]),
            "low": np.minimum(opened, close) * (1 - reach[1]),
            "close": close,
            "volume": chance.exponential(100, each),
        }
        parts.append(pl.DataFrame({"symbol": [f"S{number}/USD"] * each, "ts": times, **columns}))
    return pl.concat(parts)


def rounds(*works: Callable[[], object], count: int = ROUNDS) -> list[list[float]]:
    """Return the seconds of each of `works`, warm, in turns."""
    times: list[list[float]] = [[] for _ in works]
    for work in works:
        work()
    for _ in range(count):
        for seconds, work in zip(times, works, strict=True):
            began = time.perf_counter()
            work()
            seconds.append(time.perf_counter() - began)
    return times
