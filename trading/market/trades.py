"""Trades to candles: the bars that a venue would have published for them."""

import polars as pl

from trading.candle import BARS, TS
from trading.market.findings.sample import off_grid
from trading.market.resample import sums
from trading.timeframe import Timeframe

TRADES = pl.Schema({"ts": TS, "price": pl.Float64, "amount": pl.Float64})


def candles(trades: pl.DataFrame, timeframe: Timeframe) -> pl.DataFrame:
    """Return the bars (schema BARS) of trades of one market; times without a trade have no bar.

    `trades` has the columns of TRADES. Trades of the same stamp count in the order in which they stand.
    """
    placed = trades.select(pl.col(name).cast(kind) for name, kind in TRADES.items()).sort("ts", maintain_order=True)
    slot = pl.col("ts") - off_grid(timeframe).cast(pl.Duration("us"))
    bars = (
        placed.with_columns(slot=slot)
        .group_by("slot", maintain_order=True)
        .agg(
            open=pl.col("price").first(),
            high=pl.col("price").max(),
            low=pl.col("price").min(),
            close=pl.col("price").last(),
            many=pl.len(),
        )
    )
    volume = sums(placed["amount"], bars["many"])
    return bars.with_columns(volume=volume).rename({"slot": "ts"}).select(list(BARS)).cast(BARS)  # pyright: ignore[reportArgumentType]
