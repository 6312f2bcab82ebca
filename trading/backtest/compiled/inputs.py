"""What the kernel is given: the market and the knowledge as arrays over slots, the rules and limits as whole numbers.

A slot is the time of one bar, whether it has one or not. Slot 0 is the last before the trading; the signal of each slot
meets the open of the next; of the last slot nothing but its open is traded.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

#: What a regime is called; in a measure it is its place here.
REGIMES = ("calm", "normal", "turbulent")


class Market(NamedTuple):
    """One market by slot, prices in ticks: where nothing traded the price stands and the depth is 0.

    `first` and `second` are the extremes in the order of the path; `lows` lie beyond every stop where there is no bar.
    `depth` is how many lots a level of the ladder holds. `reach` is how far the price
    comes down within the slot or into the next open. `open_quote` and `close_quote` are prices in quote per base;
    none of them is above `top`.
    """

    opens: Ints
    first: Ints
    second: Ints
    lows: Ints
    closes: Ints
    depth: Ints
    reach: Ints
    open_quote: Floats
    close_quote: Floats
    top: float


class Known(NamedTuple):
    """What is known at the close of each slot: what forbids new risk, and the volatility of one bar's log return.

    `scale` is the share of an exposure that meets the volatility target: 0 where no size can be told, -1 where too
    little is known for a signal.
    """

    closed: Flags
    volatility: Floats
    scale: Floats


class Wishes(NamedTuple):
    """What is wanted, by a `rule` of rules.py: each of `sets` has the rows of four of the `measures`, and 7 values.

    Without a rule (0) the first two measures are exposure, of which NaN is no signal, and stop, of which NaN is none.
    """

    rule: int
    sets: Floats
    measures: Floats


class Rules(NamedTuple):
    """Instrument, limits and costs. Base, quote and equity are counted in 1 / `base_ones`, `quote_ones`, `value_ones`.

    `lot_base`: base units of a lot; `trade_value`: quote units of a lot at one tick; `cash_value`, `tick_value`: equity
    units of a quote unit, and of a base unit at one tick. Smallest and largest values are in ticks times lots. `share`
    of the capital is traded, the `rest` is not. Fractions are `_above` / `_below`; `floor` is what is left of the peak
    when new risk stops; `leaving` is what it costs to sell what is held at the end. `alone` (1 or 0) says whether
    nobody else has money in the same wallet.
    """

    tick: float
    lot: float
    base_ones: float
    quote_ones: float
    value_ones: float
    lot_base: int
    trade_value: int
    cash_value: int
    tick_value: int
    share: int
    rest: int
    min_lots: int
    min_value: int
    max_value: int
    fee_above: int
    fee_base_below: int
    fee_base_step: int
    fee_quote_below: int
    fee_quote_step: int
    spread_above: int
    spread_below: int
    position_above: int
    position_below: int
    position: float
    floor_above: int
    floor_below: int
    floor: float
    collar_above: int
    collar_below: int
    rebalance_above: int
    rebalance_below: int
    rebalance: float
    buffer_above: int
    buffer_below: int
    leaving: float
    alone: int


#: `Rules` as numpy holds them: the kernel passes them on by place.
RULES = np.dtype([(name, np.int64 if kind is int else np.float64) for name, kind in Rules.__annotations__.items()])
