"""Prices that jump: spikes that come back, large moves, long wicks, and another instrument under the same name."""

import polars as pl

from trading.market.finding import Finding, found
from trading.market.findings.sample import Sample
from trading.timeframe import Timeframe

#: A spike jumps by more than both and comes back in the next bar.
SPIKE_SIGMAS = 12.0
SPIKE_MOVE = 0.25

#: A move (log) of one minute that is large; for longer bars it grows with the fourth root of their length, for the
#: largest moves of real markets grow far slower than the square root.
LARGE_MINUTE_MOVE = 0.09
WICK_FACTOR = 1.5

#: Another instrument: after a hole of a day and 24 bars or more, beyond a factor of e and what such a time explains.
REUSE_BARS = 24
REUSE_MOVE = 1.0
REUSE_SIGMAS = 10.0


def spikes(bars: pl.DataFrame) -> list[Finding]:
    """Return the sound bars (sorted) whose close jumps and returns; they stay in: a real market can do it."""
    move = pl.col("move")
    sigma = 1.4826 * (move - move.median()).abs().median()
    price = pl.col("close").log()
    rows = bars.with_columns(move=price.diff(), beyond=price.shift(-1) - price.shift(1)).filter(
        (move.abs() > SPIKE_SIGMAS * sigma)
        & ((move.exp() - 1).abs() > SPIKE_MOVE)
        & (pl.col("beyond").abs() < move.abs() / 2)
    )
    return found("spike", rows, f"closes that jump by more than {SPIKE_MOVE:.0%} and come back at once")


def large_moves(sample: Sample) -> list[Finding]:
    """Return the bars whose close lies very far from the close before them."""
    if sample.timeframe is None or "close" not in sample.values:
        return []
    limit = _large(sample.timeframe)
    rows = sample.bars.select("ts", move=pl.col("close").log().diff()).filter(pl.col("move").abs() > limit)
    most = rows.sort(pl.col("move").abs()).tail(1)
    detail = "" if rows.is_empty() else f"the largest {most['move'][0]:+.2f} (log) at {most['ts'][0]:%Y-%m-%d %H:%M}"
    return found("large move", rows, detail)


def wicks(sample: Sample) -> list[Finding]:
    """Return the bars whose high or low lies very far from their open and close."""
    if sample.timeframe is None or "high" not in sample.values:
        return []
    up = pl.col("high").log() - pl.max_horizontal("open", "close").log()
    down = pl.min_horizontal("open", "close").log() - pl.col("low").log()
    rows = sample.bars.with_columns(far=pl.max_horizontal(up, down)).filter(
        pl.col("far") > WICK_FACTOR * _large(sample.timeframe)
    )
    most = rows.sort("far").tail(1)
    detail = "" if rows.is_empty() else f"{most['low'][0]:g} to {most['high'][0]:g} at {most['ts'][0]:%Y-%m-%d %H:%M}"
    return found("wick", rows, detail)


def ticker_reuse(sample: Sample) -> list[Finding]:
    """Return the bars that open at an unrelated price after a long hole: another instrument under the same name."""
    if sample.timeframe is None or "close" not in sample.values:
        return []
    price = pl.col("close").log()
    sigma = 1.4826 * price.diff().abs().median()
    hole = pl.col("ts").diff().dt.total_seconds() / sample.timeframe.seconds
    jump = (pl.col("open").log() - price.shift(1)).abs()
    rows = sample.bars.with_columns(hole=hole, jump=jump, allowed=REUSE_SIGMAS * sigma * hole.sqrt()).filter(
        (pl.col("hole") > REUSE_BARS)
        & (pl.col("hole") * sample.timeframe.seconds > 86400)
        & (pl.col("jump") > pl.max_horizontal(pl.lit(REUSE_MOVE), "allowed"))
    )
    if rows.is_empty():
        return []
    first = rows.row(0, named=True)
    detail = f"{first['jump']:.2f} (log) across a hole of {first['hole'] - 1:.0f} bars: another instrument, same name"
    return found("ticker reuse", rows, detail, blocking=True)


def _large(timeframe: Timeframe) -> float:
    return LARGE_MINUTE_MOVE * (timeframe.seconds / 60) ** 0.25
