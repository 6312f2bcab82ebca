"""Some history of every market table that is archived: versions, odd symbols, exact numbers, arrays and bytes."""

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import polars as pl

from adapters.store import hot_and_cold
from adapters.store.database import Database
from adapters.store.frames import Store
from adapters.store.market_rows import BookEvent, book_row, event_row, frame, funding_row, trade_row
from trading.candle import TS
from trading.order import Side
from trading.order_book import BookState, Level, OrderBook
from trading.trade import Trade

START = datetime(2024, 1, 30, tzinfo=UTC)
NOW = START + timedelta(days=400)
SYMBOLS = ("BTC/USDT", "it's=100% odd/€")
TABLES = (
    "market.book_events",
    "market.candles",
    "market.funding_rates",
    "market.order_books",
    "market.public_trades",
)


def candles(symbol: str, count: int = 96, close: float = 100.0) -> pl.DataFrame:
    ts = pl.Series([START + timedelta(hours=n) for n in range(count)], dtype=TS)
    return pl.DataFrame({"ts": ts}).with_columns(
        venue=pl.lit("v"),
        symbol=pl.lit(symbol),
        timeframe=pl.lit("1h"),
        knowledge_ts=pl.col("ts") + timedelta(hours=1),
        open=pl.lit(close),
        high=pl.lit(close + 0.1),
        low=pl.lit(close / 3),
        close=pl.lit(close),
        volume=pl.int_range(pl.len()).cast(pl.Float64) / 7,
    )


def fill(database: Database, seed: int) -> None:
    """Write four days, at the turn of a month, to each table; some candles are revised later."""
    chance, store = random.Random(seed), Store(database, "run", "code")
    for symbol in SYMBOLS:
        store.write("market.candles", candles(symbol), NOW)
        revised = candles(symbol).sample(fraction=0.2, seed=seed).with_columns(pl.col("high") + 1)
        store.write("market.candles", revised, NOW + timedelta(days=1))
        times = [START + timedelta(minutes=7 * n) for n in range(800)]
        amounts = [Decimal(chance.randrange(1, 10**12)).scaleb(-chance.randrange(2, 18)) for _ in times]
        trades = [
            trade_row("v", symbol, Trade(symbol, f"{n}", at, amount, amount * 3, chance.choice((Side.BUY, None))), at)
            for n, (at, amount) in enumerate(zip(times, amounts, strict=True))
        ]
        book = [
            book_row("v", symbol, OrderBook(symbol, (Level(a, a),), (Level(2 * a, a),), 1, at), BookState.LIVE, at)
            for at, a in zip(times[::50], amounts, strict=False)
        ]
        funding = [funding_row("v", symbol, at, Decimal("-0.000100"), at) for at in times[::60]]
        events = [event_row("v", BookEvent(symbol, at, "BROKEN", "why", '{"a": "ü"}')) for at in times[::90]]
        rows = dict(zip(TABLES[2:], (funding, book, trades), strict=True)) | {TABLES[0]: events}
        for table, some in rows.items():
            assert store.write(table, frame(table, some), NOW) == len(some)


def answers(database: Database) -> dict[str, list[tuple[object, ...]]]:
    """Return what is asked of history in both ways: rows as of several times, and DuckDB's sums."""
    found: dict[str, list[tuple[object, ...]]] = {}
    for table in TABLES:
        for at in (None, NOW, START + timedelta(days=2)):
            found[f"{table} at {at}"] = hot_and_cold.read(database, table, {}, known=at, stored_by=at).rows()
    one = {"symbol": SYMBOLS[1]}
    window = (START + timedelta(hours=30), START + timedelta(hours=60))
    found["one market"] = hot_and_cold.read(database, "market.candles", one, *window).rows()
    with hot_and_cold.opened(database, TABLES) as duck:
        for table in TABLES:
            found[f"duck {table}"] = duck.sql(f"select * from {table} order by all").fetchall()
        query = (
            "select venue, symbol, count(*), max(price), sum(quantity) from market.public_trades_current"
            " where ts >= '2024-01-31' and symbol <> '' group by all order by all"
        )
        found["duck sums"] = duck.sql(query).fetchall()
    with hot_and_cold.opened(database, ["market.candles"], one, *window) as duck:
        found["duck window"] = duck.sql("select * from market.candles_current order by ts").fetchall()
    assert all(found[name] for name in found if f"{START + timedelta(days=2)}" not in name)
    return found
