"""Promotion by evidence: what a challenger's forecasts of bars it never saw are worth, and whether that is enough.

Nothing here trusts how a model was made: it is judged by forecasts of bars whose labels came after its training.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import mean, stdev, variance
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from models.after_costs import positions, returns
from models.bands import Band, band, daily
from models.forecast.scaled_return import FORECAST
from models.model import finite, need_columns
from models.scores import skill
from trading.errors import BadData
from trading.performance.deflated_sharpe import expected_best, probabilistic_sharpe

Array = NDArray[np.float64]

#: The band of each figure holds this share of its draws: what is to be above 0 is so with 99 % confidence.
HELD = 0.98
#: Fewer days than this prove nothing.
LEAST_DAYS = 20
#: The least probability that its Sharpe ratio exceeds what chance would show as the best of all that was tried.
LEAST_DEFLATED = 0.95
#: The band of this share of outcomes has to hold it, give or take so much.
PROMISED, OFF = 0.8, 0.1
#: Its skill has to lie so many deviations above that of its recipe on what means nothing: with 8 fits, chance gets
#: there once in a thousand times (Student's t).
STANDS_OUT = 5.0


@dataclass(frozen=True)
class Terms:
    """How evidence is weighed: `fee` of one way (fraction), `trials` counted against it, their daily Sharpe ratios.

    `tried` may be empty; `paths` and `seed` are those of the bands.
    """

    fee: float
    trials: int
    tried: Sequence[float] = ()
    paths: int = 1000
    seed: int = 7


@dataclass(frozen=True)
class Evidence:
    """What a challenger has shown on `days` days with `rows` forecasts, from `first` to `last` (open times, UTC).

    `skill` is 1 - RMSE / RMSE of expecting nothing. `correlation` is that of forecast and outcome about their means by
    symbol: a forecast that never changes has none. Growth is yearly, of the logarithm, after costs: `growth` its own,
    `timing` beyond holding as much at all times, `beyond` beyond the champion (None: there is none). `deflated` is the
    probability that the Sharpe ratio of its timing exceeds what chance shows as the best of `trials`, `coverage` the
    share of outcomes within its 80 % band (None: it has no band), `controls` the skill of each fit of its recipe to
    what means nothing.
    """

    rows: int
    days: int
    first: str
    last: str
    skill: Band
    correlation: Band
    growth: Band
    timing: Band
    beyond: Band | None
    deflated: float
    trials: int
    coverage: float | None
    controls: Mapping[str, Sequence[float]]

    def plain(self) -> dict[str, Any]:
        """Return it as plain values, as it is stored."""
        return {**asdict(self), "refused": refusals(self)}


def weigh(
    challenger: pl.DataFrame,
    champion: pl.DataFrame | None,
    controls: Mapping[str, Sequence[pl.DataFrame]],
    labels: pl.DataFrame,
    panel: pl.DataFrame,
    terms: Terms,
) -> Evidence:
    """Return the evidence of forecasts on the bars that all of them and `labels` have.

    `challenger` has FORECAST and, where it has a band, quantile_10 and quantile_90, of bars later than its training;
    `champion` the same of the model in force, which may have seen these bars: that only makes it harder. `controls` are
    forecasts by the same recipe fitted to what means nothing (models/controls.py). `labels` (symbol, ts, label) is what
    is forecast, `panel` (symbol, ts, close) what a position earns.

    Raises:
        BadData: a column is missing, or no bar has both forecast and label.

    """
    known = labels.filter(finite(["label"])).select("symbol", "ts", "label")
    rows = _compared(challenger, champion, known)
    own, hold, exposure = _days(rows, "expected_return", panel, terms.fee)
    timing = own - exposure * hold
    other = None if champion is None else _days(rows, "champion", panel, terms.fee)[0]
    return Evidence(
        rows=rows.height,
        days=len(own),
        first=str(rows["ts"].min()),
        last=str(rows["ts"].max()),
        skill=_skill(rows.select("ts", "label", told="expected_return"), terms),
        correlation=_correlation(rows.select("symbol", "ts", "label", told="expected_return"), terms),
        growth=_growth(own, terms),
        timing=_growth(timing, terms),
        beyond=None if other is None else _growth(own - other, terms),
        deflated=_deflated(timing, terms),
        trials=terms.trials,
        coverage=_coverage(rows),
        controls={name: [_plain_skill(told, known) for told in each] for name, each in controls.items()},
    )


def _compared(challenger: pl.DataFrame, champion: pl.DataFrame | None, known: pl.DataFrame) -> pl.DataFrame:
    need_columns(challenger, FORECAST, "evidence")
    rows = challenger.join(known, on=["symbol", "ts"], how="inner").sort("ts", "symbol")
    if champion is not None:
        rows = rows.join(champion.select("symbol", "ts", champion="expected_return"), on=["symbol", "ts"], how="inner")
    if rows.is_empty():
        raise BadData("evidence: no bar has a forecast and a label that its model had not seen")
    return rows


def _coverage(rows: pl.DataFrame) -> float | None:
    if not {"quantile_10", "quantile_90"} <= set(rows.columns):
        return None
    return float(rows.select(pl.col("label").is_between("quantile_10", "quantile_90").mean()).item())


def refusals(found: Evidence) -> list[str]:
    """Return why the evidence is not enough, one line each; none: the challenger is accepted."""
    held = f"with {(1 + HELD) / 2:.0%} confidence"
    above = {
        f"no better than expecting nothing {held}: skill": found.skill,
        f"tells no rise from a fall {held}: correlation": found.correlation,
        f"earns nothing after costs {held}: a year": found.growth,
        f"earns no more than holding as much all the time {held}: a year": found.timing,
        f"no better than the champion {held}: a year": found.beyond,
    }
    said = [f"{reason} {_said(got)}" for reason, got in above.items() if got is not None and not got.low > 0]
    if found.days < LEAST_DAYS:
        said.append(f"{found.days} days of unseen bars; {LEAST_DAYS} are the least")
    if not found.deflated >= LEAST_DEFLATED:
        said.append(f"may be the luckiest of {found.trials} trials: deflated {found.deflated:.3f} < {LEAST_DEFLATED}")
    if found.coverage is None:
        said.append("has no band: how far it may be off is not known")
    elif not PROMISED - OFF <= found.coverage <= PROMISED + OFF:
        said.append(f"not calibrated: its 80 % band held {found.coverage:.1%}")
    return [*said, *_against_controls(found)]


def loses(outcomes: pl.DataFrame, panel: pl.DataFrame, fee: float, seed: int) -> str | None:
    """Return why a model in force has to go: following it has lost after costs with 99 % confidence; None: it has not.

    `outcomes` has symbol, ts and expected_return of bars that it had not seen, `panel` symbol, ts, close. Fewer than
    LEAST_DAYS days prove nothing.
    """
    if outcomes.is_empty():
        return None
    days = _days(outcomes, "expected_return", panel, fee)[0]
    if len(days) < LEAST_DAYS:
        return None
    found = _growth(days, Terms(fee, 1, seed=seed))
    return f"lost after costs over {len(days)} days: {_said(found)} a year" if found.high < 0 else None


def _against_controls(found: Evidence) -> list[str]:
    """Return why it may be no more than what its recipe finds in nothing, and where it finds too much there."""
    if not found.controls:
        return ["was not compared with negative controls"]
    said = []
    for name, skills in found.controls.items():
        middle, spread, count = mean(skills), max(stdev(skills), 1e-12), len(skills)
        told = f"{name}: skill {found.skill.value:.3%} against {middle:.3%}, deviation {spread:.3%}, {count} fits"
        if not (found.skill.value - middle) / (spread * math.sqrt(1 + 1 / count)) > STANDS_OUT:
            said.append(f"does not stand out from {told}")
        if middle / (spread / math.sqrt(count)) > STANDS_OUT and middle > 0.1 * found.skill.value:
            said.append(f"its recipe finds something in {told}")
    return said


def _days(rows: pl.DataFrame, column: str, panel: pl.DataFrame, fee: float) -> tuple[Array, Array, float]:
    """Return by day what following `column` earned and what holding did, log returns after costs, and its exposure."""
    held = positions(rows, column, fee)
    followed = returns(held, panel, fee)
    holding = returns(held.with_columns(held=1.0), panel, fee)
    exposure = float(followed.select(pl.col("held").mean()).item())
    return daily(followed, ["earned"])[:, 0], daily(holding, ["earned"])[:, 0], exposure


def _growth(days: Array, terms: Terms) -> Band:
    return band(days[:, None], lambda sums: sums[:, 0] / len(days) * 365.0, terms.paths, terms.seed, HELD)


def _skill(rows: pl.DataFrame, terms: Terms) -> Band:
    error = (pl.col("told") - pl.col("label")) ** 2
    losses = rows.select("ts", gain=pl.col("label") ** 2 - error, loss=error, naive=pl.col("label") ** 2)
    sums = daily(losses, ["gain", "loss", "naive"])
    return band(sums, lambda s: 1 - np.sqrt(s[:, 1] / np.maximum(s[:, 2], 1e-300)), terms.paths, terms.seed, HELD)


def _plain_skill(told: pl.DataFrame, known: pl.DataFrame) -> float:
    rows = told.select("symbol", "ts", "expected_return").join(known, on=["symbol", "ts"], how="inner")
    outcome = rows["label"].to_numpy()
    return skill(rows["expected_return"].to_numpy(), np.zeros_like(outcome), outcome)


def _correlation(rows: pl.DataFrame, terms: Terms) -> Band:
    apart = {name: pl.col(name) - pl.col(name).mean().over("symbol") for name in ("told", "label")}
    # What never changes leaves the rounding of its mean behind.
    centred = rows.select(
        "ts",
        label=apart["label"],
        told=pl.when(pl.col("told").n_unique().over("symbol") > 1).then(apart["told"]).otherwise(0.0),
    )
    products = centred.select(
        "ts", xy=pl.col("told") * pl.col("label"), xx=pl.col("told") ** 2, yy=pl.col("label") ** 2
    )
    sums = daily(products, ["xy", "xx", "yy"])
    return band(sums, lambda s: s[:, 0] / np.sqrt(np.maximum(s[:, 1] * s[:, 2], 1e-300)), terms.paths, terms.seed, HELD)


def _deflated(days: Array, terms: Terms) -> float:
    """Return the deflated Sharpe ratio of the daily returns; 0 where nothing was ever traded.

    The ratios of trials spread at least as far as those of rules without any skill do over so many days.
    """
    count, spread = len(days), float(days.std())
    if count < 3 or spread <= 1e-12:
        return 0.0
    apart = (days - days.mean()) / spread
    chance = max(variance(terms.tried) if len(terms.tried) > 1 else 0.0, 1 / count)
    least = expected_best(terms.trials, chance)
    sharpe, skew, kurtosis = float(days.mean()) / spread, float((apart**3).mean()), float((apart**4).mean()) - 3
    told = probabilistic_sharpe(sharpe, count, skew, kurtosis, least)
    return told if math.isfinite(told) else 0.0


def _said(found: Band) -> str:
    return f"{found.value:.2%} [{found.low:.2%}, {found.high:.2%}]"
