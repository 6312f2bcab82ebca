"""The collector against the real simulator's streams, a database and a broker: rows, messages, gates."""

import asyncio
import random
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest

from adapters.bus.local_broker import LocalBroker
from adapters.bus.market_topics import KINDS
from adapters.bus.signal_topic import SignalConsumer, SignalProducer
from adapters.exchange.ccxt_stream import Stream, connect
from adapters.store.database import Database
from services.collector.main import collect
from services.collector.rounds import Rounds
from services.collector.vigil import Vigil
from tests.integration.simulator.simulator_process import SimulatorProcess, configuration
from trading.timeframe import Timeframe

BOOK, TOPIC, VERSION, SYMBOLS = "book", "tradewind.market", "2.3", ["BTC/USDT", "ETH/USDT"]
#: From the fault to the closed gate.
WITHIN_SECONDS = 5.0


class Collecting:
    """A collector that runs in a thread of its own, and what it has written."""

    def __init__(self, simulator: SimulatorProcess, database: Database, broker: LocalBroker) -> None:
        for kind in KINDS:
            broker.create_topic(f"{TOPIC}.{kind}", 1)
        self.database, self.simulator, self.stop = database, simulator, Event()
        self.producer = SignalProducer(broker.bootstrap, VERSION)
        vigil = Vigil(SYMBOLS, Timeframe.parse("1h"), 3600, 0.5, time.monotonic())
        keys = {"book": BOOK, "venue": "simulator", "timeframe": "1h"}
        self.rounds = Rounds(database, self.producer, simulator.clock(), keys, SYMBOLS, vigil, TOPIC)
        self.errors: list[BaseException] = []
        self.stream: Stream | None = None
        self.thread = Thread(target=self._run)
        self.thread.start()

    def _run(self) -> None:
        async def listen() -> None:
            exchange = connect("binance", self.simulator.ready["rest_url"], self.simulator.ready["ws_url"])
            self.stream = Stream(exchange, SYMBOLS, "1h", self.rounds.collector.hear, random.Random(1))
            await collect(self.stream, self.rounds, self.stop)

        try:
            asyncio.run(listen())
        except BaseException as error:
            self.errors.append(error)

    def ask(self, query: str) -> list[dict[str, Any]]:
        with self.database.transaction() as connection:
            return connection.execute(query).fetchall()  # pyright: ignore[reportArgumentType]

    def closed(self) -> set[str]:
        return {row["symbol"] for row in self.ask("select symbol from ops.gates where closed and domain = 'streams'")}

    def close(self) -> None:
        self.stop.set()
        self.thread.join(20)
        self.producer.close()
        assert not self.thread.is_alive()
        assert self.errors == []


def until(true: Callable[[], object], seconds: float, what: str) -> None:
    """Wait until `true` holds; fail after so many seconds."""
    began = time.monotonic()
    while not true():
        if time.monotonic() - began > seconds:
            pytest.fail(f"not within {seconds} s: {what}")
        time.sleep(0.05)


def test_the_market_is_collected_and_its_gates_follow_the_books(
    tmp_path: Path, database: str, broker: LocalBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    simulator = SimulatorProcess(tmp_path, configuration(tmp_path)).start()
    with Database(database) as opened:
        collecting = Collecting(simulator, opened, broker)
        try:
            now, control = simulator.clock().now(), simulator.control()
            until(lambda: collecting.closed() == set(SYMBOLS), 20, "all gates closed, for nothing is known yet")

            def move() -> bool:
                nonlocal now
                now += timedelta(minutes=9)
                control.advance(now)
                return not collecting.closed()

            until(move, 30, "both books live, gates open")
            for _ in range(14):
                move()
            _break_and_heal(collecting, monkeypatch)
            until(lambda: collecting.ask("select 1 from market.live_candles"), 10, "a final bar is stored")
            beat = collecting.ask("select detail from ops.heartbeats where service = 'collector'")[0]["detail"]
            assert (beat["closed"], beat["dropped"]) == ([], 0)
            simulator.kill()
            until(lambda: collecting.closed() == set(SYMBOLS), WITHIN_SECONDS, "all gates closed without a venue")
        finally:
            collecting.close()
            if simulator.lives:
                simulator.stop()
        _written_and_sent(collecting, broker)


def _break_and_heal(collecting: Collecting, monkeypatch: pytest.MonkeyPatch) -> None:
    """A gap in one book closes its gate alone, a new snapshot opens it."""
    assert collecting.stream is not None
    keeper = collecting.stream.keeper("BTC/USDT")
    assert keeper is not None

    async def refuse(*_: object) -> None:
        raise ConnectionError("no snapshots today")

    with monkeypatch.context() as patched:
        patched.setattr(collecting.stream._exchange, "fetch_order_book", refuse)
        keeper.depth.change([["1", "1"]], [])
        keeper.doubt("gap: made by the test", gap=True)
        until(lambda: collecting.closed() == {"BTC/USDT"}, WITHIN_SECONDS, "the gate of the broken book is closed")
    until(lambda: not collecting.closed(), 15, "the gate opens again")
    assert keeper.depth.best(999)[0][-1].price != 1  # what was wrong went with the old book
    told = "select distinct kind from market.book_events where symbol = 'BTC/USDT'"
    wanted = {"BROKEN", "HEALED", "RECONNECTED"}
    until(lambda: wanted <= {row["kind"] for row in collecting.ask(told)}, 10, "all that happened to it is stored")


def _written_and_sent(collecting: Collecting, broker: LocalBroker) -> None:
    counts = {kind: collecting.ask(f"select count(*) as n from market.{kind}")[0]["n"] for kind in KINDS}
    assert all(counts.values()), counts
    live = collecting.ask("select bids[1][1] < asks[1][1] as sound from market.order_books where state = 'LIVE'")
    assert live
    assert all(row["sound"] for row in live)
    for kind in KINDS:
        consumer = SignalConsumer(broker.bootstrap, VERSION, f"{TOPIC}.{kind}")
        consumer.place({})
        found: list[bytes | None] = []
        until(lambda c=consumer, f=found: f.extend(r.key for r in c.poll(100)) or f, 10, f"messages of {kind}")
        assert set(found) <= {b"simulator|BTC/USDT", b"simulator|ETH/USDT"}
        consumer.close()
