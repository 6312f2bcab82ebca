"""Every family of features by its name: its columns, its warm-up, and how it is computed of a panel."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import polars as pl

from trading.errors import Misconfigured
from trading.indicators import classic, patterns, technical
from trading.indicators.combine import LOOK_BACK, Combination, combine, inputs
from trading.indicators.custom import Indicator, custom
from trading.timeframe import Timeframe


@dataclass(frozen=True)
class Family:
    """Features that are computed together.

    `compute` takes a panel (trading.candle.PANEL, sorted by symbol, ts) and returns symbol, ts and `columns` for every
    row of it, each known at the close of its bar. `warm_up` is after how many rows of a symbol all have a value.
    """

    name: str
    columns: tuple[str, ...]
    warm_up: int
    compute: Callable[[pl.DataFrame, Timeframe], pl.DataFrame]


BUILT_IN = (
    Family("technical", technical.STORED, technical.WARM_UP, technical.technical_features),
    Family("classic", classic.CLASSIC, classic.WARM_UP, lambda panel, _: classic.classic_indicators(panel)),
    Family("patterns", tuple(patterns.PATTERNS), patterns.WARM_UP, lambda panel, _: patterns.marks(panel)),
)


def families(combinations: Sequence[Combination], indicators: Sequence[Indicator]) -> tuple[Family, ...]:
    """Return the built-in families, the combinations and the custom indicators.

    Raises:
        Misconfigured: two columns of combinations or custom indicators, or one of these and a built-in one, have one
            name.
    """
    names = [*(each.name for each in combinations), *(each.name for each in indicators)]
    taken = {column for family in BUILT_IN for column in family.columns}
    for name in names:
        if name in taken:
            raise Misconfigured(f"indicator {name}: there is another of this name")
        taken.add(name)
    return (
        *BUILT_IN,
        Family(
            "combinations",
            tuple(each.name for each in combinations),
            technical.WARM_UP + LOOK_BACK,
            lambda panel, timeframe: finite(combine(inputs(panel, timeframe), combinations)),
        ),
        Family(
            "custom",
            tuple(each.name for each in indicators),
            max((each.warm_up for each in indicators), default=0),
            lambda panel, _: finite(custom(panel, indicators)),
        ),
    )


def finite(frame: pl.DataFrame) -> pl.DataFrame:
    """Return `frame` with null where a number is NaN or infinite."""
    numbers = [name for name, kind in frame.schema.items() if kind == pl.Float64]
    return frame.with_columns(pl.when(pl.col(name).is_finite()).then(pl.col(name)).alias(name) for name in numbers)
