"""Garbled payloads: never an error, and nothing enters a book but well-formed levels.

TRADEWIND_TEST_FUZZ_PAYLOADS sets how many; 200,000 is the long form.
"""

import os
import random
from collections import Counter
from decimal import Decimal
from typing import Any

from adapters.exchange.streams.books import Books
from adapters.exchange.streams.message import Where
from adapters.exchange.streams.reader import read
from tests.unit.adapters.exchange.garble import garbled
from tests.unit.adapters.exchange.streams.samples import SAMPLES
from trading.candle import CandleUpdate
from trading.market.book_keeper import BookKeeper
from trading.order_book import BookState, BookUpdate, Fate
from trading.trade import Trade

PAYLOADS = int(os.environ.get("TRADEWIND_TEST_FUZZ_PAYLOADS") or 5_000)
MARKETS = ("BTCUSDT", "BTC-USD", "XBT/USD", "BTC/USD", "PI_XBTUSD", "BTC-USDT")


def sound() -> dict[str, BookKeeper]:
    """Return books of all the markets of the samples, alive and before the numbers of the samples."""
    keepers = {market: BookKeeper(market) for market in MARKETS}
    for market, keeper in keepers.items():
        keeper.take(BookUpdate(market, [["99", "1"]], [["100", "1"], ["101", "1"]], snapshot=True, last=4))
    return keepers


def rows(keepers: dict[str, BookKeeper]) -> dict[str, Any]:
    return {market: keeper.depth.best_rows(100) for market, keeper in keepers.items()}


def test_nothing_garbled_enters_a_book(seed: int) -> None:
    chance, seen = random.Random(seed), Counter[str]()
    for number in range(PAYLOADS):
        venue, text, where, _ = SAMPLES[number % len(SAMPLES)]
        payload, keepers = garbled(chance, text), sound()
        before, reading = rows(keepers), read(venue, payload, where)
        taken = Books(keepers).take(reading)
        seen["unreadable" if reading.reason else "readable"] += 1
        if reading.reason:
            assert (reading.raw, reading.events, rows(keepers)) == (payload, (), before)
        for keeper, fate in taken:
            seen[fate] += 1
            if fate is not Fate.APPLIED:
                assert keeper.depth.best_rows(100) == before.get(keeper.market, ([], [])), payload
        for keeper in keepers.values():
            well_formed(keeper)
        for event in reading.events:
            if isinstance(event, Trade):
                assert event.price > 0 < event.quantity
            if isinstance(event, CandleUpdate):
                assert event.candle.high >= event.candle.low > 0 <= event.candle.volume
    print(dict(seen))
    assert seen["unreadable"] > PAYLOADS / 4
    assert seen["readable"] > PAYLOADS / 20
    assert seen[Fate.REFUSED] > PAYLOADS / 500


def well_formed(keeper: BookKeeper) -> None:
    bids, asks = keeper.depth.best(100)
    prices = [level.price for level in (*bids[::-1], *asks)]
    assert all(Decimal(0) < level.price < Decimal("1e30") and level.quantity > 0 for level in (*bids, *asks))
    if keeper.state is BookState.LIVE:
        assert bids
        assert asks
        assert prices == sorted(set(prices))


def test_an_unreadable_message_breaks_the_books_whose_numbers_would_not_show_it() -> None:
    for text, broken in (
        ('{"type":"l2update","product_id":"A","changes":[["buy",null,"1"]]}', {"A"}),
        ("{\x00", {"A", "B"}),
        ("x", {"A", "B"}),
        ('{"type":"new","product_id":"A"}', set()),
    ):
        keepers: dict[str, BookKeeper] = {}
        books = Books(keepers)
        for market in "AB":
            snapshot = f'{{"type":"snapshot","product_id":"{market}","bids":[["1","1"]],"asks":[["2","1"]]}}'
            books.take(read("coinbaseexchange", snapshot))
        books.take(read("coinbaseexchange", text, Where()))
        assert {market for market, keeper in keepers.items() if keeper.state is BookState.BROKEN} == broken
