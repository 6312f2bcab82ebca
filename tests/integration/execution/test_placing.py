"""Where reading begins: in the very topic that was read, at the stored offsets."""

from dataclasses import dataclass
from typing import Any

import pytest

from services.execution.placing import place
from tests.integration.execution.floor import TOPIC, Floor
from trading.errors import Misconfigured, Unavailable


@dataclass
class Placed:
    """A consumer of a topic with two partitions that holds what is said; it fails a few times first."""

    ends: dict[int, tuple[int, int]]
    failures: int = 0
    topic: str = TOPIC
    begun: dict[int, int] | None = None

    def place(self, offsets: dict[int, int]) -> dict[int, tuple[int, int]]:
        if self.failures:
            self.failures -= 1
            raise Unavailable("it starts")
        self.begun = dict(offsets)
        return self.ends


def read(floor: Floor, cluster: str, offset: int) -> None:
    with floor.database.transaction() as connection:
        connection.execute(
            "insert into trading.consumer_offsets (cluster_id, topic, partition, next_offset) values (%s, %s, 0, %s)",
            (cluster, TOPIC, offset),
        )


def test_a_new_broker_of_our_own_is_read_from_its_beginning(floor: Floor):
    read(floor, "own", 5)
    consumer: Any = Placed({0: (0, 3)}, failures=2)
    place(floor.database, consumer, "own", None)
    assert consumer.begun == {}
    longer: Any = Placed({0: (0, 5)})
    place(floor.database, longer, "own", None)
    assert longer.begun == {0: 5}


def test_a_broker_that_does_not_start_is_given_up_in_the_end(floor: Floor, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("services.execution.placing._ATTEMPTS", 1)
    with pytest.raises(Unavailable, match="it starts"):
        place(floor.database, Placed({0: (0, 3)}, failures=2), "own", None)  # pyright: ignore[reportArgumentType]


def test_a_topic_is_known_by_its_cluster_its_id_and_what_it_holds(floor: Floor, monkeypatch: pytest.MonkeyPatch):
    named = ["id-1"]
    monkeypatch.setattr("services.execution.placing.topic_id", lambda *_: named[-1])
    read(floor, "mine", 5)
    consumer: Any = Placed({0: (0, 9)})
    place(floor.database, consumer, "mine", "broker:9092")
    assert consumer.begun == {0: 5}
    with pytest.raises(Misconfigured, match=r"partition 0 holds 0\.\.4, but 5 was read"):
        place(floor.database, Placed({0: (0, 4)}), "mine", "broker:9092")  # pyright: ignore[reportArgumentType]
    named.append("id-2")
    with pytest.raises(Misconfigured, match="re-created: it has the id id-2, that of id-1 was read"):
        place(floor.database, consumer, "mine", "broker:9092")
    named.append("")
    place(floor.database, consumer, "mine", "broker:9092")  # a broker that gives no ids
    with pytest.raises(Misconfigured, match="leads to cluster other; signals was read from"):
        place(floor.database, consumer, "other", "broker:9092")
