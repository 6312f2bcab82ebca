"""Bars on the venue's grid: to ticks and lots, back to the floats that the venue's text would give, and by time."""

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading.candle import BARS
from trading.errors import Misconfigured
from trading.instrument import Instrument
from trading.simulation.grid import GridBars, frame, on_grid
from trading.simulation.path import TickBar

HOUR = 3_600_000
STEPS = [Decimal(step) for step in ("0.01", "0.05", "0.00001", "1", "0.25", "2.5E-7", "1E-8", "5E-11")]
#: Steps that are no unit fractions.
STEPS += [Decimal(step) for step in ("0.0003", "2.5", "1000")]
NAMES = ("open", "high", "low", "close", "volume")
#: Up to here the way from counts to floats and back is exact.
MOST = 2**50


def instrument(tick: Decimal, lot: Decimal) -> Instrument:
    return Instrument("sim", "BTC/USDT", "BTC", "USDT", tick, lot, lot, Decimal(1), Decimal(0), Decimal(0))


def exactly(bars: list[TickBar], traded: Instrument) -> dict[str, list[float]]:
    """What a reader of the exact decimal text of each number would have."""
    steps = {**dict.fromkeys(NAMES, traded.tick), "volume": traded.lot}
    return {name: [float(Decimal(getattr(bar, name)) * steps[name]) for bar in bars] for name in NAMES}


def shown(bars: list[TickBar], traded: Instrument) -> dict[str, list[float]]:
    made = frame(bars, traded)
    assert made.schema == BARS
    return {name: made[name].to_list() for name in NAMES}


counts = st.integers(1, MOST)
rows = st.lists(st.tuples(counts, counts, counts, counts, st.integers(0, MOST)), max_size=20)


@given(rows, st.sampled_from(STEPS), st.sampled_from(STEPS))
def test_a_frame_has_the_float_that_is_nearest_to_each_exact_number(
    drawn: list[tuple[int, int, int, int, int]], tick: Decimal, lot: Decimal
):
    traded = instrument(tick, lot)
    # A step that is no unit fraction leaves less room for the count.
    room = [MOST // step.as_integer_ratio()[0] for step in (tick, tick, tick, tick, lot)]
    bars = [
        TickBar(place * HOUR, *(min(one, most) for one, most in zip(row, room, strict=True)))
        for place, row in enumerate(drawn)
    ]
    assert shown(bars, traded) == exactly(bars, traded)
    assert on_grid(frame(bars, traded), traded) == bars


@pytest.mark.parametrize("step", STEPS, ids=str)
def test_a_long_frame_is_exact_to_the_last_bit(step: Decimal, seed: int):
    chance, traded = random.Random(seed), instrument(step, step)
    bars = [TickBar(place * HOUR, *(chance.randint(1, 10**9) for _ in NAMES)) for place in range(2_000)]
    assert shown(bars, traded) == exactly(bars, traded)
    assert on_grid(frame(bars, traded), traded) == bars


def test_times_survive_and_no_bars_make_an_empty_frame():
    traded = instrument(Decimal("0.01"), Decimal("0.001"))
    opened = datetime(2026, 3, 1, 5, tzinfo=UTC)
    bar = TickBar(round(opened.timestamp() * 1000), 3, 4, 2, 3, 7)
    assert frame([bar], traded).row(0) == (opened, 0.03, 0.04, 0.02, 0.03, 0.007)
    assert frame([], traded).equals(pl.DataFrame(schema=BARS))
    assert on_grid(pl.DataFrame(schema=BARS), traded) == []


def candles(**changes: float) -> pl.DataFrame:
    row = {"ts": datetime(1970, 1, 1, tzinfo=UTC), **dict.fromkeys(NAMES, 100.0), **changes}
    return pl.DataFrame([row], schema=BARS)


def test_what_lies_between_two_steps_goes_to_the_nearer_and_a_price_never_to_nothing():
    traded = instrument(Decimal("0.05"), Decimal("0.1"))
    (bar,) = on_grid(candles(open=99.98, high=100.07, low=0.001, close=99.97, volume=0.04), traded)
    assert bar == TickBar(0, 2000, 2001, 1, 1999, 0)


@pytest.mark.parametrize(
    ("changes", "tick", "lot", "said"),
    [
        ({"high": 1e9}, "1E-8", "0.01", "the tick of BTC/USDT is too small for its high"),
        ({"volume": 1e15}, "0.01", "0.00001", "the lot of BTC/USDT is too small for its volume"),
    ],
)
def test_steps_in_which_counts_would_not_be_exact_are_refused(
    changes: dict[str, float], tick: str, lot: str, said: str
):
    with pytest.raises(Misconfigured, match=said):
        on_grid(candles(**changes), instrument(Decimal(tick), Decimal(lot)))


def looked_up() -> GridBars:
    """BTC at slots 2, 3 and 5; ETH not at all."""
    bars = GridBars(["BTC/USDT", "ETH/USDT"])
    bars.append("BTC/USDT", [made(2), made(3)])
    bars.append("BTC/USDT", [made(5)])
    return bars


def made(slot: int) -> TickBar:
    return TickBar(slot * HOUR, slot, slot, slot, slot, slot)


@pytest.mark.parametrize(
    ("asked", "slots"),
    [
        (lambda bars: [bars.bar("BTC/USDT", 2 * HOUR)], [2]),
        (lambda bars: [bars.bar("BTC/USDT", 5 * HOUR)], [5]),
        (lambda bars: [bars.bar("BTC/USDT", at) for at in (0, 2 * HOUR + 1, 4 * HOUR, 6 * HOUR)], [None] * 4),
        (lambda bars: [bars.last_before("BTC/USDT", 2 * HOUR), bars.last_before("ETH/USDT", 9 * HOUR)], [None, None]),
        (lambda bars: [bars.last_before("BTC/USDT", 2 * HOUR + 1), bars.last_before("BTC/USDT", 5 * HOUR)], [2, 3]),
        (lambda bars: [bars.last_before("BTC/USDT", 99 * HOUR)], [5]),
        (lambda bars: bars.window("BTC/USDT", 2 * HOUR, 5 * HOUR), [2, 3]),
        (lambda bars: bars.window("BTC/USDT", 2 * HOUR + 1, 5 * HOUR + 1), [3, 5]),
        (lambda bars: bars.window("BTC/USDT", 4 * HOUR, 5 * HOUR), []),
        (lambda bars: bars.window("ETH/USDT", 0, 9 * HOUR), []),
    ],
)
def test_bars_are_found_by_time(asked: Callable[[GridBars], Any], slots: list[int | None]):
    assert asked(looked_up()) == [None if slot is None else made(slot) for slot in slots]


def test_the_last_bar_is_that_of_all_symbols():
    bars = looked_up()
    assert bars.last == 5 * HOUR
    bars.append("ETH/USDT", [made(7)])
    assert bars.last == 7 * HOUR
    assert GridBars(["BTC/USDT"]).last is None


def test_times_before_the_epoch_and_far_off_are_kept():
    traded = instrument(Decimal(1), Decimal(1))
    for opened in (datetime(1969, 12, 31, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)):
        told = candles().with_columns(ts=pl.lit(opened).cast(BARS["ts"]))
        (bar,) = on_grid(told, traded)
        assert bar.opened == (opened - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
        assert frame([bar], traded)["ts"].item() == opened
