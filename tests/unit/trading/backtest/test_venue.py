"""The venue of a backtest that sleeps: it ends where one that walked would have, and never sleeps through a fill."""

import random
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from tests.unit.trading.backtest.made import BTC, ETH, HOUR, START
from trading.backtest.venue import Venue
from trading.order import OrderType, Side
from trading.simulation.filters import Ticket
from trading.simulation.grid import GridBars
from trading.simulation.path import TickBar
from trading.timeframe import milliseconds_of

D = Decimal
LENGTH, BEGINS = HOUR.milliseconds, milliseconds_of(START)
STEPS, MARKETS = 12, 300


def market(chance: random.Random) -> GridBars:
    """Two symbols with holes and still bars, each with a first bar before the start, or without."""
    made = GridBars([BTC.symbol, ETH.symbol])
    for symbol in (BTC.symbol, ETH.symbol):
        price, bars = 10_000, list[TickBar]()
        for step in range(-1, STEPS + 1):
            opened, close = price + chance.choice([0, chance.randint(-300, 300)]), price + chance.randint(-300, 300)
            high, low = max(opened, close) + chance.randint(0, 200), min(opened, close) - chance.randint(0, 200)
            volume = chance.choice([0, 50_000, 1_000_000])
            if chance.random() < 0.75:
                bars.append(TickBar(BEGINS + step * LENGTH, opened, high, low, close, volume))
                price = close
        made.append(symbol, bars)
    return made


def venue(bars: GridBars) -> Venue:
    made = Venue(instruments=[BTC, ETH], bars=bars, length=LENGTH, start=BEGINS, half_spread_bps=D(1))
    made.admit("book", {"USDT": D(10**6), "BTC": D(1000), "ETH": D(1000)})
    return made


def order(symbol: str, side: Side, kind: OrderType, quantity: str = "9", price: int | None = None) -> Ticket:
    level = None if price is None else D(price) * BTC.tick
    stop, limit = (level, None) if kind is OrderType.STOP_LOSS else (None, level)
    return Ticket("book", symbol, "", side, kind, D(quantity), limit=limit, stop=stop)


def offered(made: Venue) -> list[Any]:
    """What the market shows and offers now, and what it says of the bar so far."""
    sides = (Side.BUY, Side.SELL)
    return [made.now] + [
        (book.walk.price, book.walk.trading, book.walk.so_far(), [list(book.walk.levels(side)) for side in sides])
        for book in made.books.values()
    ]


def test_one_that_has_slept_is_where_one_is_that_walked(seed: int) -> None:
    for number in range(MARKETS):
        chance = random.Random(seed + number)
        bars = market(chance)
        walked, slept = venue(bars), venue(bars)
        for step in sorted(chance.sample(range(STEPS), 4)):
            at = BEGINS + step * LENGTH
            for each in range(walked.now + LENGTH, at + 1, LENGTH):
                assert walked.advance(each) == []
            slept.catch_up(at)
            assert offered(slept) == offered(walked), f"seed {seed + number}"
            # What was eaten before is forgotten in the same way.
            one = order(BTC.symbol, Side.BUY, OrderType.MARKET, "0.5")
            assert [made.place(one)[1] for made in (slept,)] == [made.place(one)[1] for made in (walked,)]


def test_where_it_may_sleep_nothing_fills_and_what_it_shows_is_the_price_at_the_open(seed: int) -> None:
    told = {"sleeps": 0, "wakes": 0}
    for number in range(MARKETS):
        chance = random.Random(seed + number)
        bars = market(chance)
        made = venue(bars)
        for step in range(STEPS):
            at = BEGINS + step * LENGTH
            assert [bars.shows(symbol, at) for symbol in made.books] == [one.walk.price for one in made.books.values()]
            rest(made, chance)
            sleeps, trades = made.sleeps(at), walk(made, at + LENGTH)
            assert not (sleeps and trades), f"seed {seed + number}"
            told["sleeps" if sleeps else "wakes"] += bool(made.open_orders("book")) or bool(trades)
    assert min(told.values()) > 100


def rest(made: Venue, chance: random.Random) -> None:
    """Sometimes place an order that rests."""
    symbol = chance.choice(list(made.books))
    price = made.books[symbol].walk.price
    if price is None or chance.random() < 0.5:
        return
    away = chance.randint(1, 400)
    kinds = [(Side.SELL, OrderType.STOP_LOSS, -away), (Side.BUY, OrderType.LIMIT, -away)]
    side, kind, distance = chance.choice([*kinds, (Side.SELL, OrderType.LIMIT, away)])
    made.place(order(symbol, side, kind, price=price + distance))


def walk(made: Venue, to: int) -> Sequence[Any]:
    """Go on to `to` and return all that filled."""
    found: list[Any] = []
    while trades := made.advance(to):
        found += trades
    return found
