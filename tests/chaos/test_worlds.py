"""Thousands of simulated worlds: whatever fails in them, they come to rest, and every invariant holds."""

import os
import random
import time
from collections import Counter

import pytest

from tests.chaos.world import FAULTS, World

pytestmark = pytest.mark.chaos

WORLDS = int(os.environ.get("TRADEWIND_TEST_WORLDS") or 5000)
ONE = os.environ.get("TRADEWIND_TEST_WORLD")
HOW = "TRADEWIND_TEST_WORLD={} python -m pytest -s tests/chaos/test_worlds.py -k replayed"


def test_whatever_fails_the_world_comes_to_rest_and_nothing_is_doubled_or_lost(seed: int):
    began = time.perf_counter()
    told: Counter[str] = Counter()
    events = orders = 0
    for number in range(seed, seed + WORLDS):
        world = World(number)
        try:
            orders += world.run()
        except Exception as error:
            raise AssertionError(f"{error}\n{HOW.format(number)} replays it with its events") from error
        told += world.told
        events += len(world.events)
    seconds = time.perf_counter() - began
    print(f"{WORLDS} worlds, {WORLDS / seconds:.0f} a second, {events} events, {orders} orders, faults {dict(told)}")
    assert events >= 50 * WORLDS
    assert orders > WORLDS
    if WORLDS >= 1000:
        assert set(FAULTS) <= set(told)


@pytest.mark.skipif(ONE is None, reason="TRADEWIND_TEST_WORLD names no world")
def test_one_world_is_replayed():
    world = World(int(ONE or 0))
    try:
        print(f"{world.run()} orders")
    finally:
        print(*world.events, f"faults {world.faults}, struck {dict(world.told)}", sep="\n")


def test_the_same_seed_is_the_same_world():
    for number in random.Random(1).sample(range(10_000), 20):
        first, second = World(number), World(number)
        assert (first.run(), first.events) == (second.run(), second.events)
