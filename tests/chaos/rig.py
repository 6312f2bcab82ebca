"""The rig of the campaigns: real PostgreSQL, broker, simulator on wall time, and execution workers that are forked.

The workers run the real main of `services.execution`, with its lease, its consumer and real ccxt; their time constants
are settings, and short here. Whatever happened to them, at the end the joined history must show every invariant.
"""

import itertools
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import Any

import polars as pl

from adapters.bus.envelope import seal
from adapters.bus.local_broker import LocalBroker
from adapters.bus.signal_message import encode
from adapters.bus.signal_topic import SignalProducer, cluster_id
from adapters.evidence import load, timeline, topic
from adapters.evidence.invariants import verify
from adapters.exchange.clock import WallClock
from adapters.exchange.simulator_control import SimulatorControl
from adapters.store import accounts, books, parameters
from adapters.store.database import Database
from adapters.store.frames import Store
from adapters.store.migrate import migrate
from tests.chaos.worker import PATIENCE, Worker
from tests.integration.simulator.simulator_process import KEY, SECRET, SimulatorProcess, configuration, instrument
from trading.instrument import Instrument
from trading.limits import Limits
from trading.order import Side
from trading.ports import Known
from trading.quote import Quote
from trading.signal import Lineage, Signal

BOOK, TOPIC, VERSION, SIGNAL_KEY = "main", "signals", "2.3", "k" * 32
CASH = Decimal(1_000_000)
WINDOW_MS, MARGIN_MS, LEASE_MS = 300, 400, 400
MINUTE = timedelta(minutes=1)
#: Alembic's environment belongs to the process; books that are opened at once take turns.
_ONE = Lock()


@dataclass
class Rig:
    """One book, many sub-accounts, one venue account."""

    folder: Path
    url: str
    broker: LocalBroker
    simulator: SimulatorProcess
    database: Database
    producer: SignalProducer
    zygote: "subprocess.Popen[str]"
    env: dict[str, str]
    symbols: list[str]
    strategies: list[str]
    random: random.Random
    workers: list[Worker] = field(default_factory=list)
    #: Froze, were superseded and woken up: they have to end by themselves.
    woken: list[Worker] = field(default_factory=list)
    published: int = 0
    spoiled: int = 0
    told: set[str] = field(default_factory=set)
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    prices: dict[str, Decimal] = field(default_factory=dict)
    #: The share of the signals that want quotes to rest; what rests trades on while nothing is told.
    quoting: float = 0.25

    @cached_property
    def control(self) -> SimulatorControl:
        """The control port of the venue, over one connection."""
        return self.simulator.control()

    def start(self, strike: Mapping[str, Any] | None = None, **env: str) -> Worker:
        """Fork a worker; `strike` = {"point": name or None, "hit": n, "action": "kill" | "stop" | "raise"}."""
        command = {"env": {**self.env, **env}, "strike": strike, "log": str(self.folder / "workers.log")}
        assert self.zygote.stdin is not None
        assert self.zygote.stdout is not None
        self.zygote.stdin.write(json.dumps(command) + "\n")
        self.zygote.stdin.flush()
        pid = int(self.zygote.stdout.readline())
        self.workers.append(Worker(pid, os.pidfd_open(pid), strike))
        return self.workers[-1]

    def end(self, worker: Worker, number: signal.Signals = signal.SIGKILL) -> None:
        self.workers.remove(worker)
        worker.end(number)

    def signal(self, **changes: Any) -> Signal:
        """Return a signal of a random sub-account that wants something random."""
        symbol, now = self.random.choice(self.symbols), WallClock().now()
        number = next(self.numbers)
        wanted = Decimal(self.random.choice(["0", "0.2", "0.5", "0.9"]))
        values: dict[str, Any] = {
            "signal_id": f"signal-{number:07d}",
            "book": BOOK,
            "strategy": self.random.choice(self.strategies),
            "venue": "simulator",
            "symbol": symbol,
            "timeframe": "1m",
            "ts": now - MINUTE - timedelta(microseconds=number),
            "decided_at": now,
            "valid_until": now + timedelta(minutes=10),
            "exposure": wanted,
            "stop": Decimal("0.2") if wanted and self.random.random() < 0.5 else None,
            "volatility": Decimal("0.0001"),
            "reference_price": self.prices[symbol],
            "reason": "chaos",
            "lineage": Lineage("run", "code", "model", "features", "candle", 1),
        }
        if not {"exposure", "stop"} & set(changes) and self.random.random() < self.quoting:
            values |= {"exposure": None, "stop": None, "quotes": self._quotes(self.prices[symbol])}
        return Signal(**{**values, **changes})

    def _quotes(self, price: Decimal) -> tuple[Quote, ...]:
        """Return bids and asks around `price`, as a grid has them: some cross the market, most rest."""
        steps = [1 + Decimal(number) / 200 for number in range(-3, 4)]
        bids = [Quote(Side.BUY, price * step, Decimal(unit) / 10) for unit, step in enumerate(steps[3::-1], 1)]
        asks = [Quote(Side.SELL, price * step, Decimal(unit) / 10) for unit, step in enumerate(steps[4::-1])]
        return (*bids, *asks)

    def tell(self, number: int = 1, times: int = 1) -> None:
        """Publish `number` signals of chance, each of them `times` times."""
        self.publish([made for made in (self.signal() for _ in range(number)) for _ in range(times)])

    def publish(self, signals: Sequence[Signal]) -> None:
        """Publish `signals`; what was published before is a repetition."""
        self.producer.send(TOPIC, [(f"{BOOK}|{made.symbol}", seal(encode(made), SIGNAL_KEY)) for made in signals])
        self.published += len(signals)
        self.told |= {made.signal_id for made in signals}

    def spoil(self, value: bytes) -> None:
        """Publish something that is no signal."""
        self.producer.send(TOPIC, [(BOOK, value)])
        self.published += 1
        self.spoiled += 1

    def one(self, query: str) -> Any:
        with self.database.transaction() as connection:
            return next(iter(connection.execute(query).fetchone().values()))  # type: ignore[union-attr, arg-type]

    @property
    def consumed(self) -> int:
        return int(self.one("select coalesce(sum(next_offset), 0) from trading.consumer_offsets"))

    def settled(self) -> bool:
        """Return whether every message has had its effect and nothing is in flight."""
        return bool(
            self.consumed >= self.published
            and self.one(
                "select not exists (select 1 from trading.triggers) and not exists (select 1 from trading.orders"
                " where state in ('INTENT', 'SENDING', 'UNKNOWN', 'PENDING_CANCEL'))"
                " and not exists (select 1 from trading.symbol_states where state = 'RECONCILING')"
            )
        )

    def settle(self) -> None:
        """Take all faults away and let a worker bring everything to its end: liveness."""
        self.control.faults({"rules": []})
        worker = self.start()
        self.until(self.settled)
        self.end(worker, signal.SIGTERM)

    def until(self, reached: Callable[[], bool], pause: float = 0.05) -> None:
        deadline = time.monotonic() + PATIENCE
        while not reached():
            if time.monotonic() > deadline:
                raise AssertionError(f"not reached within {PATIENCE:g} s: {self.story()}")
            time.sleep(pause)

    def story(self) -> str:
        rows: list[Any] = []
        with self.database.transaction() as connection:
            for query in (
                "select state, leg, count(*) from trading.orders group by 1, 2 order by 1, 2",
                "select client_id, state, symbol, sent_at, outcome_detail from trading.orders"
                " where state in ('INTENT', 'SENDING', 'UNKNOWN', 'PENDING_CANCEL') limit 5",
                "select symbol, state, reason from trading.symbol_states where state <> 'OPEN'",
                "select strategy, symbol, reason from trading.triggers limit 5",
                "select reason, actor from trading.halts limit 3",
                "select pid, state, wait_event, left(query, 60) as query from pg_stat_activity"
                " where datname = current_database() and state <> 'idle' and pid <> pg_backend_pid()",
            ):
                rows += [dict(row) for row in connection.execute(query).fetchall()]
        tail = (self.folder / "workers.log").read_text()[-1500:]
        return f"{tail}\n{rows}\n{self.consumed} of {self.published} consumed"

    def check(self) -> dict[str, int]:
        """Check every invariant over the joined history and return how many cases each has seen."""
        history = load.load(
            self.database,
            BOOK,
            self.simulator.record,
            absence_margin=timedelta(milliseconds=MARGIN_MS),
            log=lambda: topic.read(self.broker.bootstrap, VERSION, TOPIC),
        )
        verdicts = verify(history)
        broken = [violation for verdict in verdicts for violation in verdict.violations]
        assert not broken, "\n".join(
            [str(violation) for violation in broken[:10]]
            + [line for violation in broken[:2] for line in map(str, timeline.timeline(history, violation.ref))]
        )
        assert self.one("select count(*) from trading.symbol_states where state = 'HALTED'") == 0, self.story()
        return {verdict.invariant: verdict.cases for verdict in verdicts}

    def account(self) -> dict[str, int]:
        """Check and return: consumed = accepted + expired + denied + dead letters + repetitions, and nothing lost."""
        with self.database.transaction() as connection:
            rows = connection.execute("select status, count(*) as n from trading.inbox group by 1").fetchall()
        counts = {row["status"]: row["n"] for row in rows}
        assert sum(counts.values()) == len(self.told), (counts, len(self.told))
        letters = int(self.one("select count(*) from ops.dead_letters"))
        repeated = self.published - self.spoiled - len(self.told)
        counts |= {"dead letters": letters, "repetitions": repeated, "consumed": self.consumed}
        assert letters == self.spoiled, counts
        assert self.consumed == self.published == len(self.told) + letters + repeated, counts
        return counts


@contextmanager
def rig(folder: Path, url: str, seed: int, symbols: int = 4, strategies: int = 3, **simulator: Any) -> Iterator[Rig]:
    """Yield a rig over the empty database at `url`; everything ends with the block."""
    names = ["BTC/USDT", "ETH/USDT", "SOL/USDT", "BNB/USDT", "LTC/USDT", "AVAX/USDT"][:symbols]
    rows = [instrument(name, "0.01", "0.0001") for name in names]
    now = WallClock().now()
    account = {"name": BOOK, "api_key": KEY, "secret": SECRET, "balances": {"USDT": str(CASH)}}
    market = {"kind": "random", "seed": seed % 1000, "start": (now - timedelta(days=1)).isoformat()}
    changes = {"accounts": [account], "instruments": rows, "market": market, "timeframe": "1m"}
    limits = {"weight_limit": 10**9, "order_limit": 10**9, "clock": {"kind": "wall"}}
    process = SimulatorProcess(folder, configuration(folder, **{**changes, **limits, **simulator}))
    command = [sys.executable, "-m", "tests.chaos.zygote"]
    with LocalBroker() as broker, Database(url) as database:
        with _ONE:
            migrate(url)
        broker.create_topic(TOPIC, 4)
        process.start()
        producer = SignalProducer(broker.bootstrap, VERSION)
        zygote = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        env = _environment(url, broker.bootstrap, process.ready["rest_url"])
        made = [f"strategy{number}" for number in range(strategies)]
        rig = Rig(folder, url, broker, process, database, producer, zygote, env, names, made, random.Random(seed))
        try:
            _open(rig)
            yield rig
        finally:
            for worker in (*rig.workers, *rig.woken):
                worker.send(signal.SIGKILL)
                os.close(worker.descriptor)
            zygote.kill()
            zygote.communicate()
            producer.close()
            process.close_clients()
            if process.lives:
                process.stop()


def _environment(url: str, kafka: str, venue: str) -> dict[str, str]:
    values: dict[str, object] = {
        "book": BOOK,
        "database_url": url,
        "kafka": kafka,
        "kafka_api_version": VERSION,
        "signal_topic": TOPIC,
        "signal_key": SIGNAL_KEY,
        "venue_url": venue,
        "venue_api_key": KEY,
        "venue_api_secret": SECRET,
        "recv_window_ms": WINDOW_MS,
        "absence_margin_ms": MARGIN_MS,
        "lease_ms": LEASE_MS,
        "review_seconds": 1,
        "market_time": "running",
        "lanes": 2,
    }
    return {f"TRADEWIND_{name.upper()}": str(value) for name, value in values.items()}


def _open(rig: Rig) -> None:
    """Write instruments, limits, book and capital as the bootstrap does."""
    venue = rig.simulator.venue()
    known = venue.instruments(rig.symbols)
    assert isinstance(known, Known)
    found: list[Instrument] = known.value
    for one in found:
        price = venue.last_price(one.symbol)
        assert isinstance(price, Known)
        rig.prices[one.symbol] = price.value
    now = WallClock().now()
    frame = pl.DataFrame([{**vars(one), "knowledge_ts": now - MINUTE} for one in found])
    Store(rig.database, "chaos", "0").write("market.instruments", frame)
    configuration = {"venue": "simulator", "symbols": rig.symbols, "timeframe": "1m"}
    with rig.database.transaction() as connection:
        parameters.ensure_limits(connection, Limits(), "chaos", "defaults")
        books.open_book(connection, BOOK, configuration, 0)
        owners = [(strategy, symbol) for strategy in rig.strategies for symbol in rig.symbols]
        accounts.fund(connection, BOOK, owners, "USDT", CASH, now)


def cluster_of(rig: Rig) -> str:
    """Return the id under which the rig's broker is known."""
    return cluster_id(rig.broker.bootstrap, VERSION)
