"""The kernel's quiet stretches: bars in a row whose signals surely change nothing, passed over in one go.

What `idle.py` says of one signal is said here of many, for as long as nothing but the level of the stop and the peak
moves. Both are brought up to date at the end, by `trading.py:catch_up`. Places in arrays are unsigned, for then nobody
asks at each of them whether it is counted from the end.
"""

from typing import NamedTuple

import numpy as np

from trading.backtest.compiled.account import Account
from trading.backtest.compiled.decision import CORNERS, FRACTION
from trading.backtest.compiled.exact import decimals, nearest
from trading.backtest.compiled.idle import ROUNDING, Calm
from trading.backtest.compiled.inputs import Known, Market, Rules
from trading.backtest.compiled.rules import (
    GIVEN,
    MEAN_REVERSION,
    MULTI_TIMEFRAME,
    TREND,
    Wish,
    allows,
    desired,
    reverts,
)

#: Held is surely more, or less, than a remainder where it is worth more or less than this share of the cash.
_HELD, _DUST = 0.06, 0.04


class Stretch(NamedTuple):
    """Slots were passed over, up to `slot`, which was not.

    The stop stands at `stop` (ticks, 0 for none), where it was last raised at the open of slot `rose`, -1 for never.
    """

    slot: int
    stop: int
    rose: int


def rests(calm: Calm, market: Market, slot: int) -> bool:
    """Whether whoever holds too little to be sold waits for nothing from the open of `slot` on."""
    dust = calm.held * market.top <= calm.cash * _DUST
    return calm.small and dust and calm.stop == 0 and calm.stopped < CORNERS * slot


def stands(account: Account, calm: Calm, slot: int) -> bool:
    """Whether what is held stands as it is to stay from the open of `slot` on: with a stop for all of it, or none."""
    guarded = calm.covered and account.due == 0 and account.last_level <= account.stop
    return not calm.small and calm.stopped < CORNERS * slot and (guarded or calm.stop == 0)


def out(known: Known, wish: Wish, slot: int, last: int) -> int:
    """Return the first slot from `slot` to `last` in which nothing held is not surely what is wanted."""
    one, other, third, fourth = wish.one, wish.other, wish.third, wish.fourth
    scale, values = known.scale, wish.values
    past, end = np.uint64(slot - 1), np.uint64(last)
    if wish.rule == TREND:
        while past < end and not (one[past] >= values[0] and other[past] >= values[2]) and scale[past] != 0:
            past += np.uint64(1)
    elif wish.rule == MEAN_REVERSION:
        while past < end and not (
            one[past] <= -values[0] and allows(values[4], other[past]) and reverts(values, third[past], fourth[past])
        ):
            if scale[past] == 0:
                break
            past += np.uint64(1)
    elif wish.rule == MULTI_TIMEFRAME:
        least = values[2]
        while past < end and not (one[past] >= values[0] and other[past] > least and third[past] > least):
            if scale[past] == 0:
                break
            past += np.uint64(1)
    else:
        while past < end and not one[past] > 0 and scale[past] != 0:
            past += np.uint64(1)
    return int(past) + 1


def within(calm: Calm, market: Market, known: Known, rules: Rules, wish: Wish, slot: int, last: int) -> Stretch:
    """Pass over the slots from `slot` to `last` in which what is held stays, under a stop that may rise."""
    stop, kept, rose, guarded = calm.stop, calm.kept, -1, calm.stop > 0
    least = calm.cash * _HELD / calm.held
    while slot <= last:
        now, past = np.uint64(slot), np.uint64(slot - 1)
        close, scale, price = market.close_quote[past], known.scale[past], market.open_quote[now]
        if stop >= market.reach[now] or close < least:
            break
        if scale >= 0:
            measured = wish.one[past], wish.other[past], wish.third[past], wish.fourth[past], known.volatility[past]
            exposure, distance = desired(True, wish.rule, wish.values, *measured)
            if exposure >= 0:
                if not _stays(calm, exposure * scale, price) or (distance >= 0) != guarded:
                    break
                if close * (1 + ROUNDING - distance) >= kept:
                    level = nearest(market.closes[past], FRACTION - decimals(distance, FRACTION), FRACTION)
                    if level > stop:
                        if level >= market.reach[now] or level >= market.opens[now]:
                            break
                        stop, kept, rose = level, (level - 1) * rules.tick, slot
        slot += 1
    return Stretch(slot, stop, rose)


def newest(known: Known, wish: Wish, first: int, end: int) -> int:
    """Return the last slot from `first` on, and before `end`, that had a signal; -1 for none."""
    slot = end - 1
    while slot >= first:
        if known.scale[slot - 1] >= 0 and (wish.rule != GIVEN or wish.one[slot - 1] >= 0):
            return slot
        slot -= 1
    return -1


def highest(market: Market, known: Known, wish: Wish, first: int, end: int) -> int:
    """Return the highest open, in ticks, that a signal of the slots from `first` on, and before `end`, has met."""
    most = 0
    for slot in range(first, end):
        past = np.uint64(slot - 1)
        signal = known.scale[past] >= 0 and (wish.rule != GIVEN or wish.one[past] >= 0)
        most = max(most, market.opens[np.uint64(slot)] if signal else 0)
    return most


def _stays(calm: Calm, exposure: float, price: float) -> bool:
    """Whether a scaled `exposure`, met by an open of `price`, surely is no reason for an order."""
    held, lot = calm.held * price, calm.lot * price
    equity = calm.cash + held
    wanted = equity * min(exposure, calm.position)
    return wanted >= 2 * lot + equity * ROUNDING and abs(wanted - held) + lot < equity * calm.rebalance
