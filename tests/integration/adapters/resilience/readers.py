"""Readers of a simulator behind circuits and a budget, in this process or in ones of their own."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from time import monotonic
from typing import Any

from adapters.exchange.clock import WallClock
from adapters.exchange.market_data import MarketData
from adapters.exchange.passage import Allowance, Held, Reply, Request
from adapters.resilience.budget import Budget
from adapters.resilience.circuits import Circuits
from adapters.resilience.reading import Reading
from adapters.store.database import Database
from tests.integration.simulator.simulator_process import SimulatorProcess
from trading.errors import Unavailable
from trading.timeframe import Timeframe

HOUR = Timeframe.parse("1h")
START = datetime(2026, 2, 1, tzinfo=UTC)
VENUE = "simulator"
PLENTY = Allowance(12_000, 60)


@dataclass
class Noted:
    """A passage that lets another decide, and notes when each request went out and what came of it."""

    other: Reading
    went: list[tuple[float, str]] = field(default_factory=list)
    came: list[tuple[float, int | None]] = field(default_factory=list)

    def enter(self, request: Request) -> None:
        self.other.enter(request)
        self.went.append((monotonic(), request.endpoint))

    def leave(self, reply: Reply) -> None:
        self.came.append((monotonic(), reply.status))
        self.other.leave(reply)


def reader(
    rest_url: str,
    database: Database,
    allowance: Allowance = PLENTY,
    *,
    patience: float = 0.0,
    share: float = 1.0,
    redis_url: str | None = None,
    **circuit: Any,
) -> tuple[MarketData, Noted]:
    """Return a reader and its notes; `circuit` are numbers of Circuits."""
    circuits, budget = Circuits(database, **circuit), Budget(database, redis_url)
    noted = Noted(Reading(VENUE, allowance, circuits, budget, patience=patience, share=share))
    data = MarketData("binance", WallClock(), venue=VENUE, rest_url=rest_url, rate_limit=False, passage=lambda _: noted)
    return data, noted


def read_once(data: MarketData, hours: int = 3) -> int:
    """Read a few bars of one symbol and return how many came."""
    return sum(page.height for page in data.bars("BTC/USDT", HOUR, START, START + timedelta(hours=hours)))


def warned(simulator: SimulatorProcess) -> list[dict[str, Any]]:
    """Return the lines of the court record about answers that told a client to stop."""
    found = [json.loads(line) for line in simulator.record.read_text().splitlines()]
    return [line for line in found if line.get("event") == "warned"]


def read_away(asked: dict[str, Any], ready: Any, told: Any) -> None:
    """Read as often as possible until `seconds` are over or it is held up; put into `told` what went and came."""
    with Database(asked["database"], size=1) as database:
        data, noted = reader(
            asked["rest_url"],
            database,
            asked["allowance"],
            patience=asked["patience"],
            redis_url=asked["redis_url"],
        )
        ready.wait(20)
        ends = monotonic() + asked["seconds"]
        while monotonic() < ends:
            try:
                read_once(data)
            except Held:
                break
            except Unavailable:
                continue
        data.close()
    told.put((noted.went, noted.came))


def processes(number: int, **asked: Any) -> list[tuple[list[tuple[float, str]], list[tuple[float, int | None]]]]:
    """Let `number` processes read at once; return what went out from each, and what came back."""
    made = get_context("forkserver")
    made.set_forkserver_preload([__name__])
    ready, told = made.Barrier(number), made.Queue()
    started = [made.Process(target=read_away, args=(asked, ready, told), daemon=True) for _ in range(number)]
    for process in started:
        process.start()
    answers = [told.get(timeout=30) for _ in started]
    for process in started:
        process.join(10)
        assert process.exitcode == 0
    return answers
