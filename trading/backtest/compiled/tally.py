"""The kernel's tally: what is measured of the equity at each close, in floats."""

from typing import NamedTuple

import numpy as np

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


def lasting(tally: Tally, cash: float, held: float, closes: Floats, first: int, end: int, curve: Floats) -> Tally:
    """Return `tally` with the equity at the close of each slot from `first` on, and before `end`; nothing is traded."""
    if not (cash > 0 and tally.equity > 0):
        for slot in range(first, end):
            tally = marked(tally, cash + held * closes[slot])
            keep(curve, slot, tally)
        return tally
    equity, top, drawdown, summed, second, third, fourth, losses = tally
    lowest = top * (1 + drawdown)
    for slot in range(first, end):
        before, equity = equity, cash + held * closes[np.uint64(slot)]
        earned = equity / before - 1
        square = earned * earned
        summed += earned
        second += square
        third += square * earned
        fourth += square * square
        losses += min(earned, 0.0) * earned
        if equity < lowest or equity > top:
            if equity > top:
                top = equity
            else:
                drawdown = equity / top - 1
            lowest = top * (1 + drawdown)
        if len(curve) > 0:
            curve[slot] = equity
    return Tally(equity, top, drawdown, summed, second, third, fourth, losses)


def keep(curve: Floats, place: int, tally: Tally) -> None:
    """Write the equity into `curve` where one is wanted."""
    if len(curve) > 0:
        curve[place] = tally.equity
