"""The kernel's course: where one set stands between two pages of the market, besides its account."""

from typing import NamedTuple, Protocol

import numpy as np

from trading.backtest.compiled.tally import Tally, begun


class Heard(NamedTuple):
    """The newest signal met the open of slot `told` (0 for none yet); whether it was `passed` over.

    `left` is the newest slot in which a signal that was passed over wanted nothing held, -1 for never.
    """

    told: int
    passed: bool
    left: int


class Course(Protocol):
    """The fields of its `Tally` and those of `Heard`."""

    equity: float
    top: float
    drawdown: float
    first: float
    second: float
    third: float
    fourth: float
    losses: float
    told: int
    passed: int
    left: int


#: A `Course` as numpy holds it.
COURSE = np.dtype([(name, np.int64 if kind is int else np.float64) for name, kind in Course.__annotations__.items()])


def embark(course: Course, equity: float) -> None:
    """Let `course`, whose fields are all 0, begin with `equity` in quote."""
    save(course, begun(equity), Heard(0, False, -1))


def tally_of(course: Course) -> Tally:
    """Return what was measured."""
    sums = course.first, course.second, course.third, course.fourth, course.losses
    return Tally(course.equity, course.top, course.drawdown, *sums)


def heard_of(course: Course) -> Heard:
    """Return what was heard."""
    return Heard(course.told, course.passed != 0, course.left)


def save(course: Course, tally: Tally, heard: Heard) -> None:
    """Keep all of it."""
    course.equity, course.top, course.drawdown = tally.equity, tally.top, tally.drawdown
    course.first, course.second, course.third = tally.first, tally.second, tally.third
    course.fourth, course.losses = tally.fourth, tally.losses
    course.told, course.passed, course.left = heard.told, int(heard.passed), heard.left
