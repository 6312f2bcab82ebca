"""A paper run without Dagster: signals from the same bars through the topic, execution and the simulator over HTTP."""

import json
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from adapters.bus.envelope import seal
from adapters.bus.local_broker import LocalBroker
from adapters.bus.signal_message import encode
from adapters.bus.signal_topic import SignalConsumer, SignalProducer, cluster_id
from adapters.exchange.ccxt_client import Credentials
from adapters.exchange.ccxt_venue import CcxtVenue
from adapters.exchange.simulator_control import SimulatorControl
from adapters.settings import Settings
from adapters.store import accounts, books, leases, parameters, portfolio, signals, traded
from adapters.store.database import Database
from adapters.store.progress import barrier
from cli.session.backtest import Prepared
from cli.session.markets import Market
from cli.session.plan import CAPITAL
from cli.session.secrets import LocalSecrets
from cli.session.simulator import write_config
from services.execution.desk import Desk
from services.execution.loop import Loop
from tests.integration.simulator.simulator_process import SimulatorProcess
from trading.backtest.result import Backtest, Traded
from trading.limits import Limits
from trading.performance.equity import equity_curve
from trading.ports import Known
from trading.signal import Lineage, Signal
from trading.strategies.knowledge import Place, signal
from trading.strategies.registry import strategy

KEY = "k" * 32
VERSION = "2.3"
_TURNS = 400


@dataclass
class Paper:
    """One book of a market at its own simulator, with execution in this process."""

    market: Market
    prepared: Prepared
    database: Database
    control: SimulatorControl
    loop: Loop
    desk: Desk
    producer: SignalProducer
    topic: str
    published: int = 0

    def run(self) -> None:
        """Trade all steps as `tradewind run` does."""
        delta = self.market.plan.timeframe.delta
        for step in range(self.market.plan.steps):
            opens = self.market.plan.window_start + step * delta
            self._signal(opens - delta)
            while not self.control.advance(opens + delta).done:
                self.settle()
            self.settle()

    def settle(self) -> None:
        """Turn until execution says that nothing is left to do now."""
        now, book = self.desk.clock.now(), self.market.plan.book
        for _ in range(_TURNS):
            self.loop.turn()
            if self.loop.taken >= self.published and barrier(self.database, book, now, os.getpid()).settled:
                return
        raise AssertionError(f"not settled at {now}")

    def traded(self, tested: Backtest) -> Traded:
        """Return what the book did; its equity comes from the ledger, at the closes of `tested`."""
        plan = self.market.plan
        with self.database.transaction() as connection:
            found = traded.load(connection, plan.book)
            moved = portfolio.movements(connection, plan.book, plan.end)
        curve = equity_curve(moved, tested.closes, tested.period.times, plan.window_start)
        return Traded(found.decisions, found.orders, found.fills, curve)

    def _signal(self, bar: datetime) -> None:
        now = self.desk.clock.now()
        assert self.market.plan.timeframe.open_of(now) == bar + self.market.plan.timeframe.delta
        known = {symbol: told for symbol, told in self.prepared.history.at(bar).items() if not told.lacking}
        held = signals.holdings(self.database, self.market.plan.book)
        for name, values in self.prepared.setup.strategies.items():
            for symbol in (one for one in self.market.plan.symbols if one in known):
                base, quote = held[name, symbol]
                row = known[symbol].row((float(base), float(quote)), bar, self.market.plan.timeframe)
                desire = strategy(name)(row, values)
                place = Place(self.desk.book, name, self.desk.venue_name, symbol, self.market.plan.timeframe)
                self._tell(signal(place, bar, now, known[symbol], desire, Lineage("paper", "0", "m", "f", "c", 1)))
        self.settle()

    def _tell(self, made: Signal) -> None:
        self.producer.send(self.topic, [(f"{made.book}|{made.symbol}", seal(encode(made), KEY))])
        self.published += 1


def simulate(market: Market, folder: Path) -> SimulatorProcess:
    """Start the simulator of `market`, as a session does."""
    folder.mkdir(parents=True)
    settings = Settings(data_dir=folder)
    config, _ = write_config(settings, market, folder / "simulator", LocalSecrets(folder), wall=False)
    return SimulatorProcess(folder, json.loads(config.read_text())).start()


def open_paper(
    market: Market,
    prepared: Prepared,
    simulator: SimulatorProcess,
    url: str,
    broker: LocalBroker,
    review_seconds: float = 30.0,
) -> Paper:
    """Open the book of `market` with its capital, limits and lease; the topic is its own.

    `review_seconds` is how often all its symbols are compared with the venue again, 0 for one of them in each turn.
    """
    plan, database, topic = market.plan, Database(url), f"signals.{market.plan.book}"
    account = simulator.config["accounts"][0]
    clock = simulator.clock()
    venue = CcxtVenue(
        "binance",
        Credentials(account["api_key"], account["secret"]),
        clock,
        venue=plan.venue,
        account=plan.book,
        rest_url=simulator.ready["rest_url"],
        rate_limit=False,
    )
    known = venue.instruments(plan.symbols)
    assert isinstance(known, Known)
    owners = [(name, symbol) for name in plan.strategies for symbol in plan.symbols]
    with database.transaction() as connection:
        parameters.ensure_limits(connection, Limits(), "test", "test")
        limits = parameters.LimitsByVersion(connection)
        books.open_book(connection, plan.book, plan.configuration, plan.steps)
        accounts.fund(connection, plan.book, owners, plan.quote, CAPITAL, plan.window_start)
        epoch = leases.seize(connection, plan.book, "test")
    instruments = {one.symbol: one for one in known.value}
    desk = Desk(plan.book, plan.venue, epoch, database, venue, clock, instruments, limits, 3000, 15000)
    broker.create_topic(topic, 4)
    consumer = SignalConsumer(broker.bootstrap, VERSION, topic)
    consumer.place({})
    simulator.closing += [database, venue, consumer]
    loop = Loop([desk], consumer, cluster_id(broker.bootstrap, VERSION), KEY, review_seconds)
    producer = SignalProducer(broker.bootstrap, VERSION)
    simulator.closing.append(producer)
    return Paper(
        market, prepared, database, simulator.control(simulator.config["control_token"]), loop, desk, producer, topic
    )
