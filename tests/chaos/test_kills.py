"""Workers are killed at random moments and at every kind of crash point, thousands of times: nothing is doubled or lost."""

import os
import random
import signal
from collections import deque
from pathlib import Path

import pytest

from services.execution import crash_points
from tests.chaos.rig import rig

pytestmark = pytest.mark.chaos

KILLS = int(os.environ.get("TRADEWIND_TEST_SIGKILLS") or 1500)
#: What happens to an order request on its way, each with this probability.
LIES = ("lose_answer", "empty_200", "null_200", "unknown_503", "timeout_504", "close_before", "unavailable_503")


def plan_of(chance: random.Random) -> dict[str, object]:
    rules = [{"fault": fault, "probability": round(chance.uniform(0, 0.04), 4)} for fault in LIES]
    return {"seed": chance.randrange(2**31), "rules": rules, "visibility_lag_ms": chance.choice([0, 0, 100, 300])}


def strike_of(chance: random.Random) -> dict[str, object] | None:
    """Return where the next worker ends: at a crash point, at any of them, or (None) at a moment chosen outside."""
    if chance.random() < 0.3:
        return None
    point = chance.choice([None, *crash_points.NAMES])
    return {"point": point, "hit": chance.randint(1, 80) if point is None else chance.randint(1, 4), "action": "kill"}


def test_killed_at_any_moment_nothing_is_doubled_or_lost(tmp_path: Path, database: str, seed: int):
    """One worker trades and one stands by; whichever trades is killed, the other takes over, a new one stands by."""
    chance = random.Random(seed)
    with rig(tmp_path, database, seed) as floor:
        points = 0
        pair = deque([floor.start(strike_of(chance)), floor.start(strike_of(chance))])
        for number in range(KILLS):
            if number % 100 == 0:
                floor.simulator.control().faults(plan_of(chance))
            floor.tell(chance.randint(1, 3), times=chance.choice([1, 1, 1, 2]))
            points += pair[0].wait(chance.uniform(0.05, 0.4))
            floor.end(pair.popleft(), signal.SIGKILL)
            pair.append(floor.start(strike_of(chance)))
        for worker in pair:
            floor.end(worker)
        floor.settle()
        cases = floor.check()
        print(f"{KILLS} kills ({points} at crash points), {floor.published} messages, cases {cases}")
        assert cases["I1"] > KILLS / 4
