"""Workers are killed at any moment and at every crash point, thousands of times: nothing is doubled or lost."""

import os
import random
import time
from pathlib import Path

import pytest

from services.execution import crash_points
from tests.chaos.abreast import Abreast, share
from tests.chaos.relay import Relay, keep_told, told
from tests.chaos.rig import rig

pytestmark = pytest.mark.chaos

KILLS = int(os.environ.get("TRADEWIND_TEST_SIGKILLS") or 1500)
#: What happens to an order request on its way, each with this probability.
LIES = ("lose_answer", "empty_200", "null_200", "unknown_503", "timeout_504", "close_before", "unavailable_503")
#: Between these an order is in flight; most deaths are to happen here.
IN_FLIGHT = ("intake_committed", "before_wire", "after_wire", "fill_booked", "answer_written", "query_answered")


def plan_of(chance: random.Random) -> dict[str, object]:
    rules = [{"fault": fault, "probability": round(chance.uniform(0, 0.04), 4)} for fault in LIES]
    return {"seed": chance.randrange(2**31), "rules": rules, "visibility_lag_ms": chance.choice([0, 0, 100, 300])}


def strike_of(chance: random.Random) -> dict[str, object] | None:
    """Return where the next worker ends: at a crash point, at any of them, or (None) at a moment chosen outside."""
    kind = chance.random()
    if kind < 0.2:
        return None
    if kind < 0.4:
        return {"point": None, "hit": chance.randint(1, 60), "action": "kill"}
    names = IN_FLIGHT if kind < 0.8 else crash_points.NAMES
    return {"point": chance.choice(names), "hit": chance.randint(1, 3), "action": "kill"}


def campaign(folder: Path, url: str, seed: int, kills: int) -> str:
    chance = random.Random(seed)
    with rig(folder, url, seed, strategies=8) as floor:
        relay = Relay(floor, lambda: strike_of(chance), 3, lambda: {"TRADEWIND_LANES": chance.choice("12")})
        began, points, faults = time.monotonic(), 0, 0
        while relay.ended < kills:
            if relay.ended >= faults:
                floor.control.faults(plan_of(chance))
                faults += 100
            owner = relay.owner()
            keep_told(floor, chance, 12)
            points += relay.work(owner, chance)
            relay.kill(owner)
        took = time.monotonic() - began
        relay.close()
        floor.settle()
        cases = floor.check()
        accounts = told(floor, cases)
    # On a busy machine a worker is killed with less behind it: what it did then counts the more.
    assert cases["I1"] > kills / 6
    assert relay.left["any"] > kills / 8
    each, left = f"{1000 * took / kills:.0f} ms each", dict(relay.left)
    return f"{kills} kills ({points} at crash points) in {took:.0f} s, {each}; orders left: {left}; {accounts}"


def test_killed_at_any_moment_nothing_is_doubled_or_lost(abreast: Abreast):
    """One worker trades and two stand by; whichever trades is killed, another takes over, a new one stands by."""
    abreast(lambda folder, url, seed, number: campaign(folder, url, seed, share(KILLS, number)))
