"""What still works on the trading floor when something below it is away: a position is never without its exit."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from adapters.exchange.passage import Allowance, Held, Request
from adapters.resilience.budget import Budget
from adapters.resilience.circuits import Circuits
from adapters.resilience.liaison import Liaison
from adapters.resilience.reading import Reading
from adapters.store import gates
from tests.integration.execution.floor import BOOK, SYMBOL, Floor
from trading.errors import Unavailable
from trading.market.clean import Finding
from trading.order import OrderState
from trading.ports import Known

SOLD = [("entry", OrderState.FILLED), ("stop", OrderState.FILLED)]


def held(floor: Floor) -> str:
    """Buy with a stop close below, and return the client id of the stop."""
    floor.tell(floor.signal(stop=Decimal("0.001"), valid_until=floor.now() + timedelta(days=3)))
    floor.settle()
    return floor.order("stop").client_id


def until_stopped_out(floor: Floor, stop: str) -> None:
    """Let market time pass, without execution, until the stop has filled at the venue."""
    for _ in range(200):
        floor.pass_time(timedelta(minutes=15))
        seen = floor.venue.order(SYMBOL, stop)
        assert isinstance(seen, Known)
        assert seen.value is not None
        if seen.value.state is OrderState.FILLED:
            return
    raise AssertionError("the market never came to the stop")


@contextmanager
def locked_out(database: str, server: str) -> Iterator[None]:
    """Let nobody into `database`, and throw out who is in it."""
    name = str(conninfo_to_dict(database)["dbname"])
    allow = sql.SQL("alter database {} allow_connections {}")
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(allow.format(sql.Identifier(name), sql.SQL("false")))
        connection.execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = %s", (name,))
        yield
        connection.execute(allow.format(sql.Identifier(name), sql.SQL("true")))


def test_without_the_database_nothing_is_sent_and_the_stop_at_the_venue_sells(
    floor: Floor, database: str, postgres_url: str
):
    stop = held(floor)
    sent = len(floor.accepted())
    floor.database._pool.timeout = 0.5
    with locked_out(database, postgres_url):
        floor.tell(floor.signal(exposure=Decimal(1)))
        for _ in range(3):
            with pytest.raises(Unavailable, match="TRADEWIND_DATABASE_URL"):
                floor.loop.turn()
        until_stopped_out(floor, stop)
        assert len(floor.accepted()) == sent
    floor.database._pool.timeout = 15
    floor.restart()
    floor.settle()
    assert floor.states()[:2] == SOLD
    floor.check()


def test_without_the_broker_a_stop_fills_and_is_booked(floor: Floor):
    stop = held(floor)
    floor.broker.close()
    until_stopped_out(floor, stop)
    floor.until(lambda: floor.states() == SOLD)
    floor.settle()
    floor.check()


def test_an_exit_goes_out_while_market_data_is_broken_stale_and_the_budget_spent(floor: Floor):
    bears, budget = Allowance(240, 60), Budget(floor.database)
    liaison = Liaison("simulator", bears, floor.database, budget)
    venue = floor.simulator.venue(passage=liaison, waits=liaison.waits)
    floor.desk = replace(floor.desk, venue=venue)
    floor.restart()
    held(floor)
    circuits = Circuits(floor.database, threshold=1, first_seconds=600.0)
    for endpoint in ("GET klines", "GET exchangeInfo", "GET ticker/price", "POST order", "DELETE order"):
        circuits.leave("simulator", endpoint, worked=False)
    budget.count("simulator", bears, 240)
    keys = {"book": BOOK, "venue": "simulator", "timeframe": "1h"}
    stale = Finding("stale", True, 1, floor.now(), floor.now(), "nothing has come for hours")
    with floor.database.transaction() as connection:
        gates.write(connection, keys, SYMBOL, [stale], floor.now(), "test", floor.now())
    with pytest.raises(Held):
        Reading("simulator", bears, Circuits(floor.database), budget, patience=0.0).enter(Request("GET depth", 1))
    floor.tell(floor.signal(exposure=Decimal(0), stop=None))
    floor.settle()
    assert floor.owned().get("BTC", 0) < Decimal("0.0001")  # less than a lot
    entry = floor.signal()
    floor.tell(entry)
    floor.settle()
    assert floor.owned().get("BTC", 0) < Decimal("0.0001")  # less than a lot
    (held_back,) = floor.rows(
        "select verdict, reason from trading.risk_decisions where signal_id = %s", entry.signal_id
    )
    assert (held_back["verdict"], "stale" in held_back["reason"]) == ("HOLD", True)
    floor.check()
