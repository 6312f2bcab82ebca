"""The book of two days with signals that say their price, a regime, a forecast, features and a stop that filled."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import dagster as dg

from adapters.store.database import Connection, Database
from assets.portfolio.equity_curve import equity_curve
from assets.portfolio.positions import positions
from assets.reports.attribution import attribution
from assets.reports.daily_performance import daily_performance
from assets.reports.trade_journal import trade_journal
from assets.resources import DeskResource
from tests.integration.assets.traded_book import BOOK, HOUR, START, VENUE, trade
from trading.order import Side

#: number, time after START, symbol, side, quantity, price, close of the signal
TRADES = (
    (1, timedelta(), "BTC/USDT", Side.BUY, "0.3", "61234.57", "61230.5"),
    (2, 3 * HOUR, "ETH/USDT", Side.BUY, "3.3333333333", "3210.0123456789", "3209"),
    (3, 4 * HOUR, "BTC/USDT", Side.SELL, "0.1", "61999.99", "62001"),
    (4, 9 * HOUR + timedelta(minutes=20), "BTC/USDT", Side.SELL, "0.19", "60999.37", "61500"),
)
#: The last of them was a protective stop at this price.
STOP, TRIGGER = 4, Decimal(61000)


def tell(book: Database) -> None:
    """Write the trades and all that is known about their signals."""
    for number, after, symbol, side, quantity, price, _ in TRADES:
        trade(book, number, START + after, symbol, side, quantity, price, f"reason <{number}>")
    with book.transaction() as connection:
        for number, _, _, _, _, _, close in TRADES:
            connection.execute(
                "update signals.strategy_signals set reference_price = %s where signal_id = %s",
                (Decimal(close), f"signal-{number}"),
            )
        connection.execute("update trading.orders set state = 'FILLED', filled = quantity, venue_order_id = client_id")
        connection.execute(
            "update trading.orders set leg = 'stop', stop_price = %s where signal_id = %s", (TRIGGER, f"signal-{STOP}")
        )
        _know(connection, START - HOUR, "BTC/USDT")


def _know(connection: Connection, ts: datetime, symbol: str) -> None:
    """Write features, forecast and regime of one bar, and a regime that was told only after the signal."""
    key = (BOOK, VENUE, symbol, "1h", ts)
    connection.execute(
        "insert into features.technical_features (book, venue, symbol, timeframe, ts, knowledge_ts, rsi_14, run_id,"
        " code_version) values (%s, %s, %s, %s, %s, %s, 23.5, 'r', '0')",
        (*key, ts + HOUR),
    )
    connection.execute(
        "insert into forecasts.price_forecasts values (%s, %s, %s, %s, %s, %s, 'm', 0.002, 0.01, 'r', '0')",
        (*key, ts + HOUR),
    )
    for known, regime in ((ts + HOUR, "calm"), (ts + 2 * HOUR, "wild")):
        connection.execute(
            "insert into forecasts.market_regimes values (%s, %s, %s, %s, %s, %s, 'm', %s, 0.9, 'r', '0')",
            (*key, known, regime),
        )


def materialise(day: str, *assets: dg.AssetsDefinition) -> dict[str, Any]:
    """Make the reports of a day, or these assets; return their metadata by asset."""
    chosen = assets or (positions, equity_curve, daily_performance, attribution, trade_journal)
    done = dg.materialize(list(chosen), partition_key=day, resources={"desk": DeskResource()})
    return {
        event.asset_key.path[-1]: {name: value.value for name, value in event.materialization.metadata.items()}
        for event in done.get_asset_materialization_events()
        if event.asset_key is not None
    }


def rows(book: Database, query: str) -> list[dict[str, Any]]:
    """Return what the database answers."""
    with book.transaction() as connection:
        return connection.execute(query).fetchall()  # pyright: ignore[reportArgumentType, reportCallIssue]
