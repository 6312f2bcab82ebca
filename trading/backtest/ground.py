"""The ground of a sweep: bars, what is known of them, an instrument and limits, in the arrays that the kernel reads."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_CEILING, Decimal
from typing import Any

import numpy as np

from trading.accounting.shares import shares
from trading.backtest.compiled.inputs import REGIMES, Floats, Ints, Known, Market, Rules
from trading.backtest.source import Source
from trading.errors import Misconfigured
from trading.instrument import Instrument
from trading.limits import MOST_LEGS, Limits
from trading.money import ONE, divide, multiply
from trading.simulation.costs import LEVELS_PER_BAR
from trading.simulation.path import TickBar
from trading.strategies.knowledge import VOLATILITY_STEP
from trading.timeframe import Timeframe, milliseconds_of

#: A fee has so many decimals.
_FEE_PLACES = 8
#: Shares and limits of up to four decimals are divided by so much.
_FRACTION = 10_000
_MOST = 2**61


@dataclass(frozen=True)
class Window:
    """The bars that are traded: those that open in [start, start + steps)."""

    timeframe: Timeframe
    start: datetime
    steps: int


@dataclass(frozen=True)
class Terms:
    """What trading begins with and costs: capital in quote, half a spread in basis points.

    What is held at the end is sold at its close for `leaving`, a fraction of its value. Whoever is not `alone` at the
    venue shares a wallet with others: what rests on how much they have in it is not told.
    """

    instrument: Instrument
    limits: Limits
    capital: Decimal
    half_spread_bps: Decimal = Decimal(1)
    leaving: float = 0.0
    alone: bool = True


def market(bars: Sequence[TickBar], window: Window, tick: Decimal) -> Market:
    """Return the slots of `window`, with the one before and the one after.

    `bars` are sorted; older ones tell where the price stands.

    Raises:
        Misconfigured: `window` does not begin at the opening time of a bar.
    """
    length, steps = window.timeframe.milliseconds, window.steps
    start = milliseconds_of(window.start)
    if start % length:
        raise Misconfigured(f"kernel: no bar of {window.timeframe} opens at {window.start}")
    rows = np.array([[getattr(bar, name) for name in TickBar.__slots__] for bar in bars], dtype=np.int64).reshape(-1, 6)
    slots = (rows[:, 0] - start) // length + 1
    before, inside = rows[slots < 1][-1:], (slots >= 0) & (slots <= steps + 1)
    table = np.zeros((6, steps + 2), dtype=np.int64)
    table[:, slots[inside]] = rows[inside].T
    if len(before):
        table[:, 0] = before[0]
    return _walked(table[1:], float(tick), seen=bool((slots == 0).any()))


def columns(bars: Sequence[Ints], tick: float) -> Market:
    """Return the market of open, high, low, close (ticks), volume (lots) by slot; an open of 0 for no bar."""
    return _walked(np.array(bars, dtype=np.int64), tick, seen=True)


def _walked(table: Ints, tick: float, *, seen: bool) -> Market:
    opened, high, low, close, volume = (np.asarray(row, dtype=np.int64) for row in table)
    there = opened > 0
    last = np.maximum.accumulate(np.where(there, np.arange(len(there)), 0))
    closes = close[last]
    stands = np.concatenate([closes[:1], closes[:-1]])
    traded = np.where(there & (volume > 0), np.arange(len(there)), -1)
    newest = np.concatenate([[-1], np.maximum.accumulate(traded)[:-1]])
    behind: Ints = np.where(newest >= 0, volume[newest], volume)
    there[0] &= seen
    opens = np.where(there, opened, stands)
    up = high - opened < opened - low
    lows = np.where(there, low, _MOST)
    return Market(
        opens,
        np.where(there, np.where(up, high, low), stands),
        np.where(there, np.where(up, low, high), stands),
        lows,
        closes,
        np.where(there, np.maximum(1, behind // LEVELS_PER_BAR), 0),
        np.minimum(lows, np.append(opens[1:], _MOST)),
        opens * tick,
        (closes * tick).astype(np.float64),
        float(max(opens.max(), closes.max()) * tick),
    )


def known(source: Source, symbol: str, window: Window, target: Decimal, names: Sequence[str]) -> tuple[Known, Floats]:
    """Return what `source` knows of `symbol` at each slot, and measures (names, slots): columns of strategies' rows.

    `target` is the volatility wanted a day.
    """
    slots, timeframe = window.steps + 2, window.timeframe
    closed, volatility = np.zeros(slots, dtype=np.bool_), np.full(slots, np.nan)
    measures = np.full((len(names), slots), np.nan)
    for slot in range(window.steps):
        bar = window.start + (slot - 1) * timeframe.delta
        closed[slot] = symbol in source.closed_by(bar)
        found = source.at(bar).get(symbol)
        if found is not None and not found.lacking:
            volatility[slot] = found.features["volatility_24"]
            row = found.row((0.0, 0.0), bar, timeframe)
            measures[:, slot] = [_measure(row[name]) for name in names]
    return Known(closed, volatility, scales(volatility, target, timeframe)), measures


def scales(volatility: Floats, target: Decimal, timeframe: Timeframe) -> Floats:
    """Return which share of an exposure meets the volatility `target` a day, at most 1; see `Known`."""
    stored = np.array([float(Decimal(repr(float(one))).quantize(VOLATILITY_STEP)) for one in np.nan_to_num(volatility)])
    daily = stored * math.sqrt(86_400 / timeframe.seconds)
    scale = np.where(daily > 0, np.minimum(1.0, float(target) / np.where(daily > 0, daily, 1.0)), 0.0)
    return np.where(np.isfinite(volatility) & (volatility != 0), scale, -1.0)


def _measure(value: float | str | None) -> float:
    if isinstance(value, str):
        return float(REGIMES.index(value))
    return math.nan if value is None or not math.isfinite(value) else value


def rules(terms: Terms, market: Market) -> Rules:
    """Return `terms` for `market` in whole numbers.

    Raises:
        Misconfigured: the instrument is not traded, or not at all hours; its steps are so fine, or the money so much,
            that the kernel cannot count them.
    """
    one, limits = terms.instrument, terms.limits
    _refuse_unknown(terms)
    base = max(_places(one.lot), _FEE_PLACES)
    trade = multiply(one.tick, one.lot)
    quote = max(_places(trade), _FEE_PLACES, _places(terms.capital))
    value = max(quote, base + _places(one.tick))
    share, rest = shares(terms.capital, 1)
    made = Rules(
        tick=float(one.tick),
        lot=float(one.lot),
        base_ones=10.0**base,
        quote_ones=10.0**quote,
        value_ones=10.0**value,
        lot_base=int(one.lot * 10**base),
        trade_value=int(trade * 10**quote),
        cash_value=10 ** (value - quote),
        tick_value=int(one.tick * 10 ** (value - base)),
        share=int(share * 10**quote),
        rest=int(rest * 10**quote),
        min_lots=_up(divide(one.min_quantity, one.lot)),
        min_value=min(_up(divide(one.min_notional, trade)), _MOST),
        max_value=min(int(divide(limits.max_order_value, trade)), _MOST),
        leaving=terms.leaving,
        alone=int(terms.alone),
        **_fractions(limits),
        **_costs(terms, base, quote),
    )
    _check(made, int(market.closes.max(initial=1)), int(market.opens.max(initial=1)))
    return made


def _refuse_unknown(terms: Terms) -> None:
    """Raise Misconfigured for what holds orders back that the kernel knows nothing of."""
    if terms.instrument.status != "TRADING":
        raise Misconfigured(f"kernel: {terms.instrument.symbol} is {terms.instrument.status}")
    if terms.limits.closed:
        raise Misconfigured("kernel: it knows no trading hours (limit closed); the engine does")
    if terms.limits.max_loss < ONE:
        raise Misconfigured("kernel: it knows no risk at the stop (limit max_loss); the engine does")
    if terms.limits.max_legs < MOST_LEGS or terms.limits.leg_spacing:
        raise Misconfigured("kernel: it counts no legs (limits max_legs, leg_spacing); the engine does")


def _costs(terms: Terms, base: int, quote: int) -> dict[str, int]:
    """Return fee and spread; units of base and quote have so many decimals."""
    fee, spread = terms.instrument.taker_fee.as_integer_ratio(), terms.half_spread_bps.as_integer_ratio()
    steps = {"base": 10 ** (base - _FEE_PLACES), "quote": 10 ** (quote - _FEE_PLACES)}
    return {
        "fee_above": fee[0],
        **{f"fee_{name}_below": fee[1] * step for name, step in steps.items()},
        **{f"fee_{name}_step": step for name, step in steps.items()},
        "spread_above": spread[0],
        "spread_below": spread[1] * _FRACTION,
    }


def _fractions(limits: Limits) -> dict[str, Any]:
    fractions = {
        "position": limits.max_position,
        "floor": 1 - limits.max_drawdown,
        "collar": limits.price_collar,
        "rebalance": limits.min_rebalance,
        "buffer": 1 - limits.cash_buffer,
    }
    ratios = {name: value.as_integer_ratio() for name, value in fractions.items()}
    return {
        **{f"{name}_above": ratio[0] for name, ratio in ratios.items()},
        **{f"{name}_below": ratio[1] for name, ratio in ratios.items()},
        **{name: float(fractions[name]) for name in ("position", "floor", "rebalance")},
    }


def _check(rules: Rules, *prices: int) -> None:
    """Refuse what leaves the numbers that the kernel counts exactly."""
    most = max(prices)
    below = max(_FRACTION, rules.position_below, rules.floor_below, rules.rebalance_below, rules.buffer_below)
    divisors = most * rules.lot_base * rules.tick_value * below
    if max(divisors, rules.share * 1000, most * max(rules.spread_above, rules.collar_below)) >= _MOST:
        raise Misconfigured("kernel: tick and lot are too fine, or the capital too large; the engine can do it")


def _places(value: Decimal) -> int:
    exponent = value.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _up(value: Decimal) -> int:
    return int(value.to_integral_value(ROUND_CEILING))
