from collections import defaultdict
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trading.errors import Denied
from trading.instrument import Instrument
from trading.order import OrderType, Side
from trading.simulation.costs import LEVELS, half_spread
from trading.simulation.exchange import Exchange
from trading.simulation.filters import Ticket
from trading.simulation.funds import Trade
from trading.simulation.late import Slices
from trading.simulation.path import TickBar
from trading.simulation.working_order import Status
from trading.timeframe import moment_of

LENGTH = 3_600_000
FEE = Decimal("0.001")
BPS = Decimal(5)
START = {"USDT": Decimal(10_000), "BTC": Decimal(5), "ETH": Decimal(20)}


def instrument(symbol: str, tick: str, lot: str) -> Instrument:
    base, quote = symbol.split("/")
    return Instrument("sim", symbol, base, quote, Decimal(tick), Decimal(lot), Decimal(lot), Decimal(1), FEE, FEE)


BTC, ETH = instrument("BTC/USDT", "0.01", "0.0001"), instrument("ETH/USDT", "0.05", "0.001")


@dataclass
class Played:
    """Bars by (symbol, open time)."""

    rows: dict[tuple[str, int], TickBar] = field(default_factory=dict)

    def bar(self, symbol: str, opened: int) -> TickBar | None:
        return self.rows.get((symbol, opened))

    def last_before(self, symbol: str, at: int) -> TickBar | None:
        past = [bar for (name, opened), bar in self.rows.items() if name == symbol and opened < at]
        return max(past, key=lambda bar: bar.opened, default=None)


def flat(price: int, slots: int, volume: int = 10_000_000) -> dict[int, TickBar]:
    return {slot * LENGTH: TickBar(slot * LENGTH, price, price, price, price, volume) for slot in range(slots)}


def exchange(played: Played, bps: Decimal = BPS) -> Exchange:
    opened = Exchange(instruments=[BTC, ETH], bars=played, length=LENGTH, start=LENGTH, half_spread_bps=bps)
    opened.admit("main", START)
    return opened


def quiet() -> Exchange:
    return exchange(Played({("BTC/USDT", at): bar for at, bar in flat(100_000, 5).items()}))


def ticket(side: Side, kind: OrderType, quantity: str, limit: str | None = None, stop: str | None = None) -> Ticket:
    prices = [None if price is None else Decimal(price) for price in (limit, stop)]
    return Ticket("main", "BTC/USDT", "mine", side, kind, Decimal(quantity), *prices)


@pytest.mark.parametrize(
    ("wanted", "reason"),
    [
        (ticket(Side.BUY, OrderType.MARKET, "0.00005"), "LOT_SIZE"),
        (ticket(Side.BUY, OrderType.MARKET, "0.00015"), "LOT_SIZE"),
        (ticket(Side.BUY, OrderType.LIMIT, "1", limit="900.005"), "PRICE_FILTER"),
        (ticket(Side.BUY, OrderType.LIMIT, "1", limit="0"), "PRICE_FILTER"),
        (ticket(Side.BUY, OrderType.LIMIT, "0.0001", limit="900"), "NOTIONAL"),
        (ticket(Side.BUY, OrderType.MARKET, "10"), "INSUFFICIENT_BALANCE"),
        (ticket(Side.SELL, OrderType.LIMIT, "5.0001", limit="1100"), "INSUFFICIENT_BALANCE"),
        (ticket(Side.SELL, OrderType.STOP_LOSS, "1", stop="1000"), "STOP_WOULD_TRIGGER"),
    ],
)
def test_what_the_venue_denies_changes_nothing(wanted: Ticket, reason: str):
    venue = quiet()
    with pytest.raises(Denied) as denied:
        venue.place(wanted)
    assert denied.value.reason == reason
    assert (venue.orders, venue.funds.accounts["main"].free, venue.funds.accounts["main"].locked) == ({}, START, {})


def test_a_client_id_is_unique_among_open_orders_only():
    venue = quiet()
    resting = ticket(Side.BUY, OrderType.LIMIT, "1", limit="900")
    first, _ = venue.place(resting)
    with pytest.raises(Denied, match="DUPLICATE"):
        venue.place(resting)
    venue.cancel(first)
    second, _ = venue.place(resting)
    assert (first.order_id, second.order_id) == (1, 2)


def test_open_orders_lock_what_they_may_cost():
    venue = quiet()
    order, _ = venue.place(ticket(Side.BUY, OrderType.LIMIT, "2", limit="900"))
    assert venue.funds.accounts["main"].locked["USDT"] == Decimal(1800)
    venue.cancel(order)
    assert venue.funds.accounts["main"].locked["USDT"] == 0
    with pytest.raises(Denied, match="UNKNOWN_ORDER"):
        venue.cancel(order)


def test_time_in_the_past_does_nothing_and_time_may_pass_within_a_bar():
    venue = quiet()
    assert venue.advance(LENGTH // 2) == []
    assert venue.now == LENGTH
    assert venue.advance(LENGTH + 60_000) == []
    assert (venue.now, venue.books["BTC/USDT"].walk.price) == (LENGTH + 60_000, 100_000)


def test_a_symbol_without_a_bar_expires_market_orders():
    played = Played({("BTC/USDT", at): bar for at, bar in flat(100_000, 2).items()})
    venue = exchange(played)
    venue.advance(2 * LENGTH)
    order, trades = venue.place(ticket(Side.BUY, OrderType.MARKET, "1"))
    assert (order.status, order.filled, trades) == (Status.EXPIRED, 0, [])


def test_symbols_are_walked_in_time_order_and_each_fill_stops_the_clock():
    low = {2 * LENGTH: TickBar(2 * LENGTH, 100_000, 100_500, 99_000, 99_500, 1_000_000)}
    played = Played()
    for symbol, price in (("BTC/USDT", 100_000), ("ETH/USDT", 20_000)):
        played.rows |= {(symbol, at): bar for at, bar in flat(price, 2).items()}
    played.rows |= {("BTC/USDT", at): bar for at, bar in low.items()}
    played.rows[("ETH/USDT", 2 * LENGTH)] = TickBar(2 * LENGTH, 20_000, 21_000, 19_990, 20_500, 1_000_000)
    venue = exchange(played)
    venue.place(ticket(Side.SELL, OrderType.STOP_LOSS, "1", stop="995"))
    venue.place(Ticket("main", "ETH/USDT", "other", Side.SELL, OrderType.LIMIT, Decimal(1), Decimal(1040)))
    seen: list[tuple[str, int]] = []
    while not venue.settled(3 * LENGTH):
        seen += [(trade.symbol, trade.at) for trade in venue.advance(3 * LENGTH)]
    assert seen == [("BTC/USDT", 2 * LENGTH + 2_400_000), ("ETH/USDT", 2 * LENGTH + 2_400_000)]


bars = st.tuples(
    st.integers(50_000, 150_000),
    st.integers(0, 3_000),
    st.integers(0, 3_000),
    st.integers(-3_000, 3_000),
    st.integers(0, 50_000),
)
actions = st.tuples(
    st.sampled_from(["BTC/USDT", "ETH/USDT"]),
    st.sampled_from(Side),
    st.sampled_from(OrderType),
    st.integers(1, 40_000),
    st.integers(-3_000, 3_000),
    st.booleans(),
    st.integers(0, LENGTH),
)


def played_from(rows: list[tuple[int, int, int, int, int]]) -> Played:
    played = Played()
    for slot, (start, up, down, change, volume) in enumerate(rows):
        for symbol in ("BTC/USDT", "ETH/USDT"):
            close = start + change
            high, low = max(start, close) + up, min(start, close) - down
            played.rows[symbol, slot * LENGTH] = TickBar(slot * LENGTH, start, high, low, close, volume)
    return played


def act(venue: Exchange, action: tuple[str, Side, OrderType, int, int, bool, int], number: int) -> None:
    symbol, side, kind, lots, offset, immediate, wait = action
    traded = venue.instruments[symbol]
    price = ((venue.books[symbol].walk.price or 1) + offset) * traded.tick
    limit = price if kind is OrderType.LIMIT else None
    stop = price if kind is OrderType.STOP_LOSS else None
    wanted = Ticket("main", symbol, f"c{number}", side, kind, lots * traded.lot, limit, stop, immediate)
    try:
        order, _ = venue.place(wanted)
        if number % 5 == 0:
            venue.cancel(order)
    except Denied:
        pass
    venue.advance(venue.now + wait)


@settings(max_examples=120)
@given(st.lists(bars, min_size=2, max_size=5), st.lists(actions, max_size=25))
def test_money_is_conserved_and_prices_are_fair(rows, chosen):
    venue = exchange(played_from(rows))
    for number, action in enumerate(chosen):
        act(venue, action, number)
        funds = venue.funds.accounts["main"]
        assert all(amount >= 0 for part in (funds.free, funds.locked) for amount in part.values())
    expected = defaultdict(Decimal, START)
    for trade in venue.trades:
        traded = venue.instruments[trade.symbol]
        expected[traded.base] += trade.side.sign * trade.quantity
        expected[traded.quote] -= trade.side.sign * trade.price * trade.quantity
        expected[trade.fee_currency] -= trade.fee
        order = venue.orders[trade.order_id]
        ticks = int(trade.price / traded.tick)
        if order.limit is not None:
            assert (ticks - order.limit) * order.side.sign <= 0
        if not trade.maker:
            lows, highs = zip(
                *((bar.low, bar.high) for (name, _), bar in venue._bars.rows.items() if name == trade.symbol),
                strict=True,
            )
            reach = LEVELS * half_spread(max(highs), BPS)
            assert min(lows) - reach <= ticks <= max(highs) + reach
    assert {c: funds_total(venue, c) for c in START} == {c: expected[c] for c in START}
    locked = sum(order.open for order in venue.orders.values())
    assert locked == len(venue.open_orders("main"))
    if not locked:
        assert not any(venue.funds.accounts["main"].locked.values())


def funds_total(venue: Exchange, currency: str) -> Decimal:
    funds = venue.funds.accounts["main"]
    return funds.free.get(currency, Decimal(0)) + funds.locked.get(currency, Decimal(0))


@settings(max_examples=40)
@given(st.lists(bars, min_size=2, max_size=4), st.lists(actions, max_size=12))
def test_the_same_calls_give_the_same_venue(rows, chosen):
    venues = [exchange(played_from(rows)) for _ in range(2)]
    for venue in venues:
        for number, action in enumerate(chosen):
            act(venue, action, number)
    first, second = venues
    assert first.trades == second.trades
    assert list(first.orders.values()) == list(second.orders.values())
    assert first.funds.accounts["main"].free == second.funds.accounts["main"].free


def standing(venue: Exchange) -> list[object]:
    """All that what comes next depends on."""
    walks = [book.walk for book in venue.books.values()]
    funds = venue.funds.accounts["main"]
    return [
        venue.now,
        *[(walk.price, walk.course.corner, walk.trading, walk.so_far()) for walk in walks],
        *[list(walk.levels(side)) for walk in walks for side in Side],
        list(venue.orders.values()),
        list(venue.trades),
        (funds.free, {currency: amount for currency, amount in funds.locked.items() if amount}),
    ]


def walked(venue: Exchange, to: int) -> list[Trade]:
    """Advance without leaving anything out."""
    with patch("trading.simulation.exchange.pass_bars", return_value=False):
        return venue.advance(to)


@settings(max_examples=80)
@given(st.lists(bars, min_size=2, max_size=8), st.lists(actions, max_size=8), st.sets(st.integers(0, 7), max_size=3))
def test_a_market_that_meets_nobody_is_left_out_and_nothing_else_changes(rows, chosen, holes):
    played = played_from(rows)
    for slot in holes:
        played.rows.pop(("ETH/USDT", slot * LENGTH), None)
    brief, whole = exchange(played), exchange(played)
    for number, action in enumerate(chosen):
        # Now and then several bars pass at once.
        wait = action[-1] + number % 3 * 2 * LENGTH
        for venue in (brief, whole):
            act(venue, (*action[:-1], 0), number)
        to = whole.now + wait
        while True:
            seen = [brief.advance(to), walked(whole, to)]
            assert seen[0] == seen[1]
            assert standing(brief) == standing(whole)
            if not seen[0]:
                break
        assert brief.settled(to)


def test_what_is_booked_late_is_not_left_out():
    for advance in (Exchange.advance, walked):
        venue = quiet()
        venue.place(ticket(Side.BUY, OrderType.MARKET, "1"), Slices(2, LENGTH + 60_000))
        booked = []
        while fills := advance(venue, 5 * LENGTH):
            booked += [(one.at, one.quantity) for one in fills]
        assert booked == [(2 * LENGTH + 60_000, Decimal("0.5")), (3 * LENGTH + 120_000, Decimal("0.5"))]
        assert venue.now == 5 * LENGTH


def test_each_stop_within_one_millisecond_is_a_moment_of_its_own():
    opened = quiet()
    assert opened.moment == moment_of(opened.now)
    bar = TickBar(2 * LENGTH, 100_000, 100_000, 90_000, 100_000, 10_000_000)
    played = Played({("BTC/USDT", at): one for at, one in flat(100_000, 5).items()} | {("BTC/USDT", bar.opened): bar})
    opened = exchange(played)
    for number, limit in enumerate(("990", "980", "970")):
        opened.place(
            Ticket("main", "BTC/USDT", f"bid{number}", Side.BUY, OrderType.LIMIT, Decimal("0.1"), limit=Decimal(limit))
        )
    seen = [(opened.now, opened.moment) for _ in iter(lambda: opened.advance(3 * LENGTH), [])]
    assert len(seen) == 3
    assert len({now for now, _ in seen}) == 1
    assert [moment - moment_of(now) for now, moment in seen] == [timedelta(microseconds=n) for n in (1, 2, 3)]
    assert opened.moment == moment_of(3 * LENGTH)
