"""The kernel's account: what it owns and has working, and the fills that change it, in whole units.

Base and quote are counted in units so small that every amount is whole; equity in units of both. All functions here
are compiled by `trading/backtest/kernel.py`, and change the account that they are given.
"""

from typing import Protocol

import numpy as np
import numpy.typing as npt

from trading.backtest.compiled.exact import exceeds, nearest, whole_part
from trading.backtest.compiled.inputs import Ints, Rules

#: Where fills are written to; None where nobody wants them, for to hand an array on costs more than a decision.
Fills = npt.NDArray[np.int64] | None
BUY, SELL = 1, -1
#: More units of quote are not counted.
_MOST = 2.0**61


class Account(Protocol):
    """One sub-account. Moments are 4 x slot + corner (0 the open, 3 the close); -1 for never.

    Owned: `cash`, `holding` (base) and `whole` lots of it; `peak` of the equity, wrapped and about what it is; all of
    these in quote and base as floats. The venue: `price` (ticks),
    `depth` (lots a level, 0 when nothing trades), what was `bought` and `sold` of the ladder at this price (lots).

    The one `stop` that works (ticks, 0 for none; `stop_quote` is a tick below it), placed `stop_at` for the signal of
    `stop_slot`; `lost` (ticks) when it has expired without a fill and nobody was told yet. The newest stop that the
    venue took: `last_*`. When the holding was `left`, and when a stop has filled: `stopped`.

    The signal in force was taken at the open of slot `signal`; its `exposure` and stop `distance` (-1 for none) are
    ten-thousandths, `reference` (ticks) is the close before; it is `fresh` until it was decided about. `closed` forbids
    new risk, `due` says that a decision waits. What a decision wants: `target` (base), `lots` of an entry or exit, a
    stop for `guarded` lots at `level`. What has `outgrown` the numbers of the kernel, or rests on what others in the
    same wallet have and do, has no equity any more: NaN.
    """

    cash: int
    holding: int
    whole: int
    peak: int
    peak_about: float
    cash_quote: float
    holding_base: float
    peak_quote: float
    now: int
    price: int
    depth: int
    bought: int
    sold: int
    stop: int
    stop_lots: int
    stop_at: int
    stop_slot: int
    stop_quote: float
    lost: int
    due: int
    last_at: int
    last_market: int
    last_level: int
    last_filled: int
    left: int
    stopped: int
    closed: int
    signal: int
    exposure: int
    distance: int
    scale: float
    reference: int
    fresh: int
    refused: int
    stops_refused: int
    target: int
    lots: int
    guarded: int
    level: int
    fills: int
    fees: float
    outgrown: int


#: An `Account` as numpy holds it.
ACCOUNT = np.dtype([(name, np.int64 if kind is int else np.float64) for name, kind in Account.__annotations__.items()])


def begin(account: Account, rules: Rules) -> None:
    """Let `account`, whose fields are all 0, own its share of the capital and nothing else."""
    account.cash = rules.share
    account.stopped = account.left = account.last_at = account.signal = account.stop_slot = -1
    rise(account, rules, 0)
    count(account, rules)


def count(account: Account, rules: Rules) -> None:
    """Bring the floats and the whole lots up to what is owned."""
    account.whole = whole_part(account.holding, float(account.holding), rules.lot_base)
    account.cash_quote = np.nan if account.outgrown else account.cash / rules.quote_ones
    account.holding_base = account.holding / rules.base_ones


def doubt(account: Account, rules: Rules) -> None:
    """Say of what happens here that it would be otherwise, or at another time, if others did something else."""
    if rules.alone == 0:
        account.outgrown = 1
        count(account, rules)


def equity(account: Account, rules: Rules, price: int) -> int:
    """Return the equity at `price` ticks, wrapped."""
    return account.cash * rules.cash_value + account.holding * price * rules.tick_value


def equity_about(account: Account, rules: Rules, price: int) -> float:
    """Return about what the equity at `price` ticks is."""
    held = float(account.holding) * float(price) * float(rules.tick_value)
    return float(account.cash) * float(rules.cash_value) + held


def rise(account: Account, rules: Rules, price: int) -> None:
    """Remember the equity at `price` ticks when it is the highest yet."""
    value, about = equity(account, rules, price), equity_about(account, rules, price)
    if exceeds(value, about, account.peak, account.peak_about):
        account.peak, account.peak_about = value, about
        account.peak_quote = about / rules.value_ones


def book(account: Account, rules: Rules, side: int, ticks: int, lots: int, fills: Fills) -> None:
    """Book a fill and its fee, which is taken of what is received and rounded to 8 decimals."""
    value = lots * ticks * rules.trade_value
    if float(account.cash) + float(lots) * ticks * rules.trade_value > _MOST:
        account.outgrown = 1
    if side == BUY:
        fee = nearest(lots * rules.lot_base, rules.fee_above, rules.fee_base_below) * rules.fee_base_step
        account.cash -= value
        account.holding += lots * rules.lot_base - fee
        account.fees += fee / rules.base_ones * (ticks * rules.tick)
    else:
        fee = nearest(value, rules.fee_above, rules.fee_quote_below) * rules.fee_quote_step
        account.cash += value - fee
        account.holding -= lots * rules.lot_base
        account.fees += fee / rules.quote_ones
    if fills is not None:
        write(fills, account, side, ticks, lots, fee)
    account.fills += 1


def write(fills: Ints, account: Account, side: int, ticks: int, lots: int, fee: int) -> None:
    """Write a fill into its row of `fills`, where there is one."""
    if account.fills < len(fills):
        place = account.fills
        fills[place, 0], fills[place, 1], fills[place, 2] = account.now, side, ticks
        fills[place, 3], fills[place, 4] = lots, fee


def track(account: Account, at: int, market: int, level: int, filled: int) -> None:
    """Remember a stop that the venue took when none is newer; of one moment, a market order or the higher is newer."""
    older = at < account.last_at or (
        at == account.last_at
        and (market < account.last_market or (market == account.last_market and level < account.last_level))
    )
    if not older:
        account.last_at, account.last_market, account.last_level = at, market, level
        account.last_filled = filled
