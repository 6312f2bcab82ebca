"""The kill switch in the middle of trading: what was on its way may arrive within a second, nothing new after it."""

import os
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from threading import Event, Thread

import pytest

from adapters.compose import mass_cancel
from adapters.evidence import court
from adapters.exchange.clock import WallClock
from adapters.settings import load
from adapters.store import audit, halts
from adapters.store.database import Database
from services.guard.guard import Guard
from services.guard.main import ROUND_SECONDS
from tests.chaos.relay import Relay, told
from tests.chaos.rig import BOOK, Rig, rig
from trading.errors import Unavailable
from trading.order import Leg

pytestmark = pytest.mark.chaos

TRIPS = int(os.environ.get("TRADEWIND_TEST_TRIPS") or 50)
#: After this no new risk may reach the venue, and so long after it the halt stands at least.
_OBEYED, _STANDS = timedelta(seconds=1), 1.2
#: The guard has cancelled what worked within so many seconds, however busy the machine.
_ENFORCED = 10.0
#: Orders and answers that take their time are in flight when the halt comes; entries that fill in parts are working.
_SLOW = [
    {"fault": "delay", "probability": 0.2, "milliseconds": 120},
    {"fault": "delay_answer", "probability": 0.2, "milliseconds": 300},
    {"fault": "late_fills", "probability": 0.4, "parts": 3, "milliseconds": 500},
]


@contextmanager
def guarding(floor: Rig) -> Iterator[None]:
    """Run the guard beside the block, as its process does."""
    named = {name.removeprefix("TRADEWIND_").lower(): value for name, value in floor.env.items()}
    canceller, stop = mass_cancel(load(**named)), Event()

    def run() -> None:
        with Database(floor.url, size=1, statement_timeout="10s") as database:
            guard = Guard(database, BOOK, floor.symbols, canceller, floor.folder)
            while not stop.is_set():
                with suppress(Unavailable):
                    guard.turn(time.monotonic())
                stop.wait(ROUND_SECONDS)

    thread = Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
        canceller.close()


def flow(floor: Rig, chance: random.Random, seconds: float) -> None:
    """Let signals come for so long."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        floor.tell(1)
        time.sleep(chance.uniform(0.02, 0.08))


def trip(floor: Rig, chance: random.Random, number: int) -> int:
    """Halt the book or one symbol while signals go on to come, have the guard enforce it, resume; return the halt."""
    symbol = chance.choice([None, *floor.symbols])
    floor.tell(8)
    time.sleep(chance.uniform(0, 0.15))
    with floor.database.transaction() as connection:
        halt_id = halts.add(connection, BOOK, symbol, f"trip {number}", "test")
    assert halt_id is not None
    flow(floor, chance, _STANDS + chance.uniform(0, 0.5))
    floor.until(lambda: floor.one(f"select enforced_at is not null from trading.halts where halt_id = {halt_id}"))
    with floor.database.transaction() as connection:
        lifted = halts.lift(connection, BOOK, symbol, "all is well", "test")
        about = {"book": BOOK, "lifted": [one.halt_id for one in lifted]}
        audit.record(connection, WallClock().now(), "test", "resumed", symbol or BOOK, about)
    return halt_id


def obeyed(floor: Rig) -> tuple[list[float], list[float]]:
    """Return, in seconds after each halt, when new risk last arrived under it, and when the guard had cancelled."""
    record = court.read(floor.simulator.record, BOOK)
    taken = {order.client_id for order in record.orders}
    with floor.database.transaction() as connection:
        rows = connection.execute("select * from trading.halts order by halt_id").fetchall()
        risky = connection.execute(
            "select client_id, symbol from trading.orders where not reduce_only and leg <> %s", (Leg.STOP,)
        ).fetchall()
    posts = [
        (row["symbol"], post.at)
        for row in risky
        if row["client_id"] in taken
        for post in record.posts_of[row["client_id"]]
    ]
    now = WallClock().now()
    late = [
        max(
            (
                (at - halt["at"]).total_seconds()
                for symbol, at in posts
                # The guard halts as well: whoever is halted again and again makes many orders about one signal.
                if halt["at"] < at < (halt["lifted_at"] or now) and halt["symbol"] in (None, symbol)
            ),
            default=0.0,
        )
        for halt in rows
    ]
    return late, [(halt["enforced_at"] - halt["at"]).total_seconds() for halt in rows]


def test_after_a_halt_nothing_new_reaches_the_venue(tmp_path: Path, database: str, seed: int):
    chance = random.Random(seed)
    with rig(tmp_path, database, seed, strategies=48) as floor, guarding(floor):
        relay = Relay(floor, lambda: None, 2, lambda: {"TRADEWIND_LANES": "2"})
        relay.owner()
        floor.control.faults({"seed": seed % 1000, "rules": _SLOW})
        began, flying = time.monotonic(), 0
        for number in range(TRIPS):
            flow(floor, chance, chance.uniform(0.2, 0.8))
            flying += floor.one(
                "select count(*) from trading.orders where state in ('SENDING', 'PARTIAL', 'ACKED') and leg = 'entry'"
            )
            trip(floor, chance, number)
        took = time.monotonic() - began
        relay.close()
        floor.settle()
        late, enforced = obeyed(floor)
        cases = floor.check()
        ended = floor.one("select count(*) from trading.orders where state = 'CANCELED' and leg <> 'stop'")
        print(
            f"{len(late)} trips in {took:.0f} s with {flying} entries in flight; new risk arrived at most"
            f" {max(late):.3f} s after a halt, in {sum(one > 0 for one in late)} of them; the guard had cancelled after"
            f" at most {max(enforced):.2f} s; {ended} entries and exits cancelled; {told(floor, cases)}"
        )
    assert flying > 0
    assert max(late) <= _OBEYED.total_seconds()
    assert max(enforced) <= _ENFORCED
