"""A book that has traded for two days: candles, deposits, orders with their reasons, fills, journals."""

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import polars as pl
from psycopg.types.json import Jsonb

from adapters.store import accounts, books, fills, ledger, orders, parameters
from adapters.store.database import Connection, Database
from adapters.store.frames import Store
from trading.accounting import journal
from trading.fill import Fill
from trading.instrument import Instrument
from trading.limits import Limits
from trading.money import floor_to
from trading.order import Leg, OrderKey, OrderRequest, OrderType, Side
from trading.simulation.random_market import DEFAULT_SPECS, bars
from trading.timeframe import Timeframe

BOOK, VENUE, HOUR = "two-days", "random-5", timedelta(hours=1)
START = datetime(2024, 3, 1, 20, tzinfo=UTC)
DAYS = ("2024-03-01", "2024-03-02")
SYMBOLS = ("BTC/USDT", "ETH/USDT")
_STEP = Decimal("0.00001")


def open_book(database: Database) -> None:
    """Write the book up to its deposits; its bars end with the second day."""
    chosen = {
        "venue": VENUE,
        "timeframe": "1h",
        "symbols": list(SYMBOLS),
        "quote": "USDT",
        "strategies": ["mean_reversion"],
        "horizon": 4,
        "seed": 5,
        "history_start": (START - 48 * HOUR).isoformat(),
        "window_start": START.isoformat(),
    }
    panel = bars(5, DEFAULT_SPECS[:2], Timeframe.parse("1h"), START - 48 * HOUR, START + 28 * HOUR)
    store = Store(database, "test", "0")
    keys = {"venue": pl.lit(VENUE), "timeframe": pl.lit("1h"), "knowledge_ts": pl.col("ts") + HOUR}
    store.write("market.candles", panel.with_columns(**keys))
    with database.transaction() as connection:
        books.open_book(connection, BOOK, chosen, 28)
        parameters.ensure_limits(connection, Limits(), "test", "defaults")
        owners = [("mean_reversion", symbol) for symbol in SYMBOLS]
        accounts.fund(connection, BOOK, owners, "USDT", Decimal("100000.01"), START)


def trade(
    database: Database, number: int, at: datetime, symbol: str, side: Side, quantity: str, price: str, reason: str
) -> None:
    """Write one market order that was filled at once; buyers pay their fee in base, sellers in quote."""
    amount, paid = Decimal(quantity), Decimal(price)
    base, quote = symbol.split("/")
    buys = side is Side.BUY
    fee = amount * Decimal("0.001") if buys else amount * paid * Decimal("0.001")
    with database.transaction() as connection:
        key = OrderKey(f"signal-{number}", 1, Leg.ENTRY if buys else Leg.EXIT)
        _decided(connection, key, at, symbol, reason)
        kind = OrderType.MARKET
        request = OrderRequest(key, BOOK, "mean_reversion", VENUE, symbol, side, kind, amount, paid)
        order = orders.create(connection, request, 1, 1, at)
        trade_id = str(number)
        fill = Fill(
            VENUE, symbol, trade_id, trade_id, order.client_id, side, paid, amount, fee, base if buys else quote, at
        )
        fills.add(connection, BOOK, [fill], at)
        zero = Decimal(0)
        instrument = Instrument(VENUE, symbol, base, quote, _STEP, _STEP, _STEP, zero, zero, zero)
        hold = journal.reserve(request, order.client_id, instrument, Decimal("0.02"))
        ledger.post(connection, hold, BOOK, "mean_reversion", symbol, at)
        ledger.post(connection, journal.fill(BOOK, fill, instrument), BOOK, "mean_reversion", symbol, at)


def trade_at_random(database: Database, chance: random.Random) -> None:
    """Write some thirty orders over both days, what is sold being there: at the start, at midnight, and in between."""
    held = dict.fromkeys(SYMBOLS, Decimal(0))
    moments = [START, START + 4 * HOUR, *(START + timedelta(seconds=chance.randint(1, 27 * 3600)) for _ in range(28))]
    for number, at in enumerate(sorted(moments), 1):
        symbol = chance.choice(SYMBOLS)
        price = Decimal(chance.randint(1_000_000, 9_000_000_000)) / 10**6
        sells = held[symbol] > Decimal("0.01") and chance.random() < 0.5
        share = Decimal(chance.choice(["1", "0.5", "0.333"]))
        quantity = held[symbol] * share if sells else Decimal(chance.randint(10**5, 10**7)) / 10**8
        quantity = floor_to(quantity, _STEP)
        trade(database, number, at, symbol, Side.SELL if sells else Side.BUY, str(quantity), str(price), "by chance")
        held[symbol] += -quantity if sells else quantity * Decimal("0.999")


def _decided(connection: Connection, key: OrderKey, at: datetime, symbol: str, reason: str) -> None:
    connection.execute(
        "insert into signals.strategy_signals (signal_id, book, strategy, venue, symbol, timeframe, ts, decided_at,"
        " valid_until, exposure, volatility, reference_price, reason, model_id, feature_hash, candle_hash,"
        " config_version, run_id, code_version) values (%s, %s, 'mean_reversion', %s, %s, '1h', %s, %s, %s, 0.5, 0.01,"
        " 1, %s, 'm', 'f', 'c', 1, 'test', '0')",
        (key.signal_id, BOOK, VENUE, symbol, at - HOUR, at, at + HOUR, reason),
    )
    connection.execute(
        "insert into trading.inbox (signal_id, book, body_hash, body, status, reason, received_at, cluster_id, topic,"
        " partition, offset_) values (%s, %s, '', %s, 'ACCEPTED', '', %s, 'c', 't', 0, 0)",
        (key.signal_id, BOOK, Jsonb({"strategy": "mean_reversion", "symbol": symbol}), at),
    )
    connection.execute(
        "insert into trading.risk_decisions (signal_id, decision_no, book, strategy, symbol, trigger_, verdict, reason,"
        " current_quantity, target_quantity, inputs, inputs_hash, limits_version, decided_at)"
        " values (%s, 1, %s, 'mean_reversion', %s, 'signal', 'TRADE', 'volatility_target', 0, 1, '{}', '', 1, %s)",
        (key.signal_id, BOOK, symbol, at),
    )
