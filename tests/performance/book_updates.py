"""Book changes from a venue's parsed message to the sorted book: ours, exact and checked, against ccxt.pro's own."""

import json
import random
import time
from typing import Any

from adapters.exchange.streams import binance
from adapters.exchange.streams.message import Where
from tests.performance.bench import Measured, lower_is_better
from trading.market.book_keeper import BookKeeper
from trading.order_book import BookUpdate

MESSAGES, CHANGES, LEVELS, ROUNDS = 4_000, 60, 1_000, 5
MARKET = "BTCUSDT"


def throughput() -> Measured:
    """Both books take the same messages in turn; at the end they must hold the same levels."""
    import ccxt.pro

    snapshot, changes = market()
    venue, mine, theirs = ccxt.pro.binance(), [], []
    count = sum(len(change["b"]) + len(change["a"]) for change in changes)
    for _ in range(ROUNDS):
        seconds, keeper = _ours(snapshot, changes)
        mine.append(seconds / count * 1e6)
        seconds, book = _peer(venue, snapshot, changes)
        theirs.append(seconds / count * 1e6)
        bids, asks = keeper.depth.best_rows(LEVELS)
        assert [[float(n) for n in row[:2]] for row in bids] == [list(row) for row in list(book["bids"])[:LEVELS]]
        assert [[float(n) for n in row[:2]] for row in asks] == [list(row) for row in list(book["asks"])[:LEVELS]]
    return lower_is_better(
        "book_updates", mine, theirs, "us per level", "one core, from the parsed message; peer: ccxt.pro"
    )


def market() -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return a snapshot and the changes after it, seeded, most of them near the best prices, as JSON gives them."""
    chance, middle, messages = random.Random(7), 6_180_000.0, []
    held = {"b": set(range(6_179_000, 6_180_000)), "a": set(range(6_180_001, 6_181_001))}
    snapshot = {"lastUpdateId": 0} | {
        whole: [[f"{tick / 100:.2f}", "1.00000000"] for tick in held[name]]
        for name, whole in (("b", "bids"), ("a", "asks"))
    }
    for number in range(1, MESSAGES + 1):
        middle += chance.gauss(0, 10)
        sides = {}
        for name, sign in (("b", -1), ("a", 1)):
            gone = {tick for tick in held[name] if (tick - middle) * sign <= 0}
            set_to = {
                round(middle + sign * (2 + abs(chance.gauss(0, 400)))): chance.choice((0.0, chance.random()))
                for _ in range(CHANGES // 2)
            }
            held[name] = (held[name] - gone - set_to.keys()) | {tick for tick, quantity in set_to.items() if quantity}
            rows = dict.fromkeys(sorted(gone), 0.0) | set_to
            sides[name] = [[f"{tick / 100:.2f}", f"{quantity:.8f}"] for tick, quantity in rows.items()]
        messages.append({"e": "depthUpdate", "E": 1_700_000_000_000, "s": MARKET, "U": number, "u": number, **sides})
    return _as_text(snapshot), [_as_text(message) for message in messages]


def _as_text(message: dict[str, Any]) -> dict[str, Any]:
    return json.loads(json.dumps(message), parse_float=str, parse_int=str)


def _ours(snapshot: dict[str, Any], changes: list[dict[str, Any]]) -> tuple[float, BookKeeper]:
    keeper, nowhere = BookKeeper(MARKET), Where()
    _take(keeper, binance.read(snapshot, Where(MARKET)))
    began = time.perf_counter()
    for change in changes:
        _take(keeper, binance.read(change, nowhere))
    seconds = time.perf_counter() - began
    assert keeper.tally.applied == len(changes) + 1, keeper.reason
    return seconds, keeper


def _take(keeper: BookKeeper, events: list[Any]) -> None:
    for event in events:
        assert isinstance(event, BookUpdate)
        keeper.take(event)


def _peer(venue: Any, snapshot: dict[str, Any], changes: list[dict[str, Any]]) -> tuple[float, Any]:
    sides = {name: [[float(n) for n in row] for row in snapshot[name]] for name in ("bids", "asks")}
    book = venue.order_book(sides)
    began = time.perf_counter()
    for change in changes:
        venue.handle_order_book_message(None, change, book)
    return time.perf_counter() - began, book
