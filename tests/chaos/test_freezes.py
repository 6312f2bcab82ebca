"""Owners of the book freeze, a successor trades on, and who wakes up has nothing to say: nothing is doubled or lost."""

import os
import random
import time
from pathlib import Path

import pytest

from services.execution import crash_points
from tests.chaos.abreast import Abreast, share
from tests.chaos.relay import Relay, keep_told, told
from tests.chaos.rig import LEASE_MS, rig
from tests.chaos.test_kills import plan_of

pytestmark = pytest.mark.chaos

FREEZES = int(os.environ.get("TRADEWIND_TEST_FREEZES") or 300)
#: The longest that a successor may take to own the book, whatever locks the frozen one holds.
TAKEOVER_SECONDS = 5.0


def strike_of(chance: random.Random) -> dict[str, object] | None:
    """Return at which crash point the next worker freezes; None at a moment chosen outside."""
    if chance.random() < 0.3:
        return None
    point = chance.choice([None, *crash_points.NAMES])
    return {"point": point, "hit": chance.randint(1, 40) if point is None else chance.randint(1, 2), "action": "stop"}


def campaign(folder: Path, url: str, seed: int, freezes: int) -> str:
    chance = random.Random(seed)
    with rig(folder, url, seed, strategies=8) as floor:
        relay = Relay(floor, lambda: strike_of(chance), 3, lambda: {"TRADEWIND_LANES": chance.choice("12")})
        began, done, longest, points = time.monotonic(), 0, 0.0, 0
        owner = relay.owner()
        while done < freezes:
            if done % 50 == 0:
                floor.control.faults(plan_of(chance))
            keep_told(floor, chance, 12)
            points += relay.work(owner, chance)
            relay.freeze(owner)
            since, frozen = time.monotonic(), owner
            owner = relay.owner()
            longest = max(longest, time.monotonic() - since)
            # It wakes while its successor reconciles, trades, or has been frozen itself.
            time.sleep(chance.choice([0, 0.02, 0.1]))
            done += relay.wake(frozen)
            if len(floor.woken) >= 10:
                relay.gone()
        took = time.monotonic() - began
        relay.close()
        floor.settle()
        cases = floor.check()
        accounts = told(floor, cases)
    assert longest < TAKEOVER_SECONDS
    assert cases["I1"] > freezes / 3
    each, seized = f"{1000 * took / freezes:.0f} ms each", f"longest takeover {longest:.2f} s (lease {LEASE_MS} ms)"
    return f"{freezes} freezes ({points} at crash points) in {took:.0f} s, {each}; {seized}; {accounts}"


def test_who_froze_does_nothing_when_it_wakes_up(abreast: Abreast):
    abreast(lambda folder, url, seed, number: campaign(folder, url, seed, share(FREEZES, number)))
