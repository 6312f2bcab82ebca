"""Candles: the schema of every frame of bars, and one bar as a value.

`ts` is the open time in UTC; intervals are half-open; a bar is final only after its close.
"""

from dataclasses import dataclass
from datetime import datetime

import polars as pl

TS = pl.Datetime("us", "UTC")

#: A frame of bars of one symbol as files and venues give it: float64, sorted by ts.
BARS = pl.Schema(
    {"ts": TS, "open": pl.Float64, "high": pl.Float64, "low": pl.Float64, "close": pl.Float64, "volume": pl.Float64}
)

#: A frame of bars of many symbols of one venue and timeframe: sorted by symbol, ts.
PANEL = pl.Schema({"symbol": pl.String, **BARS})


@dataclass(frozen=True)
class Candle:
    """One bar. Prices in quote currency, volume in base currency."""

    ts: datetime
    open: float
    high: float
    low: float
    close: float
    volume: float


@dataclass(frozen=True, slots=True)
class CandleUpdate:
    """A bar as a stream tells it: `timeframe` as ours is named, `closed` None when the venue does not say."""

    market: str
    timeframe: str
    candle: Candle
    closed: bool | None
