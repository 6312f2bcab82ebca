"""The book passes on while every message comes once to five times: none is lost, none has its effect twice."""

import os
import random
import signal
import time
from collections import Counter
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from adapters.exchange.clock import WallClock
from tests.chaos.relay import Relay, told
from tests.chaos.rig import MINUTE, Rig, rig
from trading.signal import Signal

pytestmark = pytest.mark.chaos

MESSAGES = int(os.environ.get("TRADEWIND_TEST_MESSAGES") or 20_000)
TAKEOVERS = int(os.environ.get("TRADEWIND_TEST_TAKEOVERS") or 30)
_WAITING = 600
#: The in-process broker keeps the newest 5 MiB of a partition; so many messages lie in it whatever came before.
_KEPT = 10_000
_OLD = timedelta(minutes=20)


def tell(floor: Rig, chance: random.Random, former: list[Signal]) -> None:
    """Publish a hundred signals in disorder, each once to five times, with some from before, too late or spoilt."""
    made: list[Signal] = []
    for _ in range(100):
        kind = chance.random()
        changes = {"exposure": Decimal("0.5"), "stop": None} if kind < 0.95 else {}
        if kind > 0.97:
            now = WallClock().now()
            changes |= {"ts": now - _OLD - MINUTE, "decided_at": now - _OLD, "valid_until": now - MINUTE}
        made.append(floor.signal(**changes))
    told = [one for one in made for _ in range(chance.randint(1, 5))] + chance.sample(former, min(len(former), 20))
    chance.shuffle(told)
    floor.publish(told)
    former[:] = chance.sample(made, 20)
    if chance.random() < 0.5:
        floor.spoil(chance.choice([b"", b"garbage", b"{}", b"\xff" * 40]))


def test_the_book_passes_on_and_no_message_is_lost_or_repeated(tmp_path: Path, database: str, seed: int):
    chance = random.Random(seed)
    ways, former = Counter[str](), list[Signal]()
    with rig(tmp_path, database, seed) as floor:
        relay = Relay(floor, lambda: None, 2, lambda: {"TRADEWIND_LANES": chance.choice("12")})
        began, owner, passed = time.monotonic(), relay.owner(), 0
        while floor.consumed < max(MESSAGES, floor.published) or passed < TAKEOVERS:
            while floor.published < min(MESSAGES, floor.consumed + _WAITING):
                tell(floor, chance, former)
            if passed < TAKEOVERS and floor.consumed >= passed * MESSAGES / TAKEOVERS:
                how = chance.choice([signal.SIGTERM, signal.SIGKILL, signal.SIGSTOP])
                owner.send(how)
                gone, owner = owner, relay.owner()
                relay.part(gone, how)
                ways[how.name] += 1
                passed += 1
            assert time.monotonic() - began < MESSAGES / 10, floor.story()
            time.sleep(0.02)
        took = time.monotonic() - began
        relay.close()
        floor.settle()
        cases = floor.check()
        each = f"{floor.published / took:.0f} messages/s"
        print(f"{passed} takeovers ({dict(ways)}) in {took:.0f} s, {each}; {told(floor, cases)}")
        assert cases["I33"] >= min(floor.published, _KEPT)
