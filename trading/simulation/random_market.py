"""A random market that is a pure function of (seed, time): any window shows the same bars as a larger one.

Days are a skeleton that grows from a fixed anchor: a shared and an own return per day, with slowly moving volatility,
calm and stormy regimes, a drift that keeps its sign for weeks, and a weak pull back to where the market began. Inside a
day, 1,440 minutes bridge from one day's close to the next: fat-tailed, livelier when the world is awake, with some
momentum from hour to hour (what there is to predict) and some bounce from minute to minute. Each day's minutes have a
seed of their own, so that a day is made without the days before it. Longer bars are made of the minutes.
"""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import polars as pl

from trading.candle import PANEL, TS
from trading.errors import Misconfigured
from trading.instrument import Instrument
from trading.timeframe import Timeframe

Floats = npt.NDArray[np.float64]

ANCHOR = datetime(2020, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
MINUTES = 1440
#: Share of an hour's return that comes back in the next hour, and of a minute's that is undone in the next minute.
MOMENTUM = 0.07
BOUNCE = 0.05
_SHARED = "*"
_SHARED_VOLATILITY = 0.022


@dataclass(frozen=True)
class MarketSpec:
    """One random instrument: its price at the anchor, daily volatilities as fractions, volume in base per hour."""

    symbol: str
    price: float
    tick: float
    lot: float
    beta: float
    own_volatility: float
    hourly_volume: float


#: All that the random market has; each is its own function of the seed, whichever others are traded.
SPECS = (
    MarketSpec("BTC/USDT", 60_000.0, 0.01, 0.00001, 1.0, 0.010, 180.0),
    MarketSpec("ETH/USDT", 3_000.0, 0.01, 0.0001, 1.2, 0.018, 2_400.0),
    MarketSpec("SOL/USDT", 150.0, 0.01, 0.001, 1.4, 0.028, 30_000.0),
    MarketSpec("BNB/USDT", 600.0, 0.01, 0.001, 0.9, 0.015, 3_000.0),
    MarketSpec("LTC/USDT", 90.0, 0.01, 0.001, 1.1, 0.020, 9_000.0),
    MarketSpec("AVAX/USDT", 35.0, 0.01, 0.01, 1.4, 0.030, 25_000.0),
    MarketSpec("LINK/USDT", 15.0, 0.001, 0.01, 1.3, 0.026, 60_000.0),
    MarketSpec("DOT/USDT", 7.0, 0.001, 0.01, 1.3, 0.024, 80_000.0),
    MarketSpec("XRP/USDT", 0.6, 0.0001, 0.1, 1.0, 0.022, 2_500_000.0),
    MarketSpec("ADA/USDT", 0.5, 0.0001, 0.1, 1.2, 0.024, 2_000_000.0),
)
#: What a plain run trades.
DEFAULT_SPECS = SPECS[:3]


def spec_of(instrument: Instrument) -> MarketSpec:
    """Return how `instrument` behaves in a random market: as the one of its name, or as a small coin."""
    tick, lot = float(instrument.tick), float(instrument.lot)
    for spec in SPECS:
        if spec.symbol == instrument.symbol:
            return replace(spec, tick=tick, lot=lot)
    price = tick * 10_000
    return MarketSpec(instrument.symbol, price, tick, lot, 1.3, 0.03, 3_000_000 / price)


def bars(seed: int, specs: Sequence[MarketSpec], timeframe: Timeframe, start: datetime, end: datetime) -> pl.DataFrame:
    """Return a PANEL frame of the bars of `specs` that open in [start, end), sorted by symbol, ts.

    Raises:
        Misconfigured: the timeframe is not a whole number of minutes dividing a day, or `start` lies before the anchor.
    """
    if timeframe.seconds % 60 or 86_400 % timeframe.seconds:
        raise Misconfigured(f"timeframe {timeframe}: a random market has whole minutes that divide a day, up to 1d")
    if start < ANCHOR:
        raise Misconfigured(f"start {start:%Y-%m-%d}: a random market begins on {ANCHOR:%Y-%m-%d}")
    first, last = (start - ANCHOR) // DAY, -((ANCHOR - end) // DAY)
    frames = [_symbol_bars(seed, spec, timeframe, first, last) for spec in sorted(specs, key=lambda spec: spec.symbol)]
    panel = pl.concat(frames) if frames else pl.DataFrame(schema=PANEL)
    return panel.filter(pl.col("ts").is_between(start, end, closed="left"))


def _symbol_bars(seed: int, spec: MarketSpec, timeframe: Timeframe, first: int, last: int) -> pl.DataFrame:
    """Return the bars of the days [first, last) since the anchor."""
    if last <= first:
        return pl.DataFrame(schema=PANEL)
    days = [_minutes(seed, spec, day) for day in range(first, last)]
    size = timeframe.seconds // 60
    opens, highs, lows, closes, volumes = (
        np.concatenate(column).reshape(-1, size) for column in zip(*days, strict=True)
    )
    price_digits, volume_digits = _digits(spec.tick), _digits(spec.lot)
    origin = int((ANCHOR + first * DAY).timestamp()) * 1_000_000
    step = timeframe.seconds * 1_000_000
    columns: dict[str, Floats] = {
        "open": np.round(opens[:, 0] * spec.tick, price_digits),
        "high": np.round(highs.max(axis=1) * spec.tick, price_digits),
        "low": np.round(lows.min(axis=1) * spec.tick, price_digits),
        "close": np.round(closes[:, -1] * spec.tick, price_digits),
        "volume": np.round(np.sum(volumes, axis=1) * spec.lot, volume_digits),
    }
    return pl.DataFrame(columns).select(
        pl.lit(spec.symbol).alias("symbol"), (origin + step * pl.int_range(pl.len())).cast(TS).alias("ts"), pl.all()
    )


def _minutes(seed: int, spec: MarketSpec, day: int) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """Return open, high, low, close (whole ticks) and volume (whole lots) of the minutes of one day."""
    level, shared_return, own_return, volatility = _skeleton(seed, spec, _rounded(day))
    shared = _bridge(_generator(seed, _SHARED, day), shared_return[day], volatility[day])
    generator = _generator(seed, spec.symbol, day)
    own = _bridge(generator, own_return[day], spec.own_volatility * volatility[day] / _SHARED_VOLATILITY)
    returns = spec.beta * shared + own
    path = level[day] + np.concatenate(([0.0], np.cumsum(returns)))
    # The day ends where the skeleton says, to the last bit: the next day begins there.
    path[-1] = level[day + 1]
    ticks = np.maximum(1.0, np.rint(np.exp(path) / spec.tick))
    opens, closes = ticks[:-1], ticks[1:]
    scale = float(np.std(returns)) or 1e-9
    reach = np.abs(generator.standard_normal((2, MINUTES))) * scale * 0.5
    highs = np.maximum(np.maximum(opens, closes), np.rint(np.maximum(opens, closes) * (1.0 + reach[0])))
    lows = np.maximum(1.0, np.rint(np.minimum(opens, closes) * (1.0 - np.minimum(reach[1], 0.5))))
    activity = _shape() * np.exp(0.5 * generator.standard_normal(MINUTES)) * (0.5 + 0.5 * np.abs(returns) / scale)
    volumes = np.maximum(1.0, np.rint(spec.hourly_volume / 60 / spec.lot * activity))
    return opens, highs, np.minimum(lows, np.minimum(opens, closes)), closes, volumes


def _bridge(generator: np.random.Generator, total: float, volatility: float) -> Floats:
    """Return 1,440 log returns that sum to `total`, of daily `volatility`, with momentum and bounce."""
    noise = generator.standard_t(4, MINUTES) / np.sqrt(2.0)
    hourly = np.exp(0.35 * generator.standard_normal(24))
    weight = np.repeat(hourly, 60) * _shape()
    raw = noise * weight * volatility / np.sqrt(np.sum(weight**2))
    raw[1:] -= BOUNCE * raw[:-1]
    hours = raw.reshape(24, 60)
    for hour in range(1, 24):
        hours[hour] += MOMENTUM * hours[hour - 1].sum() / 60
    returns: Floats = hours.reshape(MINUTES)
    return returns + (total - returns.sum()) / MINUTES


@lru_cache(maxsize=1)
def _shape() -> Floats:
    """Return how lively each minute of a day is, 1 on average: quiet after midnight UTC, busiest in the afternoon."""
    shape = 1.0 + 0.4 * np.sin(2 * np.pi * (np.arange(MINUTES) / MINUTES - 0.35))
    shape.setflags(write=False)
    return shape


@lru_cache(maxsize=64)
def _skeleton(seed: int, spec: MarketSpec, days: int) -> tuple[Floats, Floats, Floats, Floats]:
    """Return log price at each day's start, shared and own return, and shared volatility of the first `days` days."""
    shared, volatility = _shared_days(seed, days)
    normals = _generator(seed, spec.symbol).standard_normal(days)
    origin = float(np.log(spec.price))
    level, own = np.empty(days + 1), np.empty(days)
    level[0] = origin
    for day in range(days):
        own[day] = spec.own_volatility * volatility[day] / _SHARED_VOLATILITY * normals[day]
        own[day] -= 0.004 * (level[day] - origin)
        level[day + 1] = level[day] + spec.beta * shared[day] + own[day]
    return level, shared, own, volatility


@lru_cache(maxsize=8)
def _shared_days(seed: int, days: int) -> tuple[Floats, Floats]:
    """Return return and volatility per day of what all instruments share: regimes, clusters, drift."""
    normals = _generator(seed, _SHARED).standard_normal((days, 2))
    chances = _generator(seed, _SHARED + _SHARED).random((days, 2))
    returns, volatility = np.empty(days), np.empty(days)
    cluster, stormy, drift = 0.0, False, 0.002
    for day in range(days):
        cluster = 0.92 * cluster + 0.12 * normals[day, 0]
        stormy = chances[day, 0] < (0.88 if stormy else 0.03)
        drift = -drift if chances[day, 1] < 0.04 else drift
        volatility[day] = _SHARED_VOLATILITY * np.exp(cluster) * (1.7 if stormy else 0.85)
        returns[day] = drift + volatility[day] * normals[day, 1]
    return returns, volatility


def _generator(seed: int, *name: str | int) -> np.random.Generator:
    return np.random.default_rng(
        [seed, *(zlib.crc32(part.encode()) if isinstance(part, str) else part for part in name)]
    )


def _rounded(day: int) -> int:
    """Return a number of days above `day` that few windows share, so that the skeleton is made once."""
    return (day // 512 + 1) * 512


def _digits(step: float) -> int:
    return max(0, -int(np.floor(np.log10(step) + 1e-9))) if step < 1 else 0
