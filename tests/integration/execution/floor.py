"""The trading floor of a test: real database, broker and simulator around one execution loop in this process."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from adapters.bus.envelope import seal
from adapters.bus.local_broker import LocalBroker
from adapters.bus.signal_message import encode
from adapters.bus.signal_topic import SignalConsumer, SignalProducer, cluster_id
from adapters.exchange.ccxt_venue import CcxtVenue
from adapters.exchange.court_record import AcceptedOrder, accepted_orders, duplicate_orders, lines
from adapters.exchange.simulator_control import SimulatorControl
from adapters.store import accounts, leases, ledger, orders, parameters
from adapters.store.database import Database
from adapters.store.parameters import LimitsByVersion
from adapters.store.progress import barrier
from services.execution.desk import Desk
from services.execution.loop import Loop
from tests.integration.simulator.simulator_process import SimulatorProcess
from trading.limits import Limits
from trading.money import multiply
from trading.order import Leg, Order, OrderState, Side
from trading.ports import Known
from trading.signal import Lineage, Signal

BOOK, STRATEGY, SYMBOL, TOPIC = "book", "strategy", "BTC/USDT", "signals"
KEY = "k" * 32
VERSION = "2.3"
CASH = Decimal(20_000)


@dataclass
class Floor:
    """One book at one simulator, with everything that execution needs."""

    database: Database
    broker: LocalBroker
    simulator: SimulatorProcess
    desk: Desk
    loop: Loop
    consumer: SignalConsumer
    producer: SignalProducer
    venue: CcxtVenue
    control: SimulatorControl
    opened: list[SignalConsumer] = field(default_factory=list)
    made: int = 0
    published: int = 0

    def now(self) -> datetime:
        return self.desk.clock.now()

    def price(self) -> Decimal:
        answer = self.venue.last_price(SYMBOL)
        assert isinstance(answer, Known)
        return answer.value

    def signal(self, **changes: Any) -> Signal:
        self.made += 1
        now = self.now()
        made = Signal(
            f"signal-{self.made}",
            BOOK,
            STRATEGY,
            "simulator",
            SYMBOL,
            "1h",
            now - timedelta(hours=1),
            now,
            now + timedelta(hours=1),
            Decimal("0.5"),
            Decimal("0.05"),
            Decimal("0.001"),
            self.price(),
            "test",
            Lineage("run", "code", "model", "features", "candle", 1),
        )
        return replace(made, **changes)

    def in_or_out(self, number: int) -> Signal:
        """Return a signal to enter for an even number, to leave for an odd one."""
        return self.signal() if number % 2 == 0 else self.signal(exposure=Decimal(0), stop=None)

    def tell(self, signal: Signal, *, key: str = KEY) -> None:
        self.publish(seal(encode(signal), key), f"{signal.book}|{signal.symbol}")

    def publish(self, value: bytes, key: str = f"{BOOK}|{SYMBOL}") -> None:
        self.producer.send(TOPIC, [(key, value)])
        self.published += 1

    def turns(self, number: int) -> None:
        for _ in range(number):
            self.loop.turn()

    def until(self, reached: Callable[[], bool], turns: int = 200) -> None:
        """Turn as often as `turns`; a turn that finds an attempt waiting for its time does not count."""
        deadline = time.monotonic() + 120
        while not reached():
            if not turns or time.monotonic() > deadline:
                raise AssertionError(f"not reached, {turns} turns left: {self.story()}")
            self.loop.turn()
            turns -= not self.one("select count(*) from trading.orders where state = 'INTENT' and attempt > 1")

    def settle(self) -> None:
        """Turn until execution says that nothing is left to do now, having read the whole topic."""
        now = self.now()
        self.until(lambda: self.loop.taken >= self.published and barrier(self.database, BOOK, now, os.getpid()).settled)

    def walk(self, step: timedelta) -> None:
        """Let market time pass as `tradewind run` does: stop at each fill until it had its effect."""
        to = self.now() + step
        while not self.control.advance(to).done:
            self.settle()
        self.settle()

    def pass_time(self, step: timedelta) -> None:
        """Let market time pass without looking."""
        to = self.now() + step
        while not self.control.advance(to).done:
            pass

    def fault(self, name: str, number: int = 1, **more: Any) -> None:
        self.control.faults({"rules": [{"fault": name, "next": number}], **more})

    def restart(self) -> None:
        """Start another execution as after a crash: new lease, new consumer from the stored offsets or from 0."""
        self.consumer = SignalConsumer(self.broker.bootstrap, VERSION, TOPIC)
        self.opened.append(self.consumer)
        self.consumer.place({})
        with self.database.transaction() as connection:
            epoch = leases.seize(connection, BOOK, "another")
        self.desk = replace(self.desk, epoch=epoch)
        self.loop = Loop([self.desk], self.consumer, cluster_id(self.broker.bootstrap, VERSION), KEY)

    def orders(self) -> list[Order]:
        ids = [
            row["client_id"] for row in self.rows("select client_id from trading.orders order by created_at, sent_at")
        ]
        with self.database.transaction() as connection:
            return [order for one in ids if (order := orders.get(connection, one)) is not None]

    def order(self, leg: str) -> Order:
        return next(order for order in reversed(self.orders()) if order.request.key.leg == leg)

    def states(self) -> list[tuple[str, OrderState]]:
        return [(order.request.key.leg.value, order.state) for order in self.orders()]

    def rows(self, query: str, *values: Any) -> list[dict[str, Any]]:
        with self.database.transaction() as connection:
            return connection.execute(query, values).fetchall()  # pyright: ignore[reportArgumentType, reportCallIssue]

    def one(self, query: str, *values: Any) -> Any:
        return next(iter(self.rows(query, *values)[0].values()))

    def symbol_state(self) -> tuple[str, str]:
        row = self.rows("select state, reason from trading.symbol_states where symbol = %s", SYMBOL)[0]
        return row["state"], row["reason"]

    def owned(self) -> dict[str, Decimal]:
        with self.database.transaction() as connection:
            return ledger.owned(connection, BOOK)

    def accepted(self) -> list[AcceptedOrder]:
        return accepted_orders(self.simulator.record)

    def record(self) -> list[dict[str, Any]]:
        return list(lines(self.simulator.record))

    def story(self) -> list[str]:
        return [
            f"{row['client_id'][:8]} {row['leg']} {row['state']} {row['outcome_code']} {row['outcome_detail']}"
            for row in self.rows("select * from trading.orders order by created_at")
        ]

    def check(self) -> None:
        """Check what must hold whenever nothing is in flight: the books tie with themselves and with the venue."""
        with self.database.transaction() as connection:
            assert ledger.imbalance(connection, BOOK) == 0
        held = self.rows(
            "select currency, sum(amount) as n from trading.balances where account = 'reserved' group by 1"
        )
        expected = {"BTC": Decimal(0), "USDT": Decimal(0)}
        for order in self.orders():
            if not order.state.terminal and order.request.side is Side.SELL:
                expected["BTC"] += order.remaining
            elif not order.state.terminal:
                assert order.request.key.leg is Leg.BID
                expected["USDT"] += self._bid_holds(order)
        assert {row["currency"]: row["n"] for row in held} | expected == expected
        assert {row["currency"]: row["n"] for row in held if row["n"]} == {k: v for k, v in expected.items() if v}
        balances = self.venue.balances()
        assert isinstance(balances, Known)
        assert self.owned() == balances.value
        assert duplicate_orders(self.simulator.record) == 0
        keys = self.rows(
            "select signal_id, decision_no, leg from trading.orders where venue_order_id is not null"
            " group by 1, 2, 3 having count(*) > 1"
        )
        assert keys == []
        sent = {order.client_id for order in self.orders() if order.sent_at is not None}
        assert {order.client_id for order in self.accepted() if order.client_id.startswith("tw-")} <= sent
        assert broken_links(self.database) == []

    def _bid_holds(self, order: Order) -> Decimal:
        """What a bid has reserved and not paid yet."""
        reserved = multiply(multiply(order.request.quantity, order.request.limit or Decimal(0)), Decimal("1.02"))
        query = "select coalesce(sum(price * quantity), 0) as n from trading.fills where client_id = %s"
        return reserved - self.one(query, order.client_id)


def until(reached: Callable[[], bool], seconds: float = 120.0) -> None:
    """Wait for what happens in another thread."""
    deadline = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def open_book(database: Database, venue: CcxtVenue) -> tuple[int, LimitsByVersion]:
    """Write limits, capital and lease; return the epoch and the limits."""
    with database.transaction() as connection:
        parameters.ensure_limits(connection, Limits(), "test", "test")
        balances = venue.balances()
        assert isinstance(balances, Known)
        assert balances.value == {"USDT": CASH}
        accounts.fund(connection, BOOK, [(STRATEGY, SYMBOL)], "USDT", CASH, datetime.fromisoformat("2026-01-01T00:00Z"))
        return leases.seize(connection, BOOK, "test"), LimitsByVersion(connection)


def broken_links(database: Database) -> list[int]:
    """Return the audit rows whose hash does not follow from their content and the row before."""
    with database.transaction() as connection:
        rows = connection.execute(
            "select seq from (select *, lag(hash, 1, repeat('0', 64)) over (order by seq) as before,"
            " row_number() over (order by seq) as place from ops.audit_events) as e"
            " where previous_hash <> before or seq <> place or hash <> encode(sha256(convert_to(concat_ws('|', seq,"
            " previous_hash, extract(epoch from at), actor, kind, ref, payload), 'UTF8')), 'hex')"
        ).fetchall()
    return [row["seq"] for row in rows]
