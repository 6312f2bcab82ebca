"""The kernel: one strategy on one symbol, long only, compiled; for many sets of parameters what the engine gives.

Market orders and one protective stop, with the decisions, the venue and the fees of the engine to the last unit: sizes,
prices and money are whole numbers here as well, only what is measured of them (equity, returns) is in floats. One
thing may differ by a lot: a size that the volatility target scales by a fraction without an end, where all its decimals
would make a whole number of lots.

What is compiled are plain Python functions, those of `compiled/`; nothing is before the first call. That takes some
seconds, in each process, unless there is a `cache` folder.
"""

from collections.abc import Callable
from functools import cache as once
from hashlib import sha256
from inspect import isfunction
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np

from trading.backtest.compiled import account, decision, exact, idle, inputs, rules, tally, trading, venue
from trading.backtest.compiled.account import ACCOUNT, Account, Fills, begin
from trading.backtest.compiled.idle import Signal, calm_of, leaves, passes, rises, surpasses
from trading.backtest.compiled.inputs import RULES, Floats, Known, Market, Rules, Wishes
from trading.backtest.compiled.rules import Values, desired
from trading.backtest.compiled.tally import Tally, begun, keep, marked
from trading.backtest.compiled.trading import Bar, jump, raised, signal, take, walk
from trading.execution import plan
from trading.simulation import costs

#: What is called often has to stand where it is called: a call costs more than what it does.
_INLINE = (exact, rules, idle, tally, account, decision)
_CALLED = (venue, trading)
#: The setting of numba that says where compiled code is kept; there is no argument for it.
_CACHE_DIR = "CACHE_DIR"
#: What is told of each set, in this order: in quote, the number of fills, a fraction, sums of powers of returns.
MEASURED = ("equity", "positions", "fees", "fills", "drawdown", "sum", "squares", "cubes", "fourths", "losses")


class Wish(NamedTuple):
    """What one set wants: its rule with 7 values, and the two measures that the rule reads, by slot."""

    rule: int
    values: Values
    one: Floats
    other: Floats


def trade(market: Market, known: Known, rules: Rules, wishes: Wishes, cache: Path | None = None) -> Floats:
    """Return MEASURED of each set of `wishes` (sets, 10); other threads run meanwhile."""
    measured = np.zeros((len(wishes.sets), len(MEASURED)))
    _call(market, known, rules, wishes, np.zeros((0, 5), dtype=np.int64), np.zeros(0), measured, cache)
    return measured


def traced(
    market: Market, known: Known, rules: Rules, wishes: Wishes, cache: Path | None = None
) -> tuple[Floats, Floats, Fills]:
    """Return MEASURED of the only set of `wishes`, the equity at the beginning and each close, and the fills.

    A fill is (moment, side, ticks, lots, fee): 4 x slot + corner, 1 or -1, the fee in units of what was received.
    """
    count = int(trade(market, known, rules, wishes, cache)[0, 3])
    measured, fills = np.zeros((1, len(MEASURED))), np.zeros((count, 5), dtype=np.int64)
    curve = np.zeros(len(market.opens) - 1)
    _call(market, known, rules, wishes, fills, curve, measured, cache)
    return measured[0], curve, fills


def _call(
    market: Market,
    known: Known,
    rules: Rules,
    wishes: Wishes,
    fills: Fills,
    curve: Floats,
    measured: Floats,
    cache: Path | None,
) -> None:
    _compiled(cache)(market, known, np.array([rules], dtype=RULES)[0], wishes, fills, curve, measured)


@once
def _compiled(cache: Path | None) -> Callable[..., None]:
    """Return `run` as machine code, which is made at the first call with it."""
    import numba
    from numba.core import config

    _register()
    options: dict[str, Any] = {"nogil": True, "error_model": "numpy"}
    if cache is None:
        return numba.njit(**options)(run)
    # numba looks at the text of `run` alone, so each version of all that goes into it has a folder of its own.
    files = [__file__, *(str(part.__file__) for part in (*_INLINE, *_CALLED, inputs, plan, costs))]
    version = sha256(b"".join([numba.__version__.encode(), *(Path(file).read_bytes() for file in files)])).hexdigest()[
        :16
    ]
    before = getattr(config, _CACHE_DIR)
    setattr(config, _CACHE_DIR, str(cache / version))
    try:
        return numba.njit(cache=True, **options)(run)
    finally:
        setattr(config, _CACHE_DIR, before)


@once
def _register() -> None:
    """Let compiled functions call those of the parts."""
    from numba.extending import register_jitable

    for part in (*_INLINE, *_CALLED):
        for function in _functions(part):
            register_jitable(error_model="numpy", forceinline=part in _INLINE)(function)
    for function in (_trade, _onwards):
        register_jitable(error_model="numpy")(function)


def _functions(part: ModuleType) -> list[Callable[..., Any]]:
    return [each for each in vars(part).values() if isfunction(each) and each.__module__ == part.__name__]


def run(
    market: Market, known: Known, rules: Rules, wishes: Wishes, fills: Fills, curve: Floats, measured: Floats
) -> None:
    """Trade each set of `wishes` and write MEASURED of it into `measured` (sets, 10).

    The first fills go into `fills` (any number, 5: moment, side, ticks, lots, fee in units), the equity at each close
    into `curve` when it has one place per slot traded and one for the beginning; of the last set, if there are several.
    """
    accounts = np.zeros(len(measured), dtype=ACCOUNT)
    close = market.close_quote[len(market.opens) - 2]
    for row in range(len(measured)):
        account, values = accounts[row], wishes.sets[row]
        begin(account, rules)
        one, other = wishes.measures[int(values[0])], wishes.measures[int(values[1])]
        numbers = (values[2], values[3], values[4], values[5], values[6], values[7], values[8])
        tally = _trade(account, market, known, rules, Wish(wishes.rule, numbers, one, other), fills, curve)
        measured[row, 0], measured[row, 1] = tally.equity, account.holding_base * close
        measured[row, 2], measured[row, 3] = account.fees, account.fills
        measured[row, 4], measured[row, 5], measured[row, 6] = tally.drawdown, tally.first, tally.second
        measured[row, 7], measured[row, 8], measured[row, 9] = tally.third, tally.fourth, tally.losses


def _trade(
    account: Account, market: Market, known: Known, rules: Rules, wish: Wish, fills: Fills, curve: Floats
) -> Tally:
    rest = rules.rest / rules.quote_ones
    tally, last = begun(account.cash_quote + rest), len(market.opens) - 2
    keep(curve, 0, tally)
    told, passed, left, calm = Signal(0, 0.0, 0.0, 0.0, 0.0), False, -1, calm_of(account, rules)
    for slot in range(1, last + 1):
        past = slot - 1
        scale, close, price = known.scale[past], market.close_quote[past], market.open_quote[slot]
        if scale >= 0:
            measured = wish.one[past], wish.other[past], known.volatility[past]
            exposure, distance = desired(calm, wish.rule, wish.values, *measured, close)
            if exposure >= 0:
                told = Signal(slot, exposure, distance, scale, close)
                passed = passes(calm, told, price, known.closed[past])
                left = slot if passed and leaves(calm, told) else left
                if not passed or rises(calm, told) or surpasses(calm, price):
                    passed = passed and raised(account, rules, told, market.closes[past], market.opens[slot])
                    if not passed:
                        take(account, told, market.closes[past], known.closed[past], left)
                        signal(account, rules, slot, market.opens[slot], market.depth[slot], fills)
                    calm = calm_of(account, rules)
        if slot > 1:
            tally = marked(tally, calm.cash + rest + calm.held * close)
            keep(curve, past, tally)
        if calm.stop > 0 and calm.stop >= min(market.lows[slot], market.opens[slot + 1]):
            if passed:
                take(account, told, market.closes[told.slot - 1], known.closed[past], left)
                passed = False
            account.closed = known.closed[past]
            _onwards(account, market, rules, slot, fills)
            calm = calm_of(account, rules)
    held = account.holding_base * market.close_quote[last] * (1 - rules.leaving)
    tally = marked(tally, account.cash_quote + rest + held)
    keep(curve, last, tally)
    return tally


def _onwards(account: Account, market: Market, rules: Rules, slot: int, fills: Fills) -> None:
    """Walk through the bar of `slot` into the next open, as far as something may happen there."""
    opened, depth = market.opens[slot + 1], market.depth[slot + 1]
    if account.stop >= market.lows[slot]:
        corners = (market.first[slot], market.second[slot], market.closes[slot])
        walk(account, rules, Bar(slot, market.opens[slot], *corners, market.depth[slot]), fills)
    if account.due + account.lost > 0 or 0 < account.stop >= opened:
        jump(account, rules, slot + 1, opened, depth, fills)
