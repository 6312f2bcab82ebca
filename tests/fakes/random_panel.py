"""Seeded random panels of bars, fat-tailed, with gaps where wanted."""

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl

from trading.candle import PANEL

START = datetime(2024, 1, 1, 5, tzinfo=UTC)


def random_panel(
    seed: int,
    bars: int = 600,
    symbols: tuple[str, ...] = ("A/USD", "B/USD"),
    step: timedelta = timedelta(hours=1),
    gaps: int = 0,
) -> pl.DataFrame:
    """Return `bars` bars per symbol, less `gaps` missing ones at random places; symbols end at unequal times."""
    print(f"seed {seed}")
    rng = np.random.default_rng(seed)
    parts: list[pl.DataFrame] = []
    for place, symbol in enumerate(symbols):
        close = 100 * np.exp(np.cumsum(rng.standard_t(4, bars) * 0.004))
        opened = np.concatenate([[100.0], close[:-1]])
        stretch = np.abs(rng.normal(0, 0.003, (2, bars)))
        frame = pl.DataFrame(
            {
                "symbol": symbol,
                "ts": [START + step * row for row in range(bars)],
                "open": opened,
                "high": np.maximum(opened, close) * (1 + stretch[0]),
                "low": np.minimum(opened, close) * (1 - stretch[1]),
                "close": close,
                "volume": rng.lognormal(3, 1, bars),
            },
            schema=PANEL,
        )
        kept = np.sort(rng.choice(bars, bars - gaps, replace=False))
        parts.append(frame[kept].head(bars - gaps - 3 * place))
    return pl.concat(parts).sort("symbol", "ts")
