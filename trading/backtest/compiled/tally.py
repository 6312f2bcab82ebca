"""The kernel's tally: what is measured of the equity at each close, in floats."""

from typing import NamedTuple

from trading.backtest.compiled.inputs import Floats


class Tally(NamedTuple):
    """What was measured so far: last and highest equity, the deepest drawdown, sums of powers of returns."""

    equity: float
    top: float
    drawdown: float
    first: float
    second: float
    third: float
    fourth: float
    losses: float


def begun(equity: float) -> Tally:
    """Return the tally of a book that begins with `equity`."""
    return Tally(equity, equity, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)


def marked(tally: Tally, equity: float) -> Tally:
    """Return `tally` with one more equity."""
    if equity == tally.equity:
        return tally
    earned = equity / tally.equity - 1 if tally.equity > 0 else 0.0
    square, loss = earned * earned, min(earned, 0.0)
    top, drawdown = max(tally.top, equity), tally.drawdown
    if equity < top * (1 + drawdown):
        drawdown = equity / top - 1
    return Tally(
        equity,
        top,
        drawdown,
        tally.first + earned,
        tally.second + square,
        tally.third + square * earned,
        tally.fourth + square * square,
        tally.losses + loss * loss,
    )


def keep(curve: Floats, place: int, tally: Tally) -> None:
    """Write the equity into `curve` where one is wanted."""
    if len(curve) > 0:
        curve[place] = tally.equity
