"""The kernel's idle bars: signals that surely change nothing, told in floats with a margin; compare ../idle.py.

What is in doubt is decided about as ever. These functions are called at every bar, and touch no memory.
"""

from typing import NamedTuple

from trading.backtest.compiled.account import Account
from trading.backtest.compiled.decision import CORNERS, FRACTION
from trading.backtest.compiled.inputs import Rules

#: Relative distance to a limit within which floats do not decide.
_MARGIN = 1e-9
#: By how much rounding may change an exposure or a distance, with a margin.
ROUNDING = 1 / FRACTION
_NEVER = 1e300
_BEYOND = 2**62


class Signal(NamedTuple):
    """A signal taken at the open of `slot`: exposure and stop distance (-1 for none) as fractions, not rounded yet.

    `scale` meets the volatility target, `close` (quote) is that of its bar.
    """

    slot: int
    exposure: float
    distance: float
    scale: float
    close: float


class Calm(NamedTuple):
    """An account as it stays while nothing happens, in base and quote.

    `empty` when it holds nothing, `small` when too little to be sold; `covered` by a stop for all that it holds. Below
    `stop` (ticks, 0 for none) the bar has to be walked; a stop below `kept` changes nothing. With less than `floor` no
    new risk is taken, below `least_peak` no peak can be new. Signals up to the moment `stopped` find it stopped out.
    """

    cash: float
    held: float
    empty: bool
    small: bool
    covered: bool
    stop: int
    kept: float
    floor: float
    least_peak: float
    stopped: int
    lot: float
    position: float
    rebalance: float


def calm_of(account: Account, rules: Rules) -> Calm:
    """Return `account` as it stands now."""
    return Calm(
        account.cash_quote,
        account.holding_base,
        account.holding == 0,
        account.whole < rules.min_lots,
        account.stop > 0 and account.stop_lots == account.whole,
        _BEYOND if account.due > 0 else account.stop,
        account.stop_quote if account.stop > 0 else _NEVER,
        account.peak_quote * rules.floor * (1 - _MARGIN),
        account.peak_quote * (1 - _MARGIN) if account.holding > 0 else _NEVER,
        account.stopped,
        rules.lot,
        rules.position,
        rules.rebalance * (1 - _MARGIN) - ROUNDING,
    )


def passes(calm: Calm, told: Signal, price: float, closed: bool) -> bool:
    """Return whether a signal, met by an open of `price`, surely changes no order but the level of the stop.

    `closed` forbids new risk. Whoever passes the signal over has to `take` it before anything else happens.
    """
    if calm.stopped >= CORNERS * told.slot or told.scale <= 0:
        return False
    if told.exposure == 0:
        return calm.small and calm.stop == 0
    held, lot = calm.held * price, calm.lot * price
    equity = calm.cash + held
    wanted = equity * min(told.exposure * told.scale, calm.position)
    least = 2 * lot + equity * ROUNDING
    if wanted < least:
        return False
    if calm.small:
        return calm.stop == 0 and wanted >= held + least and (equity < calm.floor or closed)
    if abs(wanted - held) + lot >= equity * calm.rebalance:
        return False
    return calm.stop == 0 if told.distance < 0 else calm.covered


def leaves(calm: Calm, told: Signal) -> bool:
    """Whether a signal that is passed over wants to hold nothing, or gets nothing."""
    return told.exposure == 0 or calm.empty


def rises(calm: Calm, told: Signal) -> bool:
    """Whether the stop may have to rise for a signal that is passed over."""
    return told.close * (1 + ROUNDING - told.distance) >= calm.kept


def surpasses(calm: Calm, price: float) -> bool:
    """Whether the equity at `price` may be a new peak."""
    return calm.cash + calm.held * price >= calm.least_peak
