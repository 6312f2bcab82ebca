"""The kernel's venue: the ladder that an order eats, and the path of the price that meets the stop.

As trading/simulation/{costs,matching,walk}.py have it.
"""

from trading.backtest.compiled.account import BUY, SELL, Account, Fills, book, count, doubt, track
from trading.backtest.compiled.exact import whole_part
from trading.backtest.compiled.inputs import Rules
from trading.simulation.costs import LEVELS


def cost(account: Account, rules: Rules, lots: int) -> int:
    """Return what buying `lots` now would pay, as far as the ladder goes, in ticks times lots."""
    if account.depth == 0:
        return 0
    step = half_spread(account.price, rules)
    if step == 0:
        return lots * account.price
    total, level = 0, whole_part(account.bought, float(account.bought), account.depth)
    available = (level + 1) * account.depth - account.bought
    while lots > 0 and level < LEVELS:
        level += 1
        taken = min(lots, available)
        total += taken * (account.price + step * level)
        lots -= taken
        available = account.depth
    return total


def eat(account: Account, rules: Rules, side: int, lots: int, fills: Fills) -> int:
    """Let a market order meet the ladder; return how many of its `lots` were filled."""
    if account.depth == 0:
        return 0
    step = half_spread(account.price, rules)
    if step == 0:
        book(account, rules, side, account.price, lots, fills)
        count(account, rules)
        return lots
    eaten = account.bought if side == BUY else account.sold
    left, level = lots, whole_part(eaten, float(eaten), account.depth)
    available = (level + 1) * account.depth - eaten
    while left > 0 and level < LEVELS:
        level += 1
        ticks = account.price + side * step * level
        if ticks < 1:
            break
        taken = min(left, available)
        book(account, rules, side, ticks, taken, fills)
        left -= taken
        available = account.depth
    if side == BUY:
        account.bought += lots - left
    else:
        account.sold += lots - left
    count(account, rules)
    return lots - left


def half_spread(price: int, rules: Rules) -> int:
    """Return the half-spread at `price` ticks in ticks, rounded up."""
    above = price * rules.spread_above
    return whole_part(above + rules.spread_below - 1, float(above + rules.spread_below - 1), rules.spread_below)


def move(account: Account, price: int) -> None:
    """Let the market trade at `price` ticks: the ladder there is whole."""
    if price != account.price:
        account.price = price
        account.bought = account.sold = 0


def arrive(account: Account, price: int) -> None:
    """Let the market pass a corner of its path: the ladder is whole again."""
    account.price = price
    account.bought = account.sold = 0


def meets(account: Account, target: int) -> bool:
    """Whether the stop comes to life on the way to `target` ticks."""
    return account.stop > 0 and (target <= account.stop or account.price <= account.stop)


def trigger(account: Account, rules: Rules, fills: Fills) -> bool:
    """Let the stop sell what the ladder takes; False when that is nothing, of which nobody hears before the close."""
    level, account.stop = account.stop, 0
    filled = eat(account, rules, SELL, account.stop_lots, fills)
    if filled == 0:
        account.lost = level
        doubt(account, rules)
        return False
    account.stopped = account.now
    track(account, account.stop_at, 0, level, 1)
    return True
