"""The kernel's decision: from a signal in force to what is to be sent or cancelled, as trading/decide.py has it."""

from trading.backtest.compiled.account import Account, equity, equity_about, rise
from trading.backtest.compiled.exact import exceeds, nearest, whole_part
from trading.backtest.compiled.inputs import Rules
from trading.execution.plan import MOST_REFUSALS

#: What a decision asks for; several at once are added.
NOTHING, CANCEL, GUARD, ENTER, EXIT, CLOSE = 0, 1, 2, 4, 8, 16
#: Exposures and stop distances are whole ten-thousandths.
FRACTION = 10_000
#: Instants of a slot: its open, two extremes, its close.
CORNERS = 4
_DENIED = -1
#: Relative error of a product of a few floats: a number so near to a whole one is that.
_ULPS = 1e-15


def decide(account: Account, rules: Rules) -> int:
    """Return what is to be done now about the signal in force, with the quantities in `account`."""
    account.target = _target(account, rules)
    asked = _plan(account, rules) if account.target != _DENIED else NOTHING
    if account.target == _DENIED or _refused(account, rules, asked):
        # What may not grow, or has no size that could be told, is protected nevertheless.
        account.target = account.holding
        asked = _plan(account, rules)
        if _refused(account, rules, asked):
            asked = NOTHING
    if asked != NOTHING or account.fresh:
        account.fresh = 0
        if account.target == 0:
            account.left = account.now
    rise(account, rules, account.price)
    return asked


def _target(account: Account, rules: Rules) -> int:
    """Return the wanted holding in base, _DENIED where no size can be told."""
    if account.now >= CORNERS * (account.signal + 1):
        return account.holding
    if account.stopped >= CORNERS * account.signal:
        return 0
    if account.scale <= 0:
        return _DENIED
    value, about = equity(account, rules, account.price), equity_about(account, rules, account.price)
    target = _size(account, rules, value, about) * rules.lot_base
    above, below = rules.floor_above, rules.floor_below
    guarded = exceeds(account.peak * above, account.peak_about * above, value * below, about * below)
    if target > account.holding and (guarded or account.closed):
        return account.holding
    return target


def _size(account: Account, rules: Rules, value: int, about: float) -> int:
    """Return the wanted lots: the exposure, scaled to the volatility target, capped by the position limit."""
    if about <= 0:
        return 0
    lot = account.price * rules.lot_base * rules.tick_value
    above, below = rules.position_above, rules.position_below
    cap = whole_part(value * above, about * above, lot * below)
    if account.scale < 1:
        wanted = about * (account.exposure / FRACTION * account.scale) / lot
        return min(int(wanted + wanted * _ULPS), cap)
    exposure = account.exposure
    return min(whole_part(value * exposure, about * exposure, lot * FRACTION), cap)


def _plan(account: Account, rules: Rules) -> int:
    if account.refused - account.stops_refused >= MOST_REFUSALS:
        return _protect(account, rules)
    change = account.target - account.holding
    account.lots = whole_part(abs(change), float(abs(change)), rules.lot_base)
    if not _worth(account, rules):
        return _protect(account, rules)
    if change < 0:
        return CANCEL if account.stop > 0 else EXIT
    lot = account.price * rules.lot_base * rules.tick_value
    cash = account.cash * rules.cash_value * rules.buffer_above
    about = float(account.cash) * float(rules.cash_value) * rules.buffer_above
    account.lots = min(account.lots, whole_part(cash, about, lot * rules.buffer_below)) if about > 0 else 0
    if not _sendable(account.lots, account.price, rules):
        return _protect(account, rules)
    # What is held and has lost its stop gets it back before it grows, or is closed instead.
    lost = NOTHING if account.stop > 0 else _protect(account, rules)
    return lost if lost == CLOSE or _bare(account, rules) else lost | ENTER


def _bare(account: Account, rules: Rules) -> bool:
    """Whether the venue takes no stop for what is held, nor a sale of it: it does not grow."""
    if account.stop > 0 or account.distance < 0 or account.stops_refused < 2 * MOST_REFUSALS:
        return False
    return account.level > 0 and _sendable(account.guarded, account.level, rules)


def _worth(account: Account, rules: Rules) -> bool:
    """Whether `lots` are worth an order on the way to the target."""
    if not _sendable(account.lots, account.price, rules):
        return False
    if account.target == 0:
        return True
    lots = account.lots * account.price * rules.lot_base * rules.tick_value * rules.rebalance_below
    lots_about = float(account.lots) * account.price * rules.lot_base * rules.tick_value * rules.rebalance_below
    least = equity(account, rules, account.price) * rules.rebalance_above
    least_about = equity_about(account, rules, account.price) * rules.rebalance_above
    return not exceeds(least, least_about, lots, lots_about)


def _sendable(lots: int, ticks: int, rules: Rules) -> bool:
    return lots >= rules.min_lots and lots * ticks >= rules.min_value


def _protect(account: Account, rules: Rules) -> int:
    """Return what it takes to have one stop for all that is held; `guarded` lots at `level`."""
    if account.distance < 0:
        return CANCEL if account.stop > 0 else NOTHING
    lots = account.whole
    level = stop_level(account, account.reference, account.distance)
    account.guarded, account.level = lots, level
    if level <= 0 or not _sendable(lots, level, rules):
        return NOTHING
    if account.stop > 0:
        return NOTHING if account.stop_lots == lots and level <= account.stop else CANCEL
    if account.stops_refused >= 2 * MOST_REFUSALS:
        return NOTHING
    return CLOSE if level >= account.price or account.stops_refused >= MOST_REFUSALS else GUARD


def stop_level(account: Account, reference: int, distance: int) -> int:
    """Return where the stop of what is held belongs, in ticks; it never moves down while the position lives."""
    level = nearest(reference, FRACTION - distance, FRACTION)
    lives = account.last_at > account.left and not account.last_market and not account.last_filled
    return max(level, account.last_level) if lives else level


def _refused(account: Account, rules: Rules, asked: int) -> bool:
    """Whether compliance refuses an order of those `asked` for."""
    if asked & CLOSE:
        return account.guarded * account.price < rules.min_value
    if not asked & ENTER:
        return False
    far = abs(account.price - account.reference) * rules.collar_below > account.reference * rules.collar_above
    return far or account.lots * account.price > rules.max_value
