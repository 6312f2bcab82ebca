"""Events that cannot be are refused, and the order at one instant."""

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from decimal import Decimal

import pytest

from tests.unit.trading.tax.made import KRAKEN, START, buy, move, sell, split
from trading.errors import BadData
from trading.tax.events import Acquisition, AcquisitionKind, Adjustment, Event, in_order


def later_giver() -> Acquisition:
    after: datetime = START + timedelta(days=1)
    return Acquisition("g", START, KRAKEN, "BTC", Decimal(1), Decimal(1), Decimal(0), AcquisitionKind.GIFT, after)


@pytest.mark.parametrize(
    ("made", "why"),
    [
        (lambda: buy(0, 0, 1), "no quantity"),
        (lambda: buy(0, -1, 1), "no quantity"),
        (lambda: buy(0, "1e-19", 1), "no quantity"),
        (lambda: buy(0, "NaN", 1), "no quantity"),
        (lambda: buy(0, 1, -1), "no amount"),
        (lambda: buy(0, 1, 1, -1), "no amount"),
        (lambda: sell(0, 1, "Infinity"), "no amount"),
        (lambda: move(0, 1, 2), "2 received of 1 sent"),
        (lambda: move(0, 1, 1, target=KRAKEN), "to itself"),
        (lambda: move(0, 1, 1, 5), "nothing was lost on the way"),
        (lambda: split(0, 1, 0), "no quantity"),
        (lambda: buy(START.replace(tzinfo=None), 1, 1), "is not UTC"),
        (lambda: sell(START.replace(tzinfo=timezone(timedelta(hours=1))), 1, 1), "is not UTC"),
        (lambda: Adjustment("a", START, "BTC", Decimal("1e20")), "no amount"),
        (later_giver, "after it came in"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(made: Callable[[], Event], why: str) -> None:
    with pytest.raises(BadData, match=why):
        made()


def test_at_one_instant_splits_come_first_and_disposals_last() -> None:
    change = Adjustment("a", START, "BTC", Decimal(1))
    told = [sell(0, 1, 1), move(0, 1, 1), change, buy(0, 1, 1), split(0, 1, 2), buy(0, 2, 2)]
    assert in_order(told) == [told[4], told[3], told[5], told[2], told[1], told[0]]


def test_an_id_comes_once() -> None:
    with pytest.raises(BadData, match="two events are called x"):
        in_order([buy(0, 1, 1, name="x"), buy(1, 1, 1, name="x")])
