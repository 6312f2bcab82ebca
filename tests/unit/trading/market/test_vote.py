"""Venues vote: who is believed when they disagree."""

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from trading.candle import BARS
from trading.market.vote import vote

AT = datetime(2026, 3, 1, tzinfo=UTC)
NUMBER = 60
#: The bar in question.
LAST = NUMBER - 1


def bars(last: float = 1.0, *, scale: float = 1.0, price: str = "close", leave: int = 0) -> pl.DataFrame:
    """Return bars that walk around 100 by a tenth of a per cent; the last has its `price` times `last`."""
    steps = np.random.default_rng(7).normal(0, 0.001, NUMBER)
    close = 100 * np.exp(np.cumsum(steps)) * scale
    frame = pl.DataFrame(
        {
            "ts": [AT + timedelta(hours=number) for number in range(NUMBER)],
            "open": close,
            "high": close * 1.001,
            "low": close * 0.999,
            "close": close,
            "volume": np.ones(NUMBER),
        },
        schema=BARS,
    )
    spoiled = pl.when(pl.int_range(pl.len()) == LAST).then(pl.col(price) * last).otherwise(pl.col(price))
    frame = frame.with_columns(spoiled.alias(price))
    high, low = pl.max_horizontal("open", "high", "close"), pl.min_horizontal("open", "low", "close")
    return frame.with_columns(high=high, low=low).head(NUMBER - leave)


def verdict(own: pl.DataFrame, **others: pl.DataFrame) -> str:
    found = vote(own, others, 0.02)
    assert found["ts"].to_list() in ([], [AT + timedelta(hours=LAST)])
    return found["verdict"][0] if found.height else "accepted"


@pytest.mark.parametrize(
    ("price", "size"), [("high", 1.05), ("high", 10), ("low", 0.95), ("low", 0.1), ("close", 1.05), ("close", 0.95)]
)
def test_a_spike_in_ours_alone_is_refused_by_one_other_or_by_two(price: str, size: float):
    spiked = bars(size, price=price)
    assert verdict(spiked, one=bars(scale=1.0005)) == "refused"
    assert verdict(spiked, one=bars(scale=1.0005), two=bars(scale=0.9995)) == "refused"
    assert verdict(spiked) == "accepted"


def test_a_spike_elsewhere_does_not_speak_against_ours():
    assert verdict(bars(), one=bars(1.05)) == "accepted"
    assert verdict(bars(), one=bars(1.05), two=bars()) == "accepted"
    assert verdict(bars(), one=bars(1.05), two=bars(0.95)) == "accepted"


def test_what_moves_everywhere_is_believed():
    assert verdict(bars(1.2), one=bars(1.2), two=bars(1.199)) == "accepted"
    assert verdict(bars(1.2), one=bars(1.2)) == "accepted"


def test_where_two_leap_apart_nobody_is_believed_until_a_third_speaks():
    assert verdict(bars(1.05), one=bars(0.95)) == "held"
    assert verdict(bars(1.05), one=bars(0.95), two=bars(1.05)) == "accepted"
    assert verdict(bars(1.05), one=bars(0.95), two=bars(0.95)) == "refused"


def test_two_that_always_lay_apart_are_both_held():
    found = vote(bars(), {"one": bars(scale=1.1)}, 0.02)
    assert found["verdict"].unique().to_list() == ["held"]
    assert found.height == NUMBER
    assert found["detail"][0].startswith("high: this venue ")


def test_a_venue_that_has_no_such_bar_has_no_vote():
    assert verdict(bars(1.05), one=bars(leave=1)) == "accepted"
    assert verdict(bars(1.05), one=bars(leave=1), two=bars()) == "refused"
    assert verdict(bars(), one=bars().clear()) == "accepted"


def test_three_against_three_is_no_majority():
    others = {name: bars(1.05) for name in ("a", "b", "c")}
    assert verdict(bars(), **others, d=bars(), e=bars()) == "accepted"  # three leapt, ours stood still
    assert verdict(bars(1.05), **others, d=bars(), e=bars()) == "accepted"
