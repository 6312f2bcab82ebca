"""The book of two days with something behind every view of analytics: trades, a quote, a refusal, a gate, news."""

from datetime import timedelta
from decimal import Decimal

from adapters.store.database import Connection, Database
from tests.integration.assets.traded_book import BOOK, HOUR, START, SYMBOLS, VENUE, open_book, trade
from trading.order import Side

#: number, bars after START, symbol, side, quantity, price
TRADES = (
    (1, 0, "BTC/USDT", Side.BUY, "0.3", "61234.57"),
    (2, 3, "ETH/USDT", Side.BUY, "3.3333333333", "3210.0123456789"),
    (3, 4, "BTC/USDT", Side.SELL, "0.1", "61999.99"),
    (4, 9, "BTC/USDT", Side.BUY, "0.05", "60999.37"),
)
#: The last of them was a bid that rested.
QUOTE = 4
REFERENCE = Decimal("60000")
CLOSED, OPENED = START + 5 * HOUR, START + 7 * HOUR
#: ts, cash, positions, equity
CURVE = (
    (START, "100000.01", "0", "100000.01"),
    (START + 6 * HOUR, "90000", "11000", "101000"),
    (START + 7 * HOUR, "90000", "9000.5", "99000.5"),
)


def open_and_trade(database: Database) -> None:
    """Write all of it into a migrated database."""
    open_book(database)
    for number, bars, symbol, side, quantity, price in TRADES:
        trade(database, number, START + bars * HOUR, symbol, side, quantity, price, f"reason {number}")
    with database.transaction() as connection:
        connection.execute("update signals.strategy_signals set reference_price = %s", (REFERENCE,))
        connection.execute("update trading.orders set leg = 'bid1' where signal_id = %s", (f"signal-{QUOTE}",))
        connection.execute("update trading.orders set state = 'FILLED', filled = quantity, venue_order_id = client_id")
        _refuse(connection)
        _close_and_open(connection)
        _value(connection)
        _tell_news(connection)


def _refuse(connection: Connection) -> None:
    """Add two signals: one that was denied, one that has not come yet."""
    for number, at in ((5, START + 6 * HOUR), (6, START + 8 * HOUR)):
        connection.execute(
            "insert into signals.strategy_signals select %s, book, strategy, venue, %s, timeframe, %s, %s, %s,"
            " exposure, stop, volatility, reference_price, 'wanted', model_id, feature_hash, candle_hash,"
            " forecast_hash, regime, config_version, run_id, code_version"
            " from signals.strategy_signals where signal_id = 'signal-1'",
            (f"signal-{number}", SYMBOLS[1], at - HOUR, at, at + HOUR),
        )
    connection.execute(
        "insert into trading.inbox select 'signal-5', book, body_hash, body, 'ACCEPTED', 'taken', received_at,"
        " cluster_id, topic, partition, 5 from trading.inbox where signal_id = 'signal-1'"
    )
    connection.execute(
        "insert into trading.risk_decisions select 'signal-5', 1, book, strategy, %s, trigger_, 'DENIED',"
        " 'gate_closed:stale_bars nothing for two hours', current_quantity, target_quantity, inputs, inputs_hash,"
        " limits_version, %s from trading.risk_decisions where signal_id = 'signal-1'",
        (SYMBOLS[1], START + 6 * HOUR),
    )


def _close_and_open(connection: Connection) -> None:
    keys = (BOOK, VENUE, SYMBOLS[1])
    connection.execute(
        "insert into ops.gates values (%s, %s, %s, 'stale_bars', 'bars', true, 'nothing for an hour', %s, 'run-1')",
        (*keys, CLOSED),
    )
    again = "update ops.gates set closed = %s, detail = %s, at = %s, run_id = 'run-2' where symbol = %s"
    connection.execute(again, (True, "nothing for two hours", CLOSED + HOUR, SYMBOLS[1]))
    connection.execute(again, (False, "healed", OPENED, SYMBOLS[1]))
    connection.execute(again, (True, "nothing again", OPENED + 3 * HOUR, SYMBOLS[1]))


def _value(connection: Connection) -> None:
    for ts, cash, positions, equity in CURVE:
        connection.execute(
            "insert into portfolio.equity_curve values (%s, %s, %s, %s, %s, %s, 30, 100000.01, 'run', '0')",
            (BOOK, ts, ts, cash, positions, equity),
        )
    for symbol, quantity, value in (("BTC/USDT", "0.2497", "15000"), ("ETH/USDT", "3.33", "10700.5")):
        connection.execute(
            "insert into portfolio.positions values (%s, 'mean_reversion', %s, %s, %s, %s, 1, %s, 1, 'run', '0')",
            (BOOK, symbol, CURVE[-1][0], CURVE[-1][0], quantity, value),
        )


def _tell_news(connection: Connection) -> None:
    connection.execute(
        "insert into ops.sources (source, kind, url, licence, fresh_seconds, every_seconds, answered_at, newest_ts,"
        " written, refused) values ('wire', 'feed', 'https://wire.example/', 'free', 3600, 60, %s, %s, 4, 1)",
        (START + 2 * HOUR, START),
    )
    for source, article, known, title in (
        ("wire", "a", 1, "Bitcoin falls"),
        ("wire", "a", 2, "Bitcoin falls, corrected"),
        ("post", "b", 3, "BTC drops"),
    ):
        connection.execute(
            "insert into news.articles values (%s, %s, %s, %s, %s, '', 'https://wire.example/a', 'en', '{BTC}', '{}',"
            " 'story', 'run', '0')",
            (source, article, START + timedelta(minutes=10 * known), START, title),
        )
