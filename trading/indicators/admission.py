"""Whether combinations and custom indicators may be used: tried on made markets, refused with the first wrong row."""

from collections.abc import Sequence
from datetime import datetime

import polars as pl

from trading.errors import Misconfigured
from trading.indicators.combine import LOOK_BACK, Combination, combine, inputs
from trading.indicators.custom import Indicator, custom
from trading.indicators.probe import lively, rough
from trading.indicators.technical import WARM_UP
from trading.indicators.trial import looks_ahead, not_finite, wrong_warm_up
from trading.timeframe import Timeframe

SEED = 20240101
CUTS = 20
_HOUR = Timeframe(3600)


def try_indicator(one: Indicator, cuts: int = CUTS) -> list[str]:
    """Return what is wrong with a custom indicator, a sentence each with the first wrong row; nothing for a sound one.

    Raises:
        BadData: its function fails, or does not give one number per bar.
    """

    def compute(panel: pl.DataFrame) -> pl.DataFrame:
        return custom(panel, [one])

    bars = max(400, 3 * one.warm_up + 50)
    alive, torn = lively(SEED, bars, _HOUR), rough(SEED, bars, _HOUR)
    found = [*looks_ahead(compute, alive, _cuts(alive, cuts)), *looks_ahead(compute, torn, _cuts(torn, cuts))][:1]
    found += not_finite(lambda panel: compute(panel).fill_nan(None), torn)
    starts = (1, bars // 5, bars // 3)
    return found + wrong_warm_up(lambda panel: compute(panel).fill_nan(None), alive, one.warm_up, starts)


def try_combinations(combinations: Sequence[Combination], cuts: int = CUTS) -> list[str]:
    """Return what is wrong with combinations, a sentence each with the first wrong row; nothing for sound ones.

    Their columns stand trials of their own: what an expression does with them is tried here.
    """

    def compute(rows: pl.DataFrame) -> pl.DataFrame:
        return combine(rows, combinations)

    bars = WARM_UP + 2 * LOOK_BACK + 100
    alive, torn = inputs(lively(SEED, bars, _HOUR), _HOUR), inputs(rough(SEED, bars, _HOUR), _HOUR)
    after = alive.filter(pl.int_range(pl.len()).over("symbol") >= WARM_UP)
    found = looks_ahead(compute, after, _cuts(after, cuts))
    found += not_finite(compute, torn)
    told = {sentence.split(" ", 1)[0] for sentence in found}
    late = wrong_warm_up(compute, after, LOOK_BACK, (1, LOOK_BACK // 2))
    return found + [sentence for sentence in late if sentence.split(" ", 1)[0] not in told]


def admit(combinations: Sequence[Combination], indicators: Sequence[Indicator]) -> None:
    """Return if all of them stand their trials.

    Raises:
        Misconfigured: one does not; the message names it and the first wrong row.
        BadData: a custom indicator fails.
    """
    found = try_combinations(combinations) if combinations else []
    for one in indicators:
        found += try_indicator(one)
    if found:
        raise Misconfigured(f"indicator {found[0]}")


def _cuts(panel: pl.DataFrame, count: int) -> list[datetime]:
    """Return `count` times of the panel, evenly apart, the last but one among them."""
    times = panel["ts"].unique().sort()
    return [times[int(place * (len(times) - 2) / count)] for place in range(1, count + 1)]
