"""The score of one backtest for a search: by an objective, with what its Sharpe ratio is judged by."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import accumulate
from typing import Any, Literal, get_args

from trading.backtest.result import Backtest
from trading.performance.kurtosis import kurtosis
from trading.performance.returns import returns
from trading.performance.sharpe import sharpe
from trading.performance.skew import skew
from trading.performance.sortino import sortino

Objective = Literal["sharpe", "sortino", "calmar", "return"]
#: Engine and kernel agree to this relative difference, or one of them is wrong; a ratio of small numbers loses digits.
_CLOSE, _CLOSE_RATIO = 1e-9, 1e-6
OBJECTIVES: Sequence[Objective] = get_args(Objective)


@dataclass(frozen=True)
class Score:
    """What `bars` returns were worth; `value` by the objective, None where it cannot be told.

    `sharpe` is per bar, 0 where nothing moved; `skew` and (excess) `kurtosis` are theirs. `earned` and `drawdown` are
    fractions (-0.1 is ten per cent below the peak); `trades` counts the fills.
    """

    value: float | None
    bars: int
    trades: int
    earned: float
    drawdown: float
    sharpe: float
    skew: float
    kurtosis: float


def earned(tested: Backtest, leaving: Decimal) -> list[float]:
    """Return what each bar earned as a fraction, after costs.

    What is still held at the end is sold at its last close, at the cost `leaving` as a fraction of its value: a part of
    a walk forward begins flat, and nobody gets there for nothing.
    """
    made = [float(each) for each in returns(tested.curve)]
    last = tested.curve[-1]
    if made and last.positions > 0 and last.equity > 0:
        made[-1] = (1 + made[-1]) * (1 - float(last.positions / last.equity * leaving)) - 1
    return made


def score(made: Sequence[float], trades: int, objective: Objective, bars_per_year: float) -> Score:
    """Return the score of the returns `made`, one per bar and at least one."""
    levels = list(accumulate((1 + each for each in made), lambda level, each: level * each, initial=1.0))
    peaks = accumulate(levels, max)
    drawdown = min(level / peak - 1 if peak > 0 else 0.0 for level, peak in zip(levels, peaks, strict=True))
    found = Score(
        None,
        len(made),
        trades,
        levels[-1] - 1,
        drawdown,
        sharpe(made, 1) or 0.0,
        skew(made) or 0.0,
        kurtosis(made) or 0.0,
    )
    return replace(found, value=_VALUES[objective](made, found, bars_per_year))


def of_row(row: Mapping[str, Any], objective: Objective, bars_per_year: float) -> Score | None:
    """Return the score of a row of `trading/backtest/sweep.py:scores`; None where the kernel could not tell."""
    if not math.isfinite(row["equity"]):
        return None
    mean = row["mean"]
    worth = {
        "sharpe": None if row["sharpe"] is None else yearly(row["sharpe"], bars_per_year),
        "sortino": yearly(mean / row["downside"], bars_per_year) if row["downside"] > 0 else None,
        "calmar": mean * bars_per_year / -row["drawdown"] if row["drawdown"] < 0 else None,
        "return": row["earned"],
    }
    told = {name: row[name] or 0.0 for name in ("earned", "drawdown", "sharpe", "skew", "kurtosis")}
    return Score(worth[objective], row["bars"], row["trades"], **told)


def difference(one: Score, other: Score) -> str:
    """Return which figure of two scores of the same trades differs, with both; empty where none does."""
    for name, told in vars(one).items():
        found = vars(other)[name]
        close = _CLOSE_RATIO if name == "value" else _CLOSE
        if told is None or found is None:
            apart = told is not found
        else:
            apart = told != found and not abs(told - found) <= close * max(1.0, abs(found))
        if apart:
            return f"{name} ({told!r}, not {found!r})"
    return ""


def yearly(ratio: float, bars_per_year: float) -> float:
    """Return a Sharpe ratio per bar as one a year."""
    return ratio * math.sqrt(bars_per_year)


def _sharpe(made: Sequence[float], _found: Score, bars_per_year: float) -> float | None:
    # With a year of one bar the ratio is per bar, and needs no month of them: chance is told by its probability.
    ratio = sharpe(made, 1)
    return None if ratio is None else yearly(ratio, bars_per_year)


def _sortino(made: Sequence[float], _found: Score, bars_per_year: float) -> float | None:
    ratio = sortino(made, 1)
    return None if ratio is None else yearly(ratio, bars_per_year)


def _calmar(made: Sequence[float], found: Score, bars_per_year: float) -> float | None:
    # The mean is not compounded: a few good bars, a year long, would make numbers that no float holds.
    return math.fsum(made) / len(made) * bars_per_year / -found.drawdown if found.drawdown < 0 else None


def _return(_made: Sequence[float], found: Score, _bars_per_year: float) -> float | None:
    return found.earned


_VALUES: Mapping[Objective, Callable[[Sequence[float], Score, float], float | None]] = {
    "sharpe": _sharpe,
    "sortino": _sortino,
    "calmar": _calmar,
    "return": _return,
}
