"""What strangers do on our account: recorded once, and booked to a sub-account of its own."""

from datetime import datetime
from decimal import Decimal

from adapters.store import ledger
from adapters.store.database import Connection
from trading.accounting import journal
from trading.fill import Fill
from trading.instrument import Instrument
from trading.ports import VenueOrder

#: The sub-account that holds what no strategy of ours has done.
STRATEGY = "foreign"


def add_order(connection: Connection, book: str, venue: str, order: VenueOrder, at: datetime) -> bool:
    """Record a working order that is not ours; False when it was recorded before."""
    row = connection.execute(
        "insert into trading.foreign_orders (book, venue, symbol, venue_order_id, client_id, seen_at)"
        " values (%s, %s, %s, %s, %s, %s) on conflict do nothing returning 1",
        (book, venue, order.symbol, order.venue_order_id, order.client_id, at),
    ).fetchone()
    return row is not None


def add_trade(connection: Connection, book: str, trade: Fill, instrument: Instrument, at: datetime) -> None:
    """Record a trade that no order of ours explains, and book it; one that is known changes nothing."""
    new = connection.execute(
        "insert into trading.foreign_trades (book, venue, symbol, trade_id, venue_order_id, side, price, quantity,"
        " fee, fee_currency, ts, recorded_at) values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
        " on conflict do nothing returning 1",
        (
            book,
            trade.venue,
            trade.symbol,
            trade.trade_id,
            trade.venue_order_id,
            trade.side,
            trade.price,
            trade.quantity,
            trade.fee,
            trade.fee_currency,
            trade.ts,
            at,
        ),
    ).fetchone()
    if new is not None:
        ledger.post(connection, journal.foreign(book, trade, instrument), book, STRATEGY, trade.symbol, trade.ts)


def known_trades(connection: Connection, book: str, symbol: str) -> set[str]:
    """Return the ids of the recorded foreign trades of `symbol`."""
    rows = connection.execute(
        "select trade_id from trading.foreign_trades where book = %s and symbol = %s", (book, symbol)
    )
    return {row["trade_id"] for row in rows}


def adjust(connection: Connection, book: str, symbol: str, currency: str, amount: Decimal, at: datetime) -> None:
    """Book a difference that a person has accepted."""
    row = connection.execute(
        "select count(*) as n from trading.journals where book = %s and kind = 'ADJUSTMENT'", (book,)
    ).fetchone()
    number = 0 if row is None else row["n"]
    entry = journal.adjustment(book, f"adjustment:{book}:{number + 1}:{currency}", currency, amount)
    ledger.post(connection, entry, book, STRATEGY, symbol, at)
