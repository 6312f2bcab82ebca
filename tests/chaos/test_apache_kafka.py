"""A real Apache Kafka is killed under load, loses its tail or gets another topic: nothing is lost or assumed."""

import os
import random
import secrets
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from adapters.bus.signal_topic import SignalProducer, ensure_topic
from services.supervisor.apache_kafka import broker
from services.supervisor.child import Child
from tests.chaos.rig import Rig, rig
from tests.chaos.test_broker import STRATEGIES, check, commit, drain, publisher
from tests.chaos.worker import PATIENCE
from trading.errors import Unavailable

pytestmark = pytest.mark.chaos

KILLS = int(os.environ.get("TRADEWIND_TEST_BROKER_KILLS") or 5)
PARTITIONS = 3


class Kafka:
    """One broker that is killed and comes back at the same address, with what it holds."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._child: Child
        self._child, self.bootstrap = broker(folder)

    def start(self) -> None:
        log = self._child.log_file
        before = log.stat().st_size if log.exists() else 0

        def ready() -> bool:
            with log.open("rb") as file:
                file.seek(before)
                return b"Kafka Server started" in file.read()

        self._child.start()
        self._child.wait_ready(ready, 120)

    def kill(self) -> None:
        assert self._child.identity is not None
        os.kill(self._child.identity.pid, signal.SIGKILL)
        while self._child.running:
            time.sleep(0.01)

    def stop(self) -> None:
        self._child.stop()


@pytest.fixture(scope="module")
def kafka() -> Iterator[Kafka]:
    for program in ("java", "mvn"):
        if not shutil.which(program):
            pytest.skip(f"Apache Kafka: `{program}` is not installed")
    folder = Path(tempfile.mkdtemp(prefix="tradewind-kafka-"))
    try:
        try:
            made = Kafka(folder)
        except Unavailable as error:
            pytest.skip(f"Apache Kafka: {error}")
        made.start()
        yield made
        made.stop()
    finally:
        shutil.rmtree(folder)


def use(floor: Rig, kafka: Kafka) -> None:
    """Let the processes of `floor` talk over a topic of their own on `kafka`."""
    made = f"signals-{secrets.token_hex(4)}"
    ensure_topic(kafka.bootstrap, None, made, PARTITIONS)
    floor.env |= {"TRADEWIND_KAFKA": kafka.bootstrap, "TRADEWIND_SIGNAL_TOPIC": made}
    del floor.env["TRADEWIND_KAFKA_API_VERSION"]


def test_a_killed_broker_loses_and_reorders_nothing(tmp_path: Path, database: str, seed: int, kafka: Kafka):
    chance = random.Random(seed)
    with rig(tmp_path, database, seed, strategies=STRATEGIES) as floor:
        use(floor, kafka)
        worker, back = floor.start(), [0.0]
        with publisher(floor):
            commit(floor, 4)
            drain(floor)
            for _ in range(KILLS):
                for _ in range(chance.randint(2, 6)):
                    commit(floor, chance.randint(1, 8))
                    worker.wait(chance.uniform(0, 0.2))
                kafka.kill()
                commit(floor, chance.randint(1, 8))
                assert not worker.wait(chance.uniform(0, 1)), "execution ended because of the broker"
                kafka.start()
                ready = time.monotonic()
                drain(floor)
                back.append(time.monotonic() - ready)
            assert not worker.wait(0)
            cases = check(floor)
        print(
            f"{KILLS} kills, {floor.published} messages, drained within {max(back):.1f} s of the broker's return,"
            f" cases {cases}"
        )
        assert cases["I35"] > KILLS


def recreate(floor: Rig, kafka: Kafka) -> None:
    """Delete the topic and make it anew, empty, under its old name."""
    from kafka import KafkaAdminClient

    name = floor.env["TRADEWIND_SIGNAL_TOPIC"]
    admin = KafkaAdminClient(bootstrap_servers=kafka.bootstrap)
    admin.delete_topics([name])
    while name in admin.list_topics():
        time.sleep(0.05)
    admin.close()
    time.sleep(0.5)
    ensure_topic(kafka.bootstrap, None, name, PARTITIONS)


def refill(floor: Rig, kafka: Kafka) -> None:
    """Make the topic anew and fill it beyond what was read, so that no offset tells."""
    recreate(floor, kafka)
    producer = SignalProducer(kafka.bootstrap, None)
    producer.send(floor.env["TRADEWIND_SIGNAL_TOPIC"], [(f"{number}", b"other") for number in range(40 * PARTITIONS)])
    producer.close()


def lose_tail(floor: Rig, kafka: Kafka) -> None:
    """Kill the broker and cut its files short, as a disk does that had not written everything."""
    kafka.kill()
    for file in kafka.folder.glob(f"messages/{floor.env['TRADEWIND_SIGNAL_TOPIC']}-*/*.log"):
        with file.open("r+b") as opened:
            opened.truncate(file.stat().st_size // 2)
    kafka.start()


def another_cluster(floor: Rig, kafka: Kafka) -> None:
    """Let the topic have been read from a cluster that is not this one."""
    with floor.database.transaction() as connection:
        connection.execute("update trading.consumer_offsets set cluster_id = 'another'")


def traded(floor: Rig) -> tuple[int, int]:
    return floor.one("select count(*) from trading.orders"), floor.one(
        "select sum(next_offset) from trading.consumer_offsets"
    )


@pytest.mark.parametrize(
    ("harm", "running"),
    [
        (recreate, False),
        (recreate, True),
        (refill, False),
        (lose_tail, False),
        (lose_tail, True),
        (another_cluster, False),
    ],
)
def test_a_topic_that_is_not_the_one_that_was_read_halts_execution(
    tmp_path: Path, database: str, seed: int, kafka: Kafka, harm: Callable[[Rig, Kafka], None], running: bool
):
    with rig(tmp_path, database, seed, strategies=STRATEGIES) as floor:
        floor.quoting = 0.0
        use(floor, kafka)
        worker = floor.start()
        with publisher(floor):
            commit(floor, 40)
            drain(floor)
        if not running:
            floor.end(worker, signal.SIGTERM)
        before = traded(floor)
        harm(floor, kafka)
        after = traded(floor)
        if not running:
            worker = floor.start()
        assert worker.wait(PATIENCE), "execution goes on with a topic that is not the one it knows"
        said = (tmp_path / "workers.log").read_text().splitlines()
        last = [line for line in said if '"event": "stopped"' in line][-1]
        assert '"error": "Misconfigured"' in last
        assert floor.env["TRADEWIND_SIGNAL_TOPIC"] in last
        assert traded(floor) == after
        assert after[0] == before[0]
        print(last)
