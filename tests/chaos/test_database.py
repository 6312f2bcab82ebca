"""The database dies under load or answers nothing: what was acknowledged stays, nothing is done twice."""

import os
import random
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from adapters.exchange.court_record import duplicate_orders
from adapters.store.local_postgres import LocalPostgres
from tests.chaos.doomed_server import BACK_SECONDS, STRATEGIES, Server, Witness, patiently, trading_again
from tests.chaos.proxy import Fault, Proxy
from tests.chaos.rig import Rig, rig
from tests.chaos.worker import PATIENCE, Worker

pytestmark = pytest.mark.chaos

CRASHES = int(os.environ.get("TRADEWIND_TEST_DATABASE_CRASHES") or 10)
COMMITS = int(os.environ.get("TRADEWIND_TEST_LOST_COMMITS") or 20)


@pytest.fixture
def server() -> Iterator[Server]:
    folder = Path(tempfile.mkdtemp(prefix="tradewind-chaos-"))
    folder.chmod(0o755)
    made = Server(LocalPostgres(folder))
    try:
        made.start()
        yield made
    finally:
        made.postgres.remove()
        shutil.rmtree(folder)


def replaced(floor: Rig, worker: Worker) -> Worker | None:
    """Return another worker if this one has ended, None while it lives."""
    if not worker.wait(0):
        return None
    floor.end(worker)
    return floor.start()


def test_a_database_that_crashes_loses_nothing_acknowledged(tmp_path: Path, server: Server, seed: int):
    chance = random.Random(seed)
    kinds = [kind for _ in range(CRASHES) for kind in ("kill", "immediate", "sessions")][:CRASHES]
    chance.shuffle(kinds)
    deaths, down, back = 0, [0.0], [0.0]
    with rig(tmp_path, server.url, seed, strategies=STRATEGIES) as floor:
        worker, witness = floor.start(), Witness(floor)
        trading_again(floor, time.monotonic())
        for kind in kinds:
            for _ in range(chance.randint(1, 5)):
                floor.tell(chance.randint(1, 6), times=chance.choice([1, 1, 2]))
                worker.wait(chance.uniform(0, 0.15))
                patiently(witness.look)
            struck = time.monotonic()
            server.strike(kind)
            worker.wait(chance.choice([0, 0, 0.7]))
            server.start()
            ready = time.monotonic()
            patiently(witness.check)
            fresh = replaced(floor, worker)
            deaths += fresh is not None
            worker = fresh or worker
            back.append(trading_again(floor, ready))
            down.append(ready - struck)
        patiently(witness.check)
        floor.until(lambda: patiently(floor.settled))
        cases = floor.check()
        print(
            f"{Counter(kinds)}: {deaths} workers ended, {floor.published} messages, at most {max(down):.1f} s down and"
            f" trading {max(back):.1f} s after the server's return (mean {sum(back[1:]) / len(back[1:]):.1f}),"
            f" {len(witness.orders)} orders and {len(witness.audit)} audit rows kept, cases {cases}"
        )
        assert deaths == 0, "execution waits for its database"
        assert max(back) < BACK_SECONDS
        assert len(witness.orders) > CRASHES
        assert duplicate_orders(floor.simulator.record) == 0


def test_a_database_that_was_away_for_long_is_noticed_soon(tmp_path: Path, server: Server, seed: int):
    with rig(tmp_path, server.url, seed, strategies=STRATEGIES) as floor:
        worker = floor.start()
        trading_again(floor, time.monotonic())
        server.strike("immediate")
        assert not worker.wait(9), "execution waits for its database"
        server.start()
        took = trading_again(floor, time.monotonic())
        print(f"trading {took:.1f} s after the server's return")
        assert took < BACK_SECONDS
        floor.settle()
        floor.check()


def through(url: str, proxy: Proxy) -> str:
    """Return the URL of the same database by way of `proxy`."""
    parts = urlsplit(url)
    return parts._replace(netloc=f"{parts.netloc.rpartition(':')[0]}:{proxy.port}").geturl()


def test_a_commit_whose_answer_is_lost_is_read_back_and_not_redone(tmp_path: Path, database: str, seed: int):
    chance, parts = random.Random(seed), urlsplit(database)
    # the server is idle again: it has committed
    lose, reset = Fault("lose_answer", until=b"Z\x00\x00\x00\x05I"), Fault("reset")

    def judge(piece: bytes) -> Fault | None:
        return chance.choice([lose, lose, reset]) if b"commit" in piece.lower() and chance.random() < 0.15 else None

    with (
        rig(tmp_path, database, seed, strategies=STRATEGIES) as floor,
        Proxy((str(parts.hostname), int(parts.port or 0))) as proxy,
    ):
        floor.env["TRADEWIND_DATABASE_URL"] = through(database, proxy)
        worker = floor.start()
        floor.tell(4)
        floor.until(lambda: floor.consumed >= 4)
        proxy.judge = judge
        deadline = time.monotonic() + 10 * COMMITS
        while (proxy.counts["lose_answer"] < COMMITS or not proxy.counts["reset"]) and time.monotonic() < deadline:
            floor.tell(chance.randint(1, 4), times=chance.choice([1, 1, 2]))
            assert not worker.wait(chance.uniform(0.05, 0.2)), "execution ended because of a lost answer"
        proxy.judge = lambda _: None
        floor.until(floor.settled)
        cases, counts = floor.check(), proxy.counts
        print(f"{floor.published} messages, lost {dict(counts)}, cases {cases}")
        assert counts["lose_answer"] >= COMMITS
        assert counts["reset"] > 0
        assert duplicate_orders(floor.simulator.record) == 0


def test_an_owner_cut_off_from_the_database_is_succeeded_and_does_nothing_more(
    tmp_path: Path, database: str, seed: int
):
    parts = urlsplit(database)
    with (
        rig(tmp_path, database, seed, strategies=STRATEGIES) as floor,
        Proxy((str(parts.hostname), int(parts.port or 0))) as proxy,
    ):
        direct = floor.env["TRADEWIND_DATABASE_URL"]
        floor.env["TRADEWIND_DATABASE_URL"] = through(database, proxy)
        owner = floor.start()
        floor.tell(4)
        floor.until(lambda: floor.consumed >= 4)
        floor.env["TRADEWIND_DATABASE_URL"] = direct
        floor.start()
        floor.tell(10)
        proxy.judge = lambda _: Fault("swallow")
        mute = time.monotonic()
        took = trading_again(floor, mute)
        first = floor.one("select epoch from trading.leases")
        print(
            f"the standby traded {took:.1f} s after the owner's link went mute, {proxy.counts['swallow']} connections"
        )
        assert took < BACK_SECONDS + 5
        assert not owner.wait(0)
        proxy.judge = lambda _: None
        proxy.cut()
        # it finds another owner, says so and ends
        assert owner.wait(PATIENCE)
        assert "was taken over by another process" in (tmp_path / "workers.log").read_text()
        trading_again(floor, time.monotonic())
        assert floor.one("select epoch from trading.leases") == first
        floor.until(floor.settled)
        floor.check()
