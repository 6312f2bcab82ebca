"""What is read off the equity curve: drawdowns with their dates, months and years, exposure, and what holding made."""

import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from trading.fill import Fill
from trading.order import Leg, OrderKey, OrderRequest, OrderType, Side
from trading.performance.benchmark import hold
from trading.performance.calendar_returns import by_month, by_year
from trading.performance.closes import Close
from trading.performance.drawdown import deepest
from trading.performance.drawdown_periods import drawdown_periods
from trading.performance.equity import Valuation
from trading.performance.exposure import mean_exposure, time_in_market
from trading.performance.returns import growth
from trading.performance.shortfall import shortfall

D = Decimal
START = datetime(2023, 12, 30, tzinfo=UTC)
DAY = timedelta(days=1)


def curve(*levels: str | int, invested: Sequence[str] = (), step: timedelta = DAY) -> list[Valuation]:
    held = [D(share) for share in invested] or [D(0)] * len(levels)
    return [
        Valuation(START + place * step, D(level) * (1 - share), D(level) * share, D(level), D(0), D(levels[0]))
        for place, (level, share) in enumerate(zip(levels, held, strict=True))
    ]


def test_a_drawdown_lasts_from_its_peak_until_it_is_back() -> None:
    first, second = drawdown_periods(curve(100, 110, 99, 88, 110, 120, 90, 60, 80))
    assert (first.peak, first.trough, first.ends) == (START + DAY, START + 3 * DAY, START + 4 * DAY)
    assert (first.depth, first.recovered, first.duration) == (D("-0.2"), True, 3 * DAY)
    assert (second.peak, second.trough, second.ends) == (START + 5 * DAY, START + 7 * DAY, START + 8 * DAY)
    assert (second.depth, second.recovered) == (D("-0.5"), False)


def test_a_peak_is_the_last_moment_at_it() -> None:
    (only,) = drawdown_periods(curve(100, 100, 50))
    assert only.peak == START + DAY
    assert drawdown_periods(curve(1, 2, 2, 3)) == drawdown_periods([]) == []


@given(st.lists(st.integers(1, 1000), min_size=1, max_size=40))
def test_the_deepest_of_them_is_the_drawdown(levels: list[int]) -> None:
    found = drawdown_periods(curve(*levels))
    assert min((period.depth for period in found), default=D(0)) == deepest(curve(*levels))
    assert all(period.peak < period.trough <= period.ends for period in found)


def test_midnight_ends_the_month_before_it() -> None:
    months = by_month(curve(100, 110, 121, 242, step=DAY))
    assert months == {(2023, 12): D("0.21"), (2024, 1): D(1)}
    assert by_year(months) == {2023: D("0.21"), 2024: D(1)}
    assert by_month(curve(100)) == by_month([]) == {}


@given(st.lists(st.integers(1, 1000), min_size=2, max_size=30))
def test_years_compound_to_the_whole(levels: list[int]) -> None:
    whole = curve(*levels, step=timedelta(days=23))
    years = by_year(by_month(whole)).values()
    assert math.isclose(math.prod(1 + year for year in years), growth(whole)[-1], rel_tol=1e-20)


def test_a_month_after_all_was_lost_earned_nothing() -> None:
    assert by_month(curve(100, 0, 0, 0)) == {(2023, 12): D(-1), (2024, 1): D(0)}


def test_a_remainder_is_no_time_in_the_market() -> None:
    points = curve(100, 100, 100, 100, 100, invested=("1", "0.5", "0.00005", "0", "1"))
    assert time_in_market(points) == D("0.5")
    assert mean_exposure(points) == D("0.3750125")
    assert time_in_market(points[:1]) is mean_exposure(points[:1]) is None


def test_holding_is_equal_parts_bought_at_the_first_close_and_kept() -> None:
    closes = [
        Close(symbol, START + (n - 1) * DAY, START + n * DAY, D(price))
        for symbol, prices in (("A/Q", (10, 20, 5)), ("B/Q", (4, 4, 6)))
        for n, price in enumerate(prices)
    ]
    held = hold(closes, ["A/Q", "B/Q"], [START + n * DAY for n in range(3)], D(1000))
    assert [point.equity for point in held] == [D(1000), D(1500), D(1000)]
    assert (held[0].cash, held[0].deposits) == (D(0), D(1000))


def test_a_symbol_that_comes_later_is_cash_until_then() -> None:
    closes = [Close("A/Q", START, START, D(10)), Close("B/Q", START + DAY, START + DAY, D(4))]
    closes += [Close(symbol, START + 2 * DAY, START + 2 * DAY, D(20)) for symbol in ("A/Q", "B/Q")]
    held = hold(closes, ["A/Q", "B/Q"], [START + n * DAY for n in range(3)], D(1000))
    assert [point.cash for point in held] == [D(500), D(0), D(0)]
    assert [point.equity for point in held] == [D(1000), D(1000), D(3500)]


def test_shortfall_is_what_the_price_moved_against_us() -> None:
    def executed(side: Side, price: str, kind: OrderType = OrderType.MARKET) -> tuple[OrderRequest, Fill]:
        key = OrderKey("signal", 1, Leg.ENTRY)
        request = OrderRequest(key, "book", "s", "v", "A/Q", side, kind, D(2), D(100))
        return request, Fill("v", "A/Q", "1", "2", "c", side, D(price), D(2), D(0), "Q", START)

    assert shortfall([executed(Side.BUY, "101"), executed(Side.SELL, "98")]) == D(6)
    assert shortfall([executed(Side.BUY, "99")]) == D(-2)
    assert shortfall([executed(Side.SELL, "90", OrderType.STOP_LOSS)]) == 0
