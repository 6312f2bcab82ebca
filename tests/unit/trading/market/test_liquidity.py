"""What a book says about trading it, on numbers one can check by head."""

from decimal import Decimal

import pytest

from trading.market.liquidity import Impact, imbalance, impact, microprice, mid, slope, spread
from trading.order import Side
from trading.order_book import Level, OrderBook


def levels(*rows: tuple[str, str]) -> tuple[Level, ...]:
    return tuple(Level(Decimal(price), Decimal(quantity)) for price, quantity in rows)


BOOK = OrderBook("M", levels(("99", "3"), ("98", "5")), levels(("101", "1"), ("103", "1")))


def test_prices_between_bid_and_ask() -> None:
    assert spread(BOOK) == 2
    assert mid(BOOK) == 100
    assert microprice(BOOK) == Decimal("100.5")  # more is bid than offered: nearer to the ask


def test_balance_and_slope() -> None:
    assert imbalance(BOOK, 1) == Decimal("0.5")
    assert imbalance(BOOK, 9) == Decimal("0.6")
    assert slope(BOOK, Side.BUY, 2) == 4
    assert slope(BOOK, Side.SELL, 1) == 1


@pytest.mark.parametrize(
    ("side", "quantity", "expected"),
    [
        (Side.BUY, "1", Impact(Decimal(101), Decimal(101), Decimal(0), Decimal(0))),
        (Side.BUY, "5", Impact(Decimal(102), Decimal(103), Decimal(1) / Decimal(101), Decimal(3))),
        (Side.SELL, "6", Impact(Decimal("98.5"), Decimal(98), Decimal("0.5") / Decimal(99), Decimal(0))),
        (Side.SELL, "0", Impact(None, None, Decimal(0), Decimal(0))),
    ],
)
def test_impact(side: Side, quantity: str, expected: Impact) -> None:
    found = impact(BOOK, side, Decimal(quantity))
    assert (found.average, found.worst, found.unfilled) == (expected.average, expected.worst, expected.unfilled)
    assert abs(found.slippage - expected.slippage) < Decimal("1e-20")
