"""The way between execution and the venue is late, cut, mute or gone: what an order became is asked, and it is one."""

import os
import random
from collections import Counter
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from adapters.exchange.court_record import duplicate_orders
from tests.chaos.proxy import Fault, Name, Proxy
from tests.chaos.rig import WINDOW_MS, Rig, rig

pytestmark = pytest.mark.chaos

SIGNALS = int(os.environ.get("TRADEWIND_TEST_NETWORK_SIGNALS") or 120)
#: So many that no position comes near the largest order that the limits allow.
STRATEGIES = 6
#: Each of them holds its connection for the client's whole patience of 10 s.
MOST_SWALLOWED = max(2, SIGNALS // 100)
_ORDERS = (b"POST /api/v3/order", b"DELETE /api/v3/order")
_ASKING = (b"GET /api/v3/order", b"GET /api/v3/myTrades", b"GET /api/v3/account", b"GET /api/v3/openOrders")
KINDS: tuple[Name, ...] = ("reset", "cut", "lose_answer", "cut_answer", "delay", "delay_answer")


class Weather:
    """Decides by chance what happens to each request; no kind of fault comes again before all have come."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._swallowed = 0
        self._kinds: list[Name] = []

    def __call__(self, piece: bytes) -> Fault | None:
        if not piece.startswith(_ORDERS + _ASKING):
            return None
        chance, late = self._chance, WINDOW_MS / 1000
        if chance.random() > (0.25 if piece.startswith(_ORDERS) else 0.05):
            return None
        if chance.random() < 0.1 and self._swallowed < MOST_SWALLOWED:
            self._swallowed += 1
            return Fault("swallow")
        if not self._kinds:
            self._kinds = chance.sample([*KINDS, "lose_answer"], len(KINDS) + 1)
        kind = self._kinds.pop()
        number = chance.randrange(1, {"cut": len(piece), "cut_answer": 200}.get(kind, 2))
        seconds = {"delay": chance.uniform(late, 2 * late), "delay_answer": chance.uniform(0, 2 * late)}.get(kind, 0.0)
        return Fault(kind, number=number, seconds=seconds)


def outcomes(floor: Rig) -> Counter[str]:
    """Return how often an order came into each state."""
    with floor.database.transaction() as connection:
        rows = connection.execute("select to_state, count(*) as n from trading.order_events group by 1").fetchall()
    return Counter({row["to_state"]: row["n"] for row in rows})


def test_a_bad_network_leaves_one_order_each(tmp_path: Path, database: str, seed: int):
    chance = random.Random(seed)
    with rig(tmp_path, database, seed, strategies=STRATEGIES) as floor:
        url = urlsplit(floor.simulator.ready["rest_url"])
        with Proxy((str(url.hostname), int(url.port or 0))) as proxy:
            floor.env["TRADEWIND_VENUE_URL"] = f"http://127.0.0.1:{proxy.port}"
            worker = floor.start()
            floor.tell(4)
            floor.until(lambda: floor.consumed >= 4)
            proxy.judge = Weather(chance)
            while floor.published < SIGNALS:
                floor.tell(chance.randint(1, 6), times=chance.choice([1, 1, 2]))
                # the next come when these were taken up, or while they are not
                worker.wait(chance.uniform(0.05, 0.5))
                if chance.random() < 0.03:
                    proxy.refuse(chance.uniform(0.1, 1.5))
                if chance.random() < 0.05:
                    proxy.cut()
            floor.until(lambda: floor.consumed >= floor.published)
            proxy.judge = lambda _: None
            assert not worker.wait(0), "execution ended because of the network"
            floor.until(floor.settled)
            cases, counts, states = floor.check(), proxy.counts, outcomes(floor)
        print(f"{floor.published} messages, struck {dict(counts)}, states {dict(states)}, cases {cases}")
        assert duplicate_orders(floor.simulator.record) == 0
        assert set(KINDS) <= set(counts)
        # some of what was not known had come about, and some had not
        assert states["UNKNOWN"] > 0
        assert states["ABSENT"] > 0
        assert states["FILLED"] > 0
