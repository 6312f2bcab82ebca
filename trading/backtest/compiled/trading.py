"""The kernel's trading: signals met by the open, stops inside the bar, decisions until nothing is left to do.

The order of things is that of `trading/backtest/{engine,trader}.py`.
"""

from typing import NamedTuple

from trading.backtest.compiled.account import BUY, SELL, Account, Fills, doubt, rise, track
from trading.backtest.compiled.decision import (
    CANCEL,
    CLOSE,
    CORNERS,
    ENTER,
    EXIT,
    FRACTION,
    GUARD,
    NOTHING,
    decide,
    stop_level,
)
from trading.backtest.compiled.exact import decimals
from trading.backtest.compiled.idle import Signal
from trading.backtest.compiled.inputs import Rules
from trading.backtest.compiled.venue import arrive, cost, eat, meets, move, trigger


class Bar(NamedTuple):
    """The bar of `slot`: the corners of its path in ticks, and how many lots a level of the ladder holds."""

    slot: int
    opened: int
    first: int
    second: int
    close: int
    depth: int


def raised(account: Account, rules: Rules, told: Signal, reference: int, opened: int) -> bool:
    """Let the peak, and the stop where there is one, rise for a signal that changes nothing else.

    False when it has to be decided about.
    """
    rise(account, rules, opened)
    if account.stop == 0:
        return True
    level = stop_level(account, reference, decimals(told.distance, FRACTION))
    if level <= account.stop:
        return True
    if level >= opened:
        return False
    account.level, account.guarded = level, account.whole
    account.now, account.signal = CORNERS * told.slot, told.slot
    _guard(account, rules)
    return True


def catch_up(account: Account, rules: Rules, highest: int, stop: int, rose: int) -> None:
    """Let the peak rise to an open of `highest` ticks, and the stop to `stop`, as at the open of slot `rose` if any."""
    rise(account, rules, highest)
    if rose >= 0:
        account.level, account.guarded = stop, account.whole
        account.now, account.signal = CORNERS * rose, rose
        _guard(account, rules)


def take(account: Account, told: Signal, reference: int, closed: bool, left: int) -> None:
    """Let a signal be in force; `reference` is its close in ticks, `closed` forbids new risk.

    At the open of slot `left` a signal that was passed over last wanted nothing to be held; -1 for never.
    """
    account.signal, account.exposure = told.slot, decimals(told.exposure, FRACTION)
    account.distance = decimals(told.distance, FRACTION) if told.distance >= 0 else -1
    account.scale, account.reference, account.closed = told.scale, reference, int(closed)
    account.left = max(account.left, CORNERS * left)
    account.fresh = account.refused = account.stops_refused = 0


def signal(account: Account, rules: Rules, slot: int, opened: int, depth: int, fills: Fills) -> None:
    """Decide about the signal that was taken at the open of `slot`, with all that follows from it."""
    account.fresh = 1
    if account.now < CORNERS * slot:
        # Else what was decided at this very moment has eaten from the ladder already.
        account.now, account.depth = CORNERS * slot, depth
        arrive(account, opened)
    _follow(account, rules, fills)
    _settle(account, rules, fills)


def walk(account: Account, rules: Rules, bar: Bar, fills: Fills) -> None:
    """Walk from the open of `bar` to its close, meeting the stop on the way."""
    account.depth = bar.depth
    arrive(account, bar.opened)
    _walk_to(account, rules, CORNERS * bar.slot + 1, bar.first, fills)
    _walk_to(account, rules, CORNERS * bar.slot + 2, bar.second, fills)
    _walk_to(account, rules, CORNERS * bar.slot + 3, bar.close, fills)


def _walk_to(account: Account, rules: Rules, now: int, target: int, fills: Fills) -> None:
    account.now = now
    while meets(account, target):
        move(account, min(account.price, account.stop))
        if trigger(account, rules, fills):
            _follow(account, rules, fills)
            _settle(account, rules, fills)
    arrive(account, target)


def jump(account: Account, rules: Rules, slot: int, opened: int, depth: int, fills: Fills) -> None:
    """Go into the open of `slot`, where the price jumps to `opened` ticks, and end the bar before."""
    account.now, account.depth = CORNERS * slot, depth
    arrive(account, opened)
    if depth > 0 and meets(account, opened) and trigger(account, rules, fills):
        _follow(account, rules, fills)
        _settle(account, rules, fills)
    arrive(account, opened)
    _settle(account, rules, fills)


def onwards(account: Account, rules: Rules, bar: Bar, low: int, opened: int, depth: int, fills: Fills) -> None:
    """Walk through `bar` down to its `low` into the next open, as far as something may happen there."""
    if account.stop >= low:
        walk(account, rules, bar, fills)
    if account.due + account.lost > 0 or 0 < account.stop >= opened:
        jump(account, rules, bar.slot + 1, opened, depth, fills)


def _settle(account: Account, rules: Rules, fills: Fills) -> None:
    """Hear of a stop that expired without a fill, and decide about what the venue has refused.

    What it refuses again meanwhile waits for the next time.
    """
    moved = account.due > 0 or account.lost > 0
    while moved:
        due, moved = account.due, account.lost > 0
        if account.lost > 0:
            track(account, account.stop_at, 0, account.lost, 0)
            account.lost = 0
            if account.stop_slot == account.signal:
                account.refused += 1
                account.stops_refused += 1
            _follow(account, rules, fills)
        if due > 0:
            account.due = 0
            _follow(account, rules, fills)
            moved = moved or account.due == 0


def _follow(account: Account, rules: Rules, fills: Fills) -> None:
    """Decide and act, and so on with what follows at once."""
    asked = CANCEL
    while asked not in (NOTHING, GUARD):
        asked = decide(account, rules)
        if not _act(account, rules, asked, fills):
            account.due = 1
            return


def _guard(account: Account, rules: Rules) -> None:
    account.stop, account.stop_lots = account.level, account.guarded
    account.stop_quote = (account.level - 1) * rules.tick
    account.stop_at, account.stop_slot = account.now, account.signal
    track(account, account.now, 0, account.level, 0)


def _act(account: Account, rules: Rules, asked: int, fills: Fills) -> bool:
    """Send and cancel what is `asked` for; False when the venue refuses an entry."""
    if asked & CANCEL:
        track(account, account.stop_at, 0, account.stop, 0)
        account.stop = 0
    if asked & GUARD:
        _guard(account, rules)
    if asked & ENTER:
        affordable = cost(account, rules, account.lots) * rules.trade_value <= account.cash + rules.rest
        if not affordable:
            doubt(account, rules)
        if not affordable or eat(account, rules, BUY, account.lots, fills) == 0:
            account.refused += 1
        return affordable
    if asked & EXIT and eat(account, rules, SELL, account.lots, fills) == 0:
        account.refused += 1
    if asked & CLOSE:
        filled = eat(account, rules, SELL, account.guarded, fills)
        track(account, account.now, 1, 0, int(filled > 0))
        if filled > 0:
            account.stopped = account.now
        else:
            account.refused += 1
            account.stops_refused += 1
    return True
