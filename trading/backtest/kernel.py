"""The kernel: one strategy on one symbol, long only, compiled; for many sets of parameters what the engine gives.

Market orders and one protective stop, with the decisions, the venue and the fees of the engine to the last unit: sizes,
prices and money are whole numbers here as well, only what is measured of them (equity, returns) is in floats. One
thing may differ by a lot: a size that the volatility target scales by a fraction without an end, where all its decimals
would make a whole number of lots.

What is compiled are plain Python functions, those of `compiled/`; nothing is before the first call. That takes some
seconds, in each process, unless the first call names a `cache` folder in which the code lies already.
"""

from collections.abc import Callable
from functools import cache as once
from hashlib import sha256
from inspect import isfunction
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from trading.backtest.compiled import (
    account,
    course,
    decision,
    exact,
    idle,
    inputs,
    page,
    quiet,
    rules,
    tally,
    trading,
    venue,
)
from trading.backtest.compiled.account import ACCOUNT, Fills, begin
from trading.backtest.compiled.course import COURSE, embark, tally_of
from trading.backtest.compiled.inputs import RULES, Floats, Ints, Known, Market, Rules, Wishes
from trading.backtest.compiled.page import through
from trading.backtest.compiled.rules import Wish
from trading.backtest.compiled.tally import keep, marked
from trading.execution import plan
from trading.simulation import costs

#: What is called often has to stand where it is called: a call costs more than what it does.
_INLINE = (exact, rules, idle, tally, account, decision, quiet, course, page)
_CALLED = (venue, trading)
#: The setting of numba that says where compiled code is kept; there is no argument for it.
_CACHE_DIR = "CACHE_DIR"
#: Slots that all sets go through before the next ones.
PAGE = 2048
_MADE: list[Callable[..., None]] = []
#: What is told of each set, in this order: in quote, the number of fills, a fraction, sums of powers of returns.
MEASURED = ("equity", "positions", "fees", "fills", "drawdown", "sum", "squares", "cubes", "fourths", "losses")


def trade(market: Market, known: Known, rules: Rules, wishes: Wishes, cache: Path | None = None) -> Floats:
    """Return MEASURED of each set of `wishes` (sets, 10); other threads run meanwhile."""
    measured = np.zeros((len(wishes.sets), len(MEASURED)))
    _call(market, known, rules, wishes, None, np.zeros(0), measured, cache)
    return measured


def followed(
    market: Market, known: Known, rules: Rules, wishes: Wishes, cache: Path | None = None
) -> tuple[Floats, Floats]:
    """Return MEASURED of the only set of `wishes`, and the equity at the beginning and each close."""
    measured, curve = np.zeros((1, len(MEASURED))), np.zeros(len(market.opens) - 1)
    _call(market, known, rules, wishes, None, curve, measured, cache)
    return measured[0], curve


def traced(
    market: Market, known: Known, rules: Rules, wishes: Wishes, cache: Path | None = None
) -> tuple[Floats, Floats, Ints]:
    """Return MEASURED of the only set of `wishes`, the equity at the beginning and each close, and the fills.

    A fill is (moment, side, ticks, lots, fee): 4 x slot + corner, 1 or -1, the fee in units of what was received.
    """
    measured, curve, fills = np.zeros((1, len(MEASURED))), np.zeros(len(market.opens) - 1), _rows(0)
    _call(market, known, rules, wishes, fills, curve, measured, cache)
    fills = _rows(int(measured[0, 3]))
    _call(market, known, rules, wishes, fills, curve, measured, cache)
    return measured[0], curve, fills


def _rows(count: int) -> Ints:
    return np.zeros((count, 5), dtype=np.int64)


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
    _compiled(cache)(market, known, np.array([rules], dtype=RULES)[0], wishes, fills, curve, measured, PAGE)


def _compiled(cache: Path | None) -> Callable[..., None]:
    """Return `run` as machine code, which is made at the first call with it, once in a process."""
    if not _MADE:
        _MADE.append(_machine(cache))
    return _MADE[0]


def _machine(cache: Path | None) -> Callable[..., None]:
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

    _register_lending()
    for part in (*_INLINE, *_CALLED):
        for function in _functions(part):
            register_jitable(error_model="numpy", forceinline=part in _INLINE)(function)
    for function in (_market, _wish):
        register_jitable(error_model="numpy")(function)


def _register_lending() -> None:
    from numba.extending import intrinsic, overload

    def uncounted(_context: Any, array: Any) -> Any:
        def built(context: Any, builder: Any, _signature: Any, values: Any) -> Any:
            made = context.make_array(array)(context, builder, value=values[0])
            made.meminfo = made.meminfo.type(None)
            return made._getvalue()

        return array(array), built

    passed: Any = intrinsic(uncounted)

    @overload(lent)
    def _lent(array: Any) -> Any:  # noqa: ARG001 - only its type is looked at
        def made(array: Any) -> Any:
            return passed(array)

        return made


def _functions(part: ModuleType) -> list[Callable[..., Any]]:
    return [each for each in vars(part).values() if isfunction(each) and each.__module__ == part.__name__]


def run(
    market: Market,
    known: Known,
    rules: Rules,
    wishes: Wishes,
    fills: Fills,
    curve: Floats,
    measured: Floats,
    page: int,
) -> None:
    """Trade each set of `wishes`, a `page` of slots at a time, and write MEASURED of it into `measured` (sets, 10).

    The first fills go into `fills` (any number, 5: moment, side, ticks, lots, fee in units), the equity at each close
    into `curve` when it has one place per slot traded and one for the beginning; both of a single set.
    """
    market, known = _market(market), Known(lent(known.closed), lent(known.volatility), lent(known.scale))
    accounts, courses = np.zeros(len(measured), dtype=ACCOUNT), np.zeros(len(measured), dtype=COURSE)
    last = len(market.opens) - 2
    # All sets go through one page after the other: what they read of it stays close to the processor meanwhile.
    for first in range(1, last + 1, page):
        for row in range(len(measured)):
            account, course = accounts[row], courses[row]
            if first == 1:
                begin(account, rules)
                embark(course, account.cash_quote + rules.rest / rules.quote_ones)
                keep(curve, 0, tally_of(course))
            end = min(first + page - 1, last)
            through(account, course, market, known, rules, _wish(wishes, row), first, end, fills, curve)
    for row in range(len(measured)):
        account, course = accounts[row], courses[row]
        positions = account.holding_base * market.close_quote[last]
        held = positions * (1 - rules.leaving)
        tally = marked(tally_of(course), account.cash_quote + rules.rest / rules.quote_ones + held)
        keep(curve, last, tally)
        measured[row, 0], measured[row, 1] = tally.equity, positions
        measured[row, 2], measured[row, 3] = account.fees, account.fills
        measured[row, 4], measured[row, 5], measured[row, 6] = tally.drawdown, tally.first, tally.second
        measured[row, 7], measured[row, 8], measured[row, 9] = tally.third, tally.fourth, tally.losses


def lent(array: Any) -> Any:
    """Return `array`, of which compiled code does not count who has it: to count costs more than to read from it.

    The caller of `run` has it all the while.
    """
    return array


def _market(whole: Market) -> Market:
    return Market(
        lent(whole.opens),
        lent(whole.first),
        lent(whole.second),
        lent(whole.lows),
        lent(whole.closes),
        lent(whole.depth),
        lent(whole.reach),
        lent(whole.open_quote),
        lent(whole.close_quote),
        whole.top,
    )


def _wish(wishes: Wishes, row: int) -> Wish:
    values, measures = wishes.sets[row], lent(wishes.measures)
    one, other = measures[int(values[0])], measures[int(values[1])]
    third, fourth = measures[int(values[2])], measures[int(values[3])]
    numbers = (values[4], values[5], values[6], values[7], values[8], values[9], values[10])
    return Wish(wishes.rule, numbers, one, other, third, fourth)
