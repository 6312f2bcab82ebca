"""Features of order books, by hand and against the definitions on random books."""

import random
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from trading.market.depth_features import DEPTH, LEVELS, SIZE, LastBook, depth_features
from trading.order_book import Level, OrderBook

AT = datetime(2024, 1, 1, tzinfo=UTC)


def book(bids: list[tuple[float, float]], asks: list[tuple[float, float]]) -> LastBook:
    sides = (tuple(Level(Decimal(str(price)), Decimal(str(size))) for price, size in side) for side in (bids, asks))
    return LastBook("A/USD", AT, OrderBook("A/USD", *sides))


def test_a_book_by_hand() -> None:
    # middle 100: 99.9 x 60 and 99 x 100 below, 100.1 x 20 and 101 x 200 above
    (row,) = depth_features([book([(99.9, 60), (99, 100)], [(100.1, 20), (101, 200)])]).rows(named=True)
    assert (row.pop("symbol"), row.pop("ts")) == ("A/USD", AT)
    assert row == pytest.approx(
        {
            "spread_bps": 20.0,
            "microprice_bps": (99.9 * 20 + 100.1 * 60) / 80 * 100 - 10_000,
            "imbalance_5": (160 - 220) / 380,
            "imbalance_10": (160 - 220) / 380,
            "bid_slope": 160 * 100 / 100,  # 16,000 quote over 100 basis points
            "ask_slope": 220 * 100 / 100,
            "buy_impact_bps": ((20 * 100.1 + 80 * 101) / 100 / 100.1 - 1) * 10_000,
            "sell_impact_bps": (1 - (60 * 99.9 + 40 * 99) / 100 / 99.9) * 10_000,
        },
        rel=1e-9,
    )


def test_what_a_book_does_not_hold_has_no_cost() -> None:
    (row,) = depth_features([book([(99.9, 1)], [(100.1, 1000)])]).rows(named=True)
    assert row["sell_impact_bps"] is None
    assert row["buy_impact_bps"] == 0


def test_random_books_follow_the_definitions(seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(50):
        bids = [
            (round(100 - 0.01 * (n + 1) - 0.001 * rng.random(), 5), round(rng.uniform(1, 50), 3)) for n in range(15)
        ]
        asks = [
            (round(100 + 0.01 * (n + 1) + 0.001 * rng.random(), 5), round(rng.uniform(1, 50), 3)) for n in range(15)
        ]
        (row,) = depth_features([book(bids, asks)]).rows(named=True)
        middle = (bids[0][0] + asks[0][0]) / 2
        assert row["spread_bps"] == pytest.approx((asks[0][0] - bids[0][0]) / middle * 1e4)
        for levels in (5, 10):
            below, above = (sum(size for _, size in side[:levels]) for side in (bids, asks))
            assert row[f"imbalance_{levels}"] == pytest.approx((below - above) / (below + above))
        held = sum(size for _, size in asks[:LEVELS])
        reach = (asks[LEVELS - 1][0] - middle) / middle * 1e4
        assert row["ask_slope"] == pytest.approx(held * middle / reach)
        left, paid = float(SIZE) / middle, 0.0
        for price, size in asks:
            taken = min(left, size)
            left, paid = left - taken, paid + taken * price
        assert row["buy_impact_bps"] == pytest.approx((paid / (float(SIZE) / middle) / asks[0][0] - 1) * 1e4, abs=1e-6)


def test_no_books_give_an_empty_frame() -> None:
    assert depth_features([]).schema == DEPTH
