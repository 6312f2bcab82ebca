"""Depth features rest on the last sound book that was known before the bar closed."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from adapters.store.database import Database
from adapters.store.frames import Store
from adapters.store.market_rows import book_row, frame
from assets.features.depth_features import depth_features
from tests.integration.assets.feature_days import hours, materialise, stored
from tests.integration.assets.traded_book import START, SYMBOLS, VENUE
from trading.order_book import BookState, Level, OrderBook

pytestmark = [
    # Dagster calls what pydantic has deprecated.
    pytest.mark.filterwarnings("ignore::DeprecationWarning:dagster.*"),
]


def store(book: Database, at: datetime, half_spread: str, state: BookState = BookState.LIVE, late: float = 0) -> None:
    """Store a book of `at` whose best prices lie so far from 100; `late` seconds it became known after."""
    half = Decimal(half_spread)
    sides = (tuple(Level(100 + sign * half * (n + 1), Decimal(50)) for n in range(12)) for sign in (-1, 1))
    told = OrderBook(SYMBOLS[0], *sides, ts=at) if state is BookState.LIVE else None
    row = book_row(VENUE, SYMBOLS[0], told, state, at + timedelta(seconds=late))
    Store(book, "collector", "0").write("market.order_books", frame("market.order_books", [row]))


def test_the_last_sound_book_known_at_the_close_counts(book: Database) -> None:
    store(book, START + hours(0.2), "1")
    store(book, START + hours(0.9), "0.5")
    store(book, START + hours(1.3), "0.2")
    store(book, START + hours(1.99), "0.1", late=120)  # known only in the next bar
    store(book, START + hours(2.3), "0.2")
    store(book, START + hours(2.4), "0", state=BookState.BROKEN)
    store(book, START + hours(4), "0.4")
    materialise(depth_features)
    rows = stored(book, "features.depth_features", "knowledge_ts", "spread_bps", "imbalance_5", "buy_impact_bps")
    assert [(row[1], round(row[3], 9)) for row in rows.rows()] == [
        (START, 100.0),
        (START + hours(1), 40.0),
        (START + hours(4), 80.0),
    ]
    assert set(rows["symbol"]) == {SYMBOLS[0]}
    assert (rows["knowledge_ts"] - rows["ts"]).unique().to_list() == [hours(1)]
    materialise(depth_features)
    assert stored(book, "features.depth_features", "knowledge_ts").height == rows.height
