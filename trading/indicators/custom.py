"""Indicators that users plug in: one file, one decorated function of the bars of one symbol, registered by its name.

@indicator("amihud_20", warm_up=21)
def amihud(bars: pl.DataFrame) -> pl.Expr:
    '''Illiquidity: mean of |log return| per traded quote currency over 20 bars.'''
    move = (pl.col("close") / pl.col("close").shift(1)).log().abs()
    return (move / (pl.col("close") * pl.col("volume"))).rolling_mean(20)
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import polars as pl

from trading.candle import TS
from trading.errors import BadData, Misconfigured

#: What an indicator computes of the bars of one symbol, sorted by ts: one number per row.
Compute = Callable[[pl.DataFrame], pl.Expr | pl.Series]

_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")


@dataclass(frozen=True)
class Indicator:
    """An indicator: after `warm_up` rows it has a value, which no row before the last `warm_up` changes."""

    name: str
    warm_up: int
    about: str
    compute: Compute


def indicator(name: str, warm_up: int) -> Callable[[Compute], Indicator]:
    """Return what makes an Indicator of a function; its docstring says what the values are, with their unit.

    Raises:
        Misconfigured: the name is not of the form trend_24, or the warm-up is below 0.
    """
    if not _NAME.fullmatch(name):
        raise Misconfigured(f"indicator {name!r}: a name is of the form trend_24")
    if warm_up < 0:
        raise Misconfigured(f"indicator {name}: warm_up {warm_up} is below 0")
    return lambda compute: Indicator(name, warm_up, (compute.__doc__ or "").strip().split("\n")[0], compute)


def custom(panel: pl.DataFrame, indicators: Sequence[Indicator]) -> pl.DataFrame:
    """Return symbol, ts and a float64 column per indicator for every row of `panel`, as its function says it.

    Raises:
        BadData: an indicator fails, or does not give one number per row; the message names it and the symbol.
    """
    schema = pl.Schema({"symbol": pl.String, "ts": TS, **dict.fromkeys((i.name for i in indicators), pl.Float64)})
    parts = [
        bars.select(pl.col("symbol").cast(pl.String), pl.col("ts").cast(TS), *(_values(i, bars) for i in indicators))
        for bars in panel.partition_by("symbol", maintain_order=True)
    ]
    return pl.concat([pl.DataFrame(schema=schema), *parts])


def _values(one: Indicator, bars: pl.DataFrame) -> pl.Series:
    symbol = bars.item(0, "symbol")
    try:
        answer = one.compute(bars)
        values = bars.select(answer).to_series() if isinstance(answer, pl.Expr) else answer
        if len(values) != bars.height or not values.dtype.is_numeric():
            raise BadData(f"{len(values)} values of {values.dtype} for {bars.height} bars")
    except Exception as error:  # whatever a user's function raises is told with its name
        raise BadData(f"indicator {one.name}, {symbol}: {type(error).__name__}: {error}") from None
    return values.cast(pl.Float64).alias(one.name)
