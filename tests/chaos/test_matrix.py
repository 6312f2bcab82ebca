"""Every crash point x what becomes of an order request x how the process ends there, one after the other."""

import itertools
import os
import random
import re
import time
from collections import Counter, deque
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from adapters.store import halts
from services.execution import crash_points
from services.simulator.wrong_answers import ANSWERS, BREAKS
from tests.chaos.abreast import BOOKS, Abreast
from tests.chaos.relay import Relay, told
from tests.chaos.rig import BOOK, Rig, rig
from tests.chaos.worker import Worker

pytestmark = pytest.mark.chaos

#: All of the matrix is 1; the short form takes a third, another one with each seed.
SHARE = int(os.environ.get("TRADEWIND_TEST_MATRIX_SHARE") or 3)
ACTIONS = ("kill", "stop", "raise")
#: Answers that only a cancel or a query gets.
_NOT_OF_ORDERS = {"unknown_2011", "missing_2013"}
#: An overfill halts its symbol for good and has campaigns of its own in the tests of the simulator.
OUTCOMES: dict[str, dict[str, Any]] = {
    "as it should": {},
    **{name: {"fault": name} for name in (*ANSWERS, *BREAKS) if name not in _NOT_OF_ORDERS},
    # All processes of a book obey what one of them was told: the pause of a cell must not outlast it by much.
    "banned_418": {"fault": "banned_418", "milliseconds": 1000},
    "other_client_id": {"fault": "other_client_id"},
    "foreign_order": {"fault": "foreign_order"},
    "delayed": {"fault": "delay", "milliseconds": 120},
    "answered late": {"fault": "delay_answer", "milliseconds": 200},
    "queued": {"fault": "queue", "milliseconds": 100},
    "queued for too long": {"fault": "queue", "milliseconds": 500},
    "filled in parts": {"fault": "late_fills", "parts": 2, "milliseconds": 100},
}
CELLS = list(itertools.product(crash_points.NAMES, OUTCOMES, ACTIONS))
_IN: dict[str, Any] = {"exposure": Decimal("0.5"), "stop": Decimal("0.2")}
_OUT: dict[str, Any] = {"exposure": Decimal(0), "stop": None}
#: Absence takes its time to be proven.
_GRACE = {"absence_written": 1.2, "absence_committed": 1.2}


def test_crash_points_are_where_they_are_said_to_be():
    sources = Path(crash_points.__file__).parent.glob("*.py")
    found = {name for source in sources for name in re.findall(r'crash_point\("(\w+)"\)', source.read_text())}
    assert found == set(crash_points.NAMES)
    assert len(set(crash_points.NAMES)) == len(crash_points.NAMES)


def tell_there_and_back(floor: Rig) -> None:
    """Publish a signal to enter with a stop, one to leave, and one of chance."""
    place = {"strategy": floor.random.choice(floor.strategies), "symbol": floor.random.choice(floor.symbols)}
    price = floor.prices[place["symbol"]]
    floor.publish([floor.signal(**place, **wish, reference_price=price) for wish in (_IN, _OUT)])
    floor.tell()


def lift(floor: Rig) -> None:
    """Lift the halt that a key gets which was refused again and again."""
    with floor.database.transaction() as connection:
        halts.lift(connection, BOOK, None, "the key is right again", "test")


def put_through(relay: Relay, owner: Worker) -> bool:
    """Do the cell of `owner`, and end it; return whether its crash point was reached."""
    floor, strike = relay.floor, owner.strike or {}
    rule = OUTCOMES[strike["outcome"]]
    floor.control.faults({"seed": 1, "rules": [{"next": 2, **rule}] if rule else []})
    tell_there_and_back(floor)
    reached = met(floor, owner, _GRACE.get(strike["point"], 0.3))
    if reached and strike["action"] == "stop" and not owner.wait(0):
        relay.frozen = owner
    else:
        owner.wait(1.0 if reached else 0.0)  # an error takes a moment to end a process
        relay.kill(owner)
    return reached


def met(floor: Rig, owner: Worker, grace: float) -> bool:
    """Return whether `owner` meets its crash point: at the latest `grace` seconds after it has read all messages."""
    until, all_read = time.monotonic() + 3.0, False
    while time.monotonic() < until:
        if owner.wait(0.02) or owner.frozen:
            return True
        if not all_read and floor.consumed >= floor.published:
            until, all_read = time.monotonic() + grace, True
    return False


def walk(folder: Path, url: str, seed: int, cells: Sequence[tuple[str, str, str]]) -> tuple[str, Counter[str]]:
    """Put the book through `cells`; return what was seen, and how often each crash point has struck."""
    mine = deque(cells)

    def strike() -> dict[str, Any]:
        point, outcome, action = mine.popleft() if mine else (None, "as it should", "kill")
        return {"point": point, "hit": 1 if point else 10**6, "action": action, "outcome": outcome}

    with rig(folder, url, seed, symbols=2, strategies=12) as floor:
        relay = Relay(floor, strike, 2, lambda: {"TRADEWIND_LANES": "1"})
        began = time.monotonic()
        while mine or any((worker.strike or {})["point"] for worker in floor.workers):
            owner = relay.owner()
            relay.wake_frozen()
            lift(floor)
            put_through(relay, owner)
        took = time.monotonic() - began
        relay.close()
        lift(floor)
        floor.settle()
        cases = floor.check()
        struck = Counter(re.findall(r"^struck (\w+)$", (folder / "workers.log").read_text(), re.MULTILINE))
        each = f"{1000 * took / len(cells):.0f} ms each"
        return f"{len(cells)} cells in {took:.0f} s, {each}; {told(floor, cases)}", struck


def test_whatever_happens_at_whatever_moment_nothing_is_doubled_or_lost(abreast: Abreast, seed: int):
    cells = CELLS.copy()
    random.Random(0).shuffle(cells)
    mine = cells[seed % SHARE :: SHARE]
    struck = Counter[str]()

    def part(folder: Path, url: str, seed: int, number: int) -> str:
        said, found = walk(folder, url, seed, mine[number::BOOKS])
        struck.update(found)
        return said

    abreast(part)
    print(f"{len(mine)} of {len(CELLS)} cells, {struck.total()} reached: {dict(struck)}")
    assert struck.total() > len(mine) / 3
    if SHARE == 1:
        assert set(struck) == set(crash_points.NAMES), set(crash_points.NAMES) - set(struck)
