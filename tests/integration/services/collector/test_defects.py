"""Each kind of bad data closes the gate of its symbol in time: no new risk there, the others trade, and it heals."""

import asyncio
import copy
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from threading import Event, Thread
from typing import Any

import polars as pl
import pytest
import requests

from adapters.bus.market_topics import KINDS
from adapters.bus.signal_topic import SignalProducer, cluster_id
from adapters.exchange.ccxt_stream import Stream, connect
from adapters.exchange.market_data import MarketData
from adapters.store import accounts
from adapters.store.frames import Store
from services.collector import main, vigil
from services.collector.rounds import Rounds
from services.collector.vigil import Vigil
from services.execution.loop import Loop
from tests.integration.execution.conftest import floor
from tests.integration.execution.floor import BOOK, KEY, STRATEGY, SYMBOL, VERSION, Floor
from tests.integration.services.collector.spoiler import Message, Spoiler
from tests.integration.simulator.simulator_process import SimulatorProcess, configuration
from trading.market import print_watch
from trading.market.clean import vet
from trading.ports import Known
from trading.timeframe import Timeframe

__all__ = ["floor"]

OTHER, TOPIC = "ETH/USDT", "tradewind.market"
KEYS = {"book": BOOK, "venue": "simulator", "timeframe": "1m"}
WITHIN_SECONDS, SILENT_SECONDS = 5.0, 3.0
#: In market time, which leaps by a minute here.
STALE_SECONDS = 90.0
MINUTE = timedelta(minutes=1)
CLOSED = "select check_name from ops.gates where closed"
JUDGED_SOUND = "select 1 from ops.heartbeats where service = 'collector' and detail ->> 'closed' = '[]'"


@dataclass
class Scene:
    """A floor whose collector hears the venue through a spoiler."""

    floor: Floor
    spoiler: Spoiler
    vigil: Vigil
    heard: dict[str, Message]
    pumping: Event

    def move(self) -> None:
        """Let a minute and a bit pass, so that books, prints and a final bar are told."""
        self.floor.pass_time(timedelta(seconds=61))
        time.sleep(0.05)

    def closed(self) -> dict[str, str]:
        """Return what closes the way to new risk by symbol, as execution asks for it."""
        with self.floor.database.transaction() as connection:
            found = {one: accounts.gate(connection, BOOK, "simulator", one) for one in (SYMBOL, OTHER)}
        return {symbol: why for symbol, (is_open, why) in found.items() if not is_open}

    def spoil(self, kind: str, change: Callable[[Message], Any], *, once: bool = True) -> None:
        """Let time pass and change the next (or every) event of `kind` about SYMBOL, or swallow it (False)."""
        pending = [True]

        def judge(message: Message) -> list[Message]:
            final = kind != "final" or message.get("k", {}).get("x")
            wanted = "kline" if kind == "final" else kind
            if message["s"] != "BTCUSDT" or wanted not in (message["e"], "any") or not final or not pending:
                return [message]
            if once:
                pending.clear()
            spoiled = copy.deepcopy(message)
            return [] if change(spoiled) is False else [spoiled]

        self.spoiler.judge = judge
        self.move()


def gap_in_the_book(scene: Scene) -> None:
    scene.spoiler.refused = ("/depth",)
    scene.spoil("depthUpdate", lambda _: False)
    scene.move()


def crossed_book(scene: Scene) -> None:
    scene.spoiler.refused = ("/depth",)
    scene.spoil("depthUpdate", lambda event: event["b"].append(["99999999.00", "1"]))


def one_side_is_empty(scene: Scene) -> None:
    scene.spoiler.refused = ("/depth",)
    rest_url = scene.floor.simulator.ready["rest_url"]
    ladder = requests.get(f"{rest_url}/api/v3/depth?symbol=BTCUSDT&limit=5000", timeout=10).json()
    known = {row[0] for row in ladder["asks"]}
    scene.spoil("depthUpdate", lambda event: event.update(a=[[one, "0"] for one in known | {r[0] for r in event["a"]}]))


def silence(scene: Scene) -> None:
    scene.vigil.stale_seconds, scene.vigil.late_seconds = SILENT_SECONDS, 3600.0
    scene.pumping.set()  # the other symbol goes on
    scene.spoil("any", lambda _: False, once=False)


def stamps_stand_still(scene: Scene) -> None:
    scene.spoil("depthUpdate", lambda event: event.update(E=event["E"] - 600_000), once=False)


def stamps_from_the_future(scene: Scene) -> None:
    scene.spoil("depthUpdate", lambda event: event.update(E=event["E"] + 3_600_000), once=False)


def a_field_is_missing(scene: Scene) -> None:
    scene.spoil("trade", lambda event: event.pop("p"))


def a_field_has_another_type(scene: Scene) -> None:
    scene.spoil("kline", lambda event: event["k"].update(c={"price": event["k"]["c"]}))


def not_a_number(scene: Scene) -> None:
    scene.spoil("kline", lambda event: event["k"].update(v="NaN"))


def high_below_low(scene: Scene) -> None:
    scene.spoil("kline", lambda event: event["k"].update(h="1.00", l="2.00"))


def absurd_price(scene: Scene) -> None:
    scene.spoil("final", lambda event: event["k"].update(h="9999999999999.00"))


def off_the_grid(scene: Scene) -> None:
    scene.spoil("final", lambda event: event["k"].update(t=event["k"]["t"] + 1500))


def final_before_its_end(scene: Scene) -> None:
    scene.spoil("final", lambda event: event["k"].update(t=event["k"]["t"] + 120_000))


def told_twice_and_not_the_same(scene: Scene) -> None:
    again = copy.deepcopy(scene.heard["BTCUSDT"])
    again["k"]["v"] = "123456.0"
    scene.spoiler.say(again)


def a_bar_is_missing(scene: Scene) -> None:
    scene.spoil("final", lambda _: False)
    scene.move()


def a_spike(scene: Scene) -> None:
    scene.spoil("trade", lambda event: event.update(p=str(Decimal(event["p"]) * Decimal("1.06"))))


def backfill(scene: Scene) -> None:
    """Write what REST has of the last minutes, as the candles' asset does."""
    rest_url = scene.floor.simulator.ready["rest_url"]
    market = MarketData("binance", scene.floor.desk.clock, venue="simulator", rest_url=rest_url, rate_limit=False)
    now, timeframe = scene.floor.now(), Timeframe.parse("1m")
    for symbol in (SYMBOL, OTHER):
        for page in market.bars(symbol, timeframe, now - timedelta(minutes=60), now):
            sound = vet(page, timeframe, now).good
            marks = {"venue": pl.lit("simulator"), "symbol": pl.lit(symbol), "timeframe": pl.lit("1m")}
            rows = sound.with_columns(**marks, knowledge_ts=pl.col("ts") + MINUTE)
            Store(scene.floor.database, "test", "0").write("market.candles", rows, now)


DEFECTS: list[tuple[Callable[[Scene], None], str]] = [
    (gap_in_the_book, vigil.BOOK),
    (crossed_book, vigil.BOOK),
    (one_side_is_empty, vigil.BOOK),
    (silence, vigil.STALE),
    (stamps_stand_still, vigil.CLOCK),
    (stamps_from_the_future, vigil.CLOCK),
    (a_field_is_missing, vigil.UNREADABLE),
    (a_field_has_another_type, vigil.UNREADABLE),
    (not_a_number, vigil.UNREADABLE),
    (high_below_low, vigil.UNREADABLE),
    (absurd_price, "absurd value"),
    (off_the_grid, "unaligned time"),
    (final_before_its_end, "not closed"),
    (told_twice_and_not_the_same, "conflicting duplicate"),
    (a_bar_is_missing, "gap"),
    (a_spike, "spike"),
]


@contextmanager
def collecting(floor: Floor, spoiler: Spoiler) -> Iterator[Vigil]:
    """Run a collector in a thread; its end is silent."""
    for kind in KINDS:
        floor.broker.create_topic(f"{TOPIC}.{kind}", 1)
    producer, stop = SignalProducer(floor.broker.bootstrap, VERSION), Event()
    watching = Vigil([SYMBOL, OTHER], Timeframe.parse("1m"), STALE_SECONDS, 0.05, time.monotonic())
    rounds = Rounds(floor.database, producer, floor.simulator.clock(), KEYS, [SYMBOL, OTHER], watching, TOPIC)

    async def listen() -> None:
        exchange = connect("binance", spoiler.rest_url, spoiler.ws_url)
        await main.collect(
            Stream(exchange, [SYMBOL, OTHER], "1m", rounds.collector.hear, random.Random(1)), rounds, stop
        )

    thread = Thread(target=lambda: asyncio.run(listen()))
    thread.start()
    try:
        yield watching
    finally:
        stop.set()
        thread.join(20)
        producer.close()
        assert not thread.is_alive()


@contextmanager
def pumped(floor: Floor, pumping: Event) -> Iterator[None]:
    """While `pumping` is set, let the market go on slowly whatever the test is doing."""
    control, stop = floor.simulator.control(), Event()

    def pump() -> None:
        while not stop.wait(0.3):
            if pumping.is_set():
                control.advance(control.state().now + timedelta(seconds=15))

    thread = Thread(target=pump)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(10)


@pytest.fixture
def start_simulator(tmp_path: Path) -> Iterator[Callable[..., SimulatorProcess]]:
    """Start the simulator of the floor with bars of a minute."""
    started: list[SimulatorProcess] = []
    market = {"kind": "random", "seed": 5, "start": "2026-02-28T00:00:00Z", "end": "2026-03-02T00:00:00Z"}

    def start(**changes: Any) -> SimulatorProcess:
        made = configuration(tmp_path, timeframe="1m", market=market, order_limit=10**9, weight_limit=10**9, **changes)
        started.append(SimulatorProcess(tmp_path, made))
        return started[-1].start()

    yield start
    for simulator in started:
        simulator.stop()


@pytest.fixture
def scene(floor: Floor, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    """Both symbols funded, a position in SYMBOL, both gates open."""
    monkeypatch.setattr(vigil, "_REMEMBERED_SECONDS", 4.0)
    monkeypatch.setattr(print_watch, "HELD_SECONDS", 4.0)
    known = floor.venue.instruments([SYMBOL, OTHER])
    assert isinstance(known, Known)
    floor.desk = replace(floor.desk, instruments={one.symbol: one for one in known.value})
    floor.loop = Loop([floor.desk], floor.consumer, cluster_id(floor.broker.bootstrap, VERSION), KEY)
    floor.control.intervene("transfer", account="main", currency="USDT", amount="20000")
    with floor.database.transaction() as connection:
        accounts.fund(connection, BOOK, [(STRATEGY, OTHER)], "USDT", Decimal(20_000), floor.now())
    with Spoiler(floor.simulator.ready["rest_url"]) as spoiler, collecting(floor, spoiler) as watching:
        made = Scene(floor, spoiler, watching, {}, Event())
        with pumped(floor, made.pumping):
            # Before its first verdict the gates are open because nobody has judged yet.
            while not floor.rows(JUDGED_SOUND):
                made.move()
            for _ in range(8):
                made.move()  # some prints, against which one can be odd
            until_open(made)
            yield made


def until_open(scene: Scene) -> None:
    began = time.monotonic()
    scene.spoiler.refused = ()
    scene.vigil.stale_seconds = scene.vigil.late_seconds = STALE_SECONDS
    scene.pumping.clear()

    def listen(message: Message) -> list[Message]:
        if message.get("k", {}).get("x"):
            scene.heard[message["s"]] = message
        return [message]

    scene.spoiler.judge = listen
    while scene.closed():
        assert time.monotonic() - began < 30, scene.closed()
        scene.move()
        backfill(scene)


def entries(scene: Scene, symbol: str) -> int:
    return scene.floor.one("select count(*) from trading.orders where symbol = %s and leg = 'entry'", symbol)


def tell(scene: Scene, symbol: str, exposure: str) -> str:
    """Publish a signal, let it have its effect, and return its id; no two are decided at once."""
    scene.floor.pass_time(timedelta(milliseconds=10))
    price = scene.floor.venue.last_price(symbol)
    assert isinstance(price, Known)
    made = scene.floor.signal(
        symbol=symbol, exposure=Decimal(exposure), stop=None, reference_price=price.value, timeframe="1m"
    )
    scene.floor.tell(made)
    scene.floor.settle()
    return made.signal_id


def test_each_defect_closes_the_gate_of_its_symbol_alone_and_heals(scene: Scene) -> None:
    tell(scene, SYMBOL, "0.1")
    assert entries(scene, SYMBOL) == 1
    took: dict[str, float] = {}
    for defect, check in DEFECTS:
        began = time.monotonic()
        defect(scene)
        while check not in (found := {row["check_name"] for row in scene.floor.rows(CLOSED)}):
            assert time.monotonic() - began < WITHIN_SECONDS, f"{defect.__name__}: the gate is open, or for {found}"
            time.sleep(0.05)
        took[defect.__name__] = time.monotonic() - began
        closed = scene.closed()
        assert list(closed) == [SYMBOL], (defect.__name__, closed)
        before, others = entries(scene, SYMBOL), entries(scene, OTHER)
        refused = tell(scene, SYMBOL, "0.9")
        tell(scene, OTHER, "0.5")
        assert entries(scene, SYMBOL) == before, f"{defect.__name__}: new risk on bad data"
        # A market that goes on by itself may fill the first entry in part, and a second brings the rest.
        assert entries(scene, OTHER) > others, f"{defect.__name__}: another symbol is held up"
        tell(scene, OTHER, "0")
        named = scene.floor.rows("select * from analytics.gate_refusals where signal_id = %s", refused)
        assert [row["run_id"] for row in named] == ["collector"], defect.__name__
        assert named[0]["check_name"] in closed[SYMBOL]
        assert named[0]["affected"] > 0
        until_open(scene)
    print({name: round(seconds, 1) for name, seconds in took.items()})
    healed = entries(scene, SYMBOL)
    tell(scene, SYMBOL, "0.9")
    assert entries(scene, SYMBOL) == healed + 1
