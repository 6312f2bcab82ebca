"""From a signal on its way into the topic to the exchange receiving its order: decision, risk and books between.

Real PostgreSQL, execution and simulator as in `tradewind up`, on Apache Kafka where Java and Maven are; the peer is one
bare kafka-python round trip plus one commit. Both at the same rate in the same run, at uneven intervals: in step with
the waits of a consumer, each would measure the luck of its beginning. Whoever sends costs as little as possible of the
machine: the publisher is not measured here.
"""

import contextlib
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import polars as pl
from confluent_kafka import Producer

from adapters.bus.envelope import seal
from adapters.bus.signal_message import encode
from adapters.bus.signal_topic import ensure_topic, partition_of
from adapters.exchange import court_record
from adapters.exchange.clock import WallClock
from adapters.settings import load
from adapters.store import accounts, books, parameters
from adapters.store.database import Database
from adapters.store.frames import Store
from cli.session.markets import Market, random_market
from cli.session.plan import RunPlan, Trading
from cli.session.stack import Stack, running
from services.supervisor import apache_kafka
from tests.performance.bench import Measured, lower_is_better
from trading.audit import digest
from trading.limits import Limits
from trading.order import Leg, OrderKey
from trading.signal import Lineage, Signal
from trading.simulation.random_market import SPECS, bars
from trading.timeframe import EPOCH, Timeframe

SYMBOLS = tuple(spec.symbol for spec in SPECS)
STRATEGIES = 10
SIGNALS, PER_SECOND, WARM = 700, 100, 100


def latency() -> Measured:
    """Measure the median of both ways; the note holds the 99th percentile of ours."""
    folder = Path(tempfile.mkdtemp(prefix="tradewind-bench-"))
    folder.chmod(0o755)  # as root, the server's own account must reach it
    before = dict(os.environ)
    try:
        with _broker(folder) as kafka, running(load(data_dir=folder, kafka=kafka)) as stack:
            _peer(stack, 3000, 1000)  # a broker that has just been started is slow to everybody
            ours = _ours(stack)
            peer = _peer(stack, SIGNALS, PER_SECOND)
    finally:
        os.environ.clear()
        os.environ.update(before)
        shutil.rmtree(folder)
    ranked = sorted(ours)
    note = (
        f"{SIGNALS} signals at {PER_SECOND}/s, p99 {ranked[int(len(ranked) * 0.99)]:.1f} ms; peer: round trip + commit;"
        f" {'in-process broker' if kafka is None else 'Apache Kafka'}"
    )
    return lower_is_better("signal_to_wire", ours, peer, "ms, median", note)


@contextlib.contextmanager
def _broker(folder: Path) -> Iterator[str | None]:
    """Yield the address of an Apache Kafka, None without Java and Maven.

    The in-process broker does not wake a fetch that waits for a message: on it, half of what is measured is that wait.
    """
    if os.environ.get("TRADEWIND_KAFKA") or not (shutil.which("java") and shutil.which("mvn")):
        yield None
        return
    kafka = folder / "kafka"
    kafka.mkdir()
    with apache_kafka.running(kafka) as (_, bootstrap):
        yield bootstrap


def _ours(stack: Stack) -> list[float]:
    market = _market()
    plan, names = market.plan, [f"bench_{number}" for number in range(STRATEGIES)]
    with Database(stack.settings.required("database_url")) as database:
        _open(stack, database, plan, names)
        record = stack.start_simulator(market, wall=True).record()
        stack.start("execution", "services.execution.main")
        _wait_open(database, plan)
        sent = _tell(stack, plan, names)
        wanted = _settled(database, plan, sent)
    arrived = {
        event["params"]["newClientOrderId"]: EPOCH + timedelta(milliseconds=event["at"])
        for event in court_record.lines(record)
        if event["event"] == "request" and event["method"] == "POST" and "newClientOrderId" in event["params"]
    }
    found = [(arrived[key] - at) / timedelta(milliseconds=1) for key, at in sent.items() if key in arrived]
    if len(found) != wanted:
        raise SystemExit(f"{wanted} of {len(sent)} signals were to become orders, {len(found)} did")
    return found


def _tell(stack: Stack, plan: RunPlan, names: list[str]) -> dict[str, datetime]:
    """Send the signals and return when each left, by the client id of its order; the first ones only warm up."""
    settings, prices = stack.settings, _prices(plan)
    producer = Producer({"bootstrap.servers": settings.required("kafka"), "linger.ms": 0, "acks": "all"})
    key, sent, chance = settings.required("signal_key"), {}, random.Random(7)
    for number in range(SIGNALS):
        began = time.monotonic()
        signal = _signal(plan, names, number, WallClock().now(), prices)
        message, place = seal(encode(signal), key), partition_of(signal.book, signal.symbol, settings.signal_partitions)
        if number >= WARM:
            sent[OrderKey(signal.signal_id, 1, _leg(signal)).client_id(plan.book, 1)] = WallClock().now()
        producer.produce(settings.signal_topic, message, f"{signal.book}|{signal.symbol}", place)
        producer.poll(0)
        time.sleep(max(0.0, began + chance.uniform(0.5, 1.5) / PER_SECOND - time.monotonic()))
    producer.flush()
    return sent


def _market() -> Market:
    market = random_market(Timeframe.parse("1m"), SYMBOLS, Trading(24))
    now = WallClock().now().replace(second=0, microsecond=0)
    plan = replace(market.plan, history_start=now - timedelta(days=1), window_start=now)
    return replace(market, plan=plan)


def _open(stack: Stack, database: Database, plan: RunPlan, names: list[str]) -> None:
    store = Store(database, "bench", "0")
    rows = [{**vars(instrument), "knowledge_ts": plan.window_start} for instrument in plan.instruments]
    store.write("market.instruments", pl.DataFrame(rows))
    with database.transaction() as connection:
        parameters.ensure_limits(connection, Limits(), "bench", "defaults")
        books.open_book(connection, plan.book, plan.configuration, plan.steps)
        owners = [(name, symbol) for name in names for symbol in plan.symbols]
        accounts.fund(connection, plan.book, owners, plan.quote, Decimal(100_000), plan.window_start)


def _wait_open(database: Database, plan: RunPlan) -> None:
    for _ in range(300):
        with database.transaction() as connection:
            if connection.execute(
                "select 1 from trading.symbol_states where book = %s"
                " having count(*) filter (where state = 'OPEN') = %s",
                (plan.book, len(plan.symbols)),
            ).rowcount:
                return
        time.sleep(0.1)
    raise SystemExit("execution did not open its symbols")


def _settled(database: Database, plan: RunPlan, sent: dict[str, datetime]) -> int:
    """Wait until every signal is decided about, and return how many of `sent` were to be traded on.

    An entry finds no seller now and then, and then there is nothing to leave.
    """
    for _ in range(100):
        with database.transaction() as connection:
            decided = connection.execute(
                "select signal_id, verdict from trading.risk_decisions where book = %s and decision_no = 1",
                (plan.book,),
            ).fetchall()
        if len(decided) == SIGNALS:
            traded = [row["signal_id"] for row in decided if row["verdict"] == "TRADE"]
            ids = {OrderKey(one, 1, leg).client_id(plan.book, 1) for one in traded for leg in (Leg.ENTRY, Leg.EXIT)}
            return len(ids & sent.keys())
        time.sleep(0.1)
    raise SystemExit("execution did not decide about every signal")


def _signal(plan: RunPlan, names: list[str], number: int, now: datetime, prices: dict[str, Decimal]) -> Signal:
    """Return the next signal: every sub-account in turn, in and out by turns."""
    places = [(name, symbol) for name in names for symbol in plan.symbols]
    turn, place = divmod(number, len(places))
    strategy, symbol = places[place]
    # A strategy says one thing about a bar, so every turn speaks of another one.
    bar = plan.timeframe.open_of(now) - (SIGNALS - turn) * plan.timeframe.delta
    return Signal(
        digest(("bench", plan.book, number))[:32],
        plan.book,
        strategy,
        plan.venue,
        symbol,
        str(plan.timeframe),
        bar,
        now,
        now + timedelta(minutes=5),
        Decimal("0.1") if turn % 2 == 0 else Decimal(0),
        None,
        Decimal("0.0001"),
        prices[symbol],
        "bench",
        Lineage("bench", "0", "bench", "bench", "bench", 1),
    )


def _prices(plan: RunPlan) -> dict[str, Decimal]:
    end = plan.window_start
    found = bars(plan.seed, SPECS, plan.timeframe, end - timedelta(minutes=5), end)
    last = found.group_by("symbol").agg(pl.col("close").last())
    return {symbol: Decimal(repr(close)) for symbol, close in last.iter_rows()}


def _leg(signal: Signal) -> Leg:
    return Leg.ENTRY if signal.exposure else Leg.EXIT


def _peer(stack: Stack, count: int, rate: int) -> list[float]:
    settings, topic = stack.settings, f"{stack.settings.signal_topic}.peer"
    if settings.kafka_api_version is None:
        ensure_topic(settings.required("kafka"), None, topic, 1)
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "tests.performance.peer_round_trip",
            topic,
            str(count),
            str(rate),
        ],
        check=True,
        capture_output=True,
        text=True,
    )
    return json.loads(done.stdout)
