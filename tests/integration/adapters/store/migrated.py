"""A migrated database and the rows that the store tests begin with."""

from datetime import UTC, datetime
from decimal import Decimal

from adapters.bus.signal_topic import Record
from adapters.store import accounts, inbox, ledger, orders, parameters
from adapters.store.database import Connection
from tests.unit.trading.made import order, signal
from trading.accounting.journal import reserve
from trading.decide import Decision
from trading.instrument import Instrument
from trading.limits import Limits
from trading.order import Leg, Order, OrderRequest, OrderState

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
BOOK, STRATEGY, SYMBOL = "book", "strategy", "BTC/USDT"


def fund(connection: Connection, total: str = "1000") -> None:
    accounts.fund(connection, BOOK, [(STRATEGY, SYMBOL)], "USDT", Decimal(total), AT)


def accept(connection: Connection, signal_id: str = "signal", decided_at: str = "2026-03-01T12:00:00+00:00") -> None:
    body = {
        "strategy": STRATEGY,
        "symbol": SYMBOL,
        "decided_at": decided_at,
        "valid_until": "2026-03-01T13:00:00+00:00",
    }
    record = Record("topic", 0, 0, b"")
    inbox.take(
        connection,
        {
            "signal_id": signal_id,
            "book": BOOK,
            "body_hash": "hash",
            "body": body,
            "status": "ACCEPTED",
            "reason": "",
            "received_at": AT,
            "cluster_id": "cluster",
            "topic": record.topic,
            "partition": record.partition,
            "offset_": record.offset,
        },
    )


def decide(connection: Connection, number: int = 1, target: str = "5", signal_id: str = "signal") -> None:
    inbox.add_decision(
        connection,
        Decision("TRADE", signal().reason, Decimal(target)),
        signal_id=signal_id,
        decision_no=number,
        book=BOOK,
        strategy=STRATEGY,
        symbol=SYMBOL,
        trigger="signal",
        holding=Decimal(0),
        inputs={},
        inputs_hash="hash",
        limits_version=parameters.ensure_limits(connection, Limits(), "test", "test"),
        at=AT,
    )


def request(leg: Leg = Leg.ENTRY, stop: str | None = None) -> OrderRequest:
    return order(leg, OrderState.INTENT, "5", stop).request


def intent(connection: Connection, instrument: Instrument, epoch: int = 1) -> Order:
    """Store a funded, decided and reserved entry of 5."""
    fund(connection)
    accept(connection)
    decide(connection)
    made = orders.create(connection, request(), 1, epoch, AT)
    hold = reserve(made.request, made.client_id, instrument, Decimal("0.02"))
    ledger.post(connection, hold, BOOK, STRATEGY, SYMBOL, AT)
    return made
