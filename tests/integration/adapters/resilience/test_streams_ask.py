"""What the streams ask for besides is counted and held like all other reads."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from ccxt.base.errors import DDoSProtection

from adapters.exchange.async_passage import guard
from adapters.exchange.ccxt_stream import connect
from adapters.exchange.passage import Allowance, Held
from adapters.resilience.budget import Budget
from adapters.resilience.circuits import Circuits
from adapters.resilience.reading import Reading
from adapters.store.database import Database
from tests.integration.adapters.resilience.readers import PLENTY, VENUE, reader, warned
from tests.integration.simulator.simulator_process import SimulatorProcess

BTC = "BTC/USDT"
#: One request for what can be traded fits, no second one.
SCARCE = Allowance(60, 60)


def asking(
    simulator: SimulatorProcess, db: Database, work: Callable[[Any], Awaitable[None]], allowance: Allowance = PLENTY
) -> None:
    """Let `work` ask the simulator through a ccxt.pro exchange whose requests pass."""

    async def run() -> None:
        exchange = connect("binance", simulator.ready["rest_url"], simulator.ready["ws_url"])
        reading = Reading(VENUE, allowance, Circuits(db), Budget(db, None), patience=0.0, share=1.0)
        guard(exchange, lambda _: reading)
        try:
            await work(exchange)
        finally:
            await exchange.close()

    asyncio.run(run())


def test_a_pause_that_the_venue_tells_the_streams_is_told_to_all(simulator: SimulatorProcess, db: Database):
    async def work(exchange: Any) -> None:
        await exchange.load_markets()
        simulator.control().faults({"seed": 1, "rules": [{"fault": "too_many_429", "on": "market", "next": 1}]})
        with pytest.raises(DDoSProtection):
            await exchange.fetch_order_book(BTC, 5)
        with pytest.raises(Held, match="asked to be left alone"):
            await exchange.fetch_order_book(BTC, 5)

    asking(simulator, db, work)
    assert Circuits(db).pause_left(VENUE) > 0
    data, _ = reader(simulator.ready["rest_url"], db)
    with pytest.raises(Held, match="asked to be left alone"):
        data.instruments([BTC])
    assert len(warned(simulator)) == 1


def test_the_streams_ask_within_the_budget_of_all(simulator: SimulatorProcess, db: Database):
    async def work(exchange: Any) -> None:
        await exchange.load_markets()
        with pytest.raises(Held, match="budget"):
            await asyncio.gather(*(exchange.fetch_order_book(BTC, 1000) for _ in range(10)))

    asking(simulator, db, work, SCARCE)


def test_snapshots_side_by_side_all_come(simulator: SimulatorProcess, db: Database):
    async def work(exchange: Any) -> None:
        await exchange.load_markets()
        found = await asyncio.gather(*(exchange.fetch_order_book(BTC, 5) for _ in range(20)))
        assert all(len(book["bids"]) == 5 for book in found)

    asking(simulator, db, work)
    assert Circuits(db).pause_left(VENUE) == 0
