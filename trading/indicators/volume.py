"""Volume features of the bars of one symbol: how much trades, and on which side of the bar."""

import polars as pl

from trading.indicators import talib
from trading.indicators.momentum import z_score

HIGH, LOW, CLOSE, VOLUME = pl.col("high"), pl.col("low"), pl.col("close"), pl.col("volume")


def balance(bars: int) -> pl.Expr:
    """Return the volume of rising less that of falling bars over `bars`, as a share of all volume, -1..1."""
    return _share(VOLUME * (CLOSE - CLOSE.shift(1)).sign(), bars)


def money_flow(bars: int) -> pl.Expr:
    """Return Chaikin's money flow over `bars`, -1..1: volume weighted by where each close lies in its bar."""
    place = pl.when(HIGH > LOW).then((2 * CLOSE - HIGH - LOW) / (HIGH - LOW)).otherwise(0.0)
    return _share(VOLUME * place, bars)


def volume(suffix: str = "") -> list[pl.Expr]:
    """Return the volume features of the base timeframe, each named with `suffix`."""
    return [
        z_score(VOLUME.log1p(), 24).alias(f"volume_z_24{suffix}"),
        z_score(VOLUME.log1p(), 96).alias(f"volume_z_96{suffix}"),
        balance(24).alias(f"volume_balance_24{suffix}"),
        money_flow(20).alias(f"money_flow_20{suffix}"),
        talib.mfi(14).alias(f"mfi_14{suffix}"),
    ]


def higher_volume(suffix: str) -> list[pl.Expr]:
    """Return the volume features of a higher timeframe."""
    return [balance(12).alias(f"volume_balance_12{suffix}")]


def _share(part: pl.Expr, bars: int) -> pl.Expr:
    total = VOLUME.rolling_sum(bars)
    # A sum that is moved on keeps dust of what was before: whether there is any volume, the bars themselves say.
    traded = (VOLUME.rolling_max(bars) > 0) & (total > 0)
    return pl.when(traded).then((part.rolling_sum(bars) / total).clip(-1, 1))
