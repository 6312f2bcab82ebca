"""Books, trades and events in the database: exact, versioned, and the same batch twice adds nothing."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from adapters.store.database import Database
from adapters.store.frames import Store
from adapters.store.market_rows import BookEvent, book_row, candle_row, event_row, frame, funding_row, trade_row
from trading.candle import Candle, CandleUpdate
from trading.errors import BadData
from trading.order import Side
from trading.order_book import BookState, Level, OrderBook
from trading.trade import Trade

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
VENUE, SYMBOL = "binance", "BTC/USDT"
LONG = Decimal("61602.01000000000000000001")


@pytest.fixture
def opened(database: str) -> Iterator[Database]:
    with Database(database) as pool:
        yield pool


def book(price: Decimal = LONG, sequence: int | None = 7) -> OrderBook:
    bids = (Level(price, Decimal("0.1")), Level(Decimal(99), Decimal(2)))
    return OrderBook("BTCUSDT", bids, (Level(Decimal(70000), Decimal(1)),), sequence, AT)


def prints(count: int) -> list[Trade]:
    moments = (AT + timedelta(milliseconds=n // 3) for n in range(count))  # several within one millisecond
    return [
        Trade("BTCUSDT", f"{n}", ts, LONG, Decimal("1e-9"), Side.BUY if n % 2 else None) for n, ts in enumerate(moments)
    ]


def test_the_same_batch_twice_adds_nothing(opened: Database) -> None:
    store = Store(opened, "run", "0")
    batches = {
        "market.order_books": [book_row(VENUE, SYMBOL, book(), BookState.LIVE, AT)],
        "market.public_trades": [trade_row(VENUE, SYMBOL, trade, AT) for trade in prints(1000)],
        "market.funding_rates": [funding_row(VENUE, SYMBOL, AT, Decimal("-0.0000236017"), AT)],
        "market.live_candles": [
            candle_row(
                VENUE,
                SYMBOL,
                CandleUpdate("B", "1m", Candle(AT, 1, 3, 1, 2, 5), closed=True),
                AT + timedelta(minutes=1),
            )
        ],
        "market.book_events": [
            event_row(VENUE, BookEvent(SYMBOL, AT, "QUARANTINED", "odd \x00 \ud800", "{\x00\ud800}"))
        ],
    }
    for table, rows in batches.items():
        assert store.write(table, frame(table, rows), AT) == len(rows), table
        assert store.write(table, frame(table, rows), AT + timedelta(hours=1)) == 0, table
        more = [*rows, *rows[:1]]
        assert store.write(table, frame(table, more), AT + timedelta(hours=1)) == 0, table
    with opened.transaction() as connection:
        assert connection.execute("select count(*) as n from market.public_trades").fetchone() == {"n": 1000}
        stored = connection.execute("select bids, asks, sequence from market.order_books").fetchone()
        assert stored == {"bids": [[LONG, Decimal("0.1")], [99, 2]], "asks": [[70000, 1]], "sequence": 7}
        raw = connection.execute("select raw from market.book_events").fetchone()
        assert raw == {"raw": "{\x00\ud800}".encode("utf-8", "surrogatepass")}


def test_later_trades_are_copied_and_earlier_ones_still_found(opened: Database) -> None:
    store, all_of_them = Store(opened, "run", "0"), prints(90)
    for part in (all_of_them[:30], all_of_them[60:], all_of_them[30:60], all_of_them):
        store.write(
            "market.public_trades", frame("market.public_trades", [trade_row(VENUE, SYMBOL, t, AT) for t in part])
        )
    with opened.transaction() as connection:
        assert connection.execute("select count(*) as n from market.public_trades_current").fetchone() == {"n": 90}


def test_a_changed_book_is_a_new_version(opened: Database) -> None:
    store, later = Store(opened, "run", "0"), AT + timedelta(seconds=5)
    store.write(
        "market.order_books", frame("market.order_books", [book_row(VENUE, SYMBOL, book(), BookState.LIVE, AT)])
    )
    changed = frame("market.order_books", [book_row(VENUE, SYMBOL, book(Decimal(100)), BookState.LIVE, AT)])
    assert store.write("market.order_books", changed, later) == 1
    with opened.transaction() as connection:
        now = connection.execute("select bids[1][1] as best from market.order_books_current").fetchone()
        assert now == {"best": 100}
        assert connection.execute("select count(*) as n from market.order_books").fetchone() == {"n": 2}


@pytest.mark.parametrize("state", [BookState.BROKEN, BookState.SYNCING])
def test_a_book_that_may_not_be_believed_has_no_levels(opened: Database, state: BookState) -> None:
    store = Store(opened, "run", "0")
    with pytest.raises(BadData):
        store.write("market.order_books", frame("market.order_books", [book_row(VENUE, SYMBOL, book(), state, AT)]))
    assert (
        store.write("market.order_books", frame("market.order_books", [book_row(VENUE, SYMBOL, None, state, AT)])) == 1
    )


def test_a_crossed_book_does_not_come_in(opened: Database) -> None:
    crossed = book_row(VENUE, SYMBOL, book(Decimal(70001)), BookState.LIVE, AT)
    with pytest.raises(BadData):
        Store(opened, "run", "0").write("market.order_books", frame("market.order_books", [crossed]))
