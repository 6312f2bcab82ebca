"""Made markets on which features are tried: one that lives, and one with gaps, a dead stretch and a jump."""

from datetime import UTC, datetime

import numpy as np
import polars as pl

from trading.candle import PANEL
from trading.timeframe import Timeframe

START = datetime(2024, 1, 1, 5, tzinfo=UTC)


def lively(seed: int, bars: int, timeframe: Timeframe, symbols: tuple[str, ...] = ("A/USD", "B/USD")) -> pl.DataFrame:
    """Return a panel of `bars` bars per symbol, fat-tailed, without gaps."""
    rng = np.random.default_rng(seed)
    parts = [pl.DataFrame(schema=PANEL)]
    for symbol in symbols:
        close = 100 * np.exp(np.cumsum(rng.standard_t(4, bars) * 0.004))
        opened = np.concatenate([[100.0], close[:-1]])
        stretch = np.abs(rng.normal(0, 0.003, (2, bars)))
        values = {
            "symbol": symbol,
            "ts": [START + timeframe.delta * row for row in range(bars)],
            "open": opened,
            "high": np.maximum(opened, close) * (1 + stretch[0]),
            "low": np.minimum(opened, close) * (1 - stretch[1]),
            "close": close,
            "volume": rng.lognormal(3, 1, bars),
        }
        parts.append(pl.DataFrame(values, schema=PANEL))
    return pl.concat(parts).sort("symbol", "ts")


def rough(seed: int, bars: int, timeframe: Timeframe) -> pl.DataFrame:
    """Return such a panel with a twentieth of its bars missing, a tenth without move or volume, and one leap."""
    rng = np.random.default_rng(seed + 1)
    panel = lively(seed, bars, timeframe)
    place = pl.int_range(pl.len()).over("symbol")
    prices = ("open", "high", "low", "close")
    dead = place.is_between(bars // 2, bars // 2 + bars // 10)
    leapt = panel.with_columns(
        pl.when(place > bars * 3 // 4).then(pl.col(name) * 1000).otherwise(pl.col(name)).alias(name) for name in prices
    )
    still = leapt.with_columns(
        *(pl.when(dead).then(50.0).otherwise(pl.col(name)).alias(name) for name in prices),
        volume=pl.when(dead).then(0.0).otherwise(pl.col("volume")),
    )
    return still.filter(pl.Series(rng.random(panel.height) > 0.05))
