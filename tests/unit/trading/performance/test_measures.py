"""Each measure on numbers that can be checked by hand, and its silence where there is too little to say."""

import math
from datetime import UTC, datetime, timedelta
from decimal import Decimal, localcontext

import pytest

from trading.errors import BadData
from trading.money import CONTEXT
from trading.performance import period
from trading.performance.closes import Close, known_at
from trading.performance.drawdown import deepest, drawdowns
from trading.performance.equity import Valuation, equity_curve
from trading.performance.holding import Holding
from trading.performance.movement import Movement, fee_value
from trading.performance.profit_factor import profit_factor
from trading.performance.returns import growth, returns
from trading.performance.round_trips import RoundTrip, by_order
from trading.performance.sharpe import least_returns, sharpe
from trading.performance.sortino import sortino
from trading.performance.turnover import turnover
from trading.performance.win_rate import win_rate
from trading.timeframe import Timeframe

D = Decimal
START = datetime(2024, 3, 1, 22, tzinfo=UTC)
HOUR = timedelta(hours=1)
HOURLY = Timeframe.parse("1h")


def point(number: int, equity: str, deposits: str = "100") -> Valuation:
    return Valuation(START + number * HOUR, D(equity), D(0), D(equity), D(0), D(deposits))


def trip(ref: str, cost: str, proceeds: str, hour: int = 1) -> RoundTrip:
    return RoundTrip("s", "A/B", ref, START, START + hour * HOUR, D(1), D(cost), D(proceeds), D("0.1"))


def bought(at: datetime, base: str, quote: str, fee: str = "0") -> Movement:
    return Movement(at, "s", "A/B", "buy", D(base), D(quote), D(fee), abs(D(quote)))


def deposit(at: datetime, amount: str) -> Movement:
    return Movement(at, "s", "A/B", "book", D(0), D(amount), capital=D(amount))


def test_a_deposit_is_no_return() -> None:
    curve = [point(0, "100"), point(1, "110"), point(2, "210", "200"), point(3, "189", "200")]
    assert returns(curve) == [D("0.1"), D(0), D("-0.1")]
    assert growth(curve) == [D(1), D("1.1"), D("1.1"), D("0.99")]
    assert drawdowns(curve) == [D(0), D(0), D(0), D("-0.1")]
    assert deepest(curve) == D("-0.1")


def test_nothing_has_no_drawdown() -> None:
    assert growth([]) == []
    assert deepest([]) == 0
    assert returns([point(0, "0", "0"), point(1, "5", "5")]) == [D(0)]


def test_ratios_are_silent_about_less_than_a_month() -> None:
    daily = 365.0
    assert least_returns(daily) == 31
    assert least_returns(HOURLY.bars_per_year) == 730
    values = [D("0.02"), D("-0.01")] * 15
    assert sharpe(values, daily) is None
    assert sortino(values, daily) is None


def test_ratios_by_hand() -> None:
    values = [D("0.02"), D("-0.01")] * 20
    deviation = 0.015 * math.sqrt(40 / 39)
    assert sharpe(values, 365.0) == pytest.approx(0.005 / deviation * math.sqrt(365))
    assert sortino(values, 365.0) == pytest.approx(0.005 / (0.01 / math.sqrt(2)) * math.sqrt(365))
    assert sharpe([D("0.01")] * 40, 365.0) is None
    assert sortino([D("0.01")] * 40, 365.0) is None


def test_round_trips_of_one_order_are_one() -> None:
    trips = [trip("x", "10", "12"), trip("y", "10", "9"), trip("x", "5", "4", 2)]
    assert [(t.ref, t.pnl, t.quantity) for t in by_order(trips)] == [("y", D(-1), D(1)), ("x", D(1), D(2))]
    assert win_rate(by_order(trips)) == D("0.5")
    assert profit_factor(by_order(trips)) == D(1)
    assert win_rate([]) is None
    assert profit_factor([trip("x", "1", "2")]) is None


def test_turnover_is_measured_in_mean_equity() -> None:
    assert turnover(D(300), [point(0, "100"), point(1, "200")]) == D(2)
    assert turnover(D(300), []) is None


def test_fifo_takes_the_oldest_purchase_first_and_fees_with_it() -> None:
    holding = Holding()
    for movement in (deposit(START, "100"), bought(START, "2", "-20", "0.2"), bought(START + HOUR, "1", "-16", "0.1")):
        holding.apply(movement)
    holding.apply(Movement(START + 2 * HOUR, "s", "A/B", "sell", D("-2.5"), D("30"), D("0.3"), D("30.3")))
    (closed,) = holding.trips
    assert (closed.cost, closed.pnl, closed.fees, closed.opened) == (D(28), D(2), D("0.55"), START)
    assert (holding.quantity, holding.cost, holding.unrealised(D(20))) == (D("0.5"), D(8), D(2))
    assert holding.equity(D(20)) - holding.deposits == holding.realised + holding.unrealised(D(20))


def test_more_than_was_bought_cannot_be_sold() -> None:
    holding = Holding()
    holding.apply(bought(START, "1", "-10"))
    with pytest.raises(BadData, match=r"s A/B: sell sold 0\.5 more than was bought"):
        holding.apply(Movement(START, "s", "A/B", "sell", D("-1.5"), D("15")))


def test_a_fee_in_base_counts_at_the_price_of_its_fill() -> None:
    assert fee_value(D("0.001"), D(0), D(-1), D(50_000)) == D(50)
    assert fee_value(D(0), D(7), D(1), D(-50_000)) == D(7)
    assert fee_value(D("0.001"), D(7), D(-1), D(50_000)) == D(57)


def test_no_digit_is_lost_where_amounts_are_long() -> None:
    base, price = D("123456.123456789012345"), D("98765.12345678901")
    movements = [deposit(START, "9000000000000.01"), bought(START, str(base), "-1.0000000000000000001")]
    closes = [Close("A/B", START, START + HOUR, price)]
    (last,) = equity_curve(movements, closes, [START + HOUR], START)
    with localcontext(CONTEXT):
        assert last.equity == D("9000000000000.01") - D("1.0000000000000000001") + base * price


def test_closes_are_those_known_then() -> None:
    late = Close("A/B", START, START + 3 * HOUR, D(11))
    closes = [Close("A/B", START - HOUR, START, D(10)), Close("A/B", START, START + HOUR, D(12)), late]
    found = list(known_at(closes, [START + number * HOUR for number in range(-1, 5)]))
    assert found == [{}, *({"A/B": D(price)} for price in (10, 12, 12, 11, 11))]


def test_a_late_bar_does_not_replace_a_newer_one() -> None:
    closes = [Close("A/B", START, START + HOUR, D(12)), Close("A/B", START - HOUR, START + 2 * HOUR, D(10))]
    assert list(known_at(closes, [START + 2 * HOUR])) == [{"A/B": D(12)}]


def test_the_first_point_is_the_deposit_even_when_something_is_bought_at_that_very_moment() -> None:
    movements = [bought(START, "1", "-60"), deposit(START, "100")]
    closes = [Close("A/B", START - HOUR, START, D(50)), Close("A/B", START, START + HOUR, D(70))]
    first, second = equity_curve(movements, closes, [START, START + HOUR], START)
    assert (first.equity, first.positions) == (D(100), D(0))
    assert (second.cash, second.positions, second.equity, second.pnl) == (D(40), D(70), D(110), D(10))


def test_a_holding_without_a_price_stops() -> None:
    with pytest.raises(BadData, match=r"A/B: 1 are held and no close is known"):
        equity_curve([bought(START, "1", "-60")], [], [START + HOUR], START)


def test_days_share_no_valuation_and_miss_none() -> None:
    now = START + timedelta(hours=30, minutes=5)
    midnight = datetime(2024, 3, 1, tzinfo=UTC)
    days = [period.day(midnight + timedelta(days=n), START, HOURLY, now) for n in range(-1, 4)]
    assert days[0] is None
    assert days[4] is None
    first, second, third = days[1], days[2], days[3]
    assert first is not None
    assert second is not None
    assert third is not None
    assert (first.first, second.first) == (True, False)
    assert first.after < START == first.opens
    assert second.after == second.opens == first.closes == midnight + timedelta(days=1)
    assert (first.whole_day, second.whole_day, third.whole_day) == (False, True, False)
    whole = period.whole(START, HOURLY, now)
    assert whole is not None
    assert [*first.times, *second.times, *third.times] == whole.times == [START + n * HOUR for n in range(31)]


def test_before_the_start_there_is_no_period() -> None:
    assert period.whole(START, HOURLY, START - HOUR) is None
    assert period.day(START.replace(hour=0), START, HOURLY, START - HOUR) is None
    begun = period.day(START.replace(hour=0), START, HOURLY, START)
    assert begun is not None
    assert begun.times == [START]
