"""The lease of a process: it passes on, is renewed, and outlives a database that rests."""

import time
from threading import Event, Thread, Timer
from typing import Any

import pytest

from adapters.store import leases
from adapters.store.database import Database
from services.execution.lease import Lease
from tests.integration.execution.floor import Floor, until
from trading.errors import Unavailable


def test_a_lease_passes_from_its_owner_to_who_stands_by(floor: Floor):
    stop, taken = Event(), list[int | None]()
    first, second = (Lease(floor.database, "other", name, 5_000) for name in ("first", "second"))
    assert first.wait(stop) == 1
    standby = Thread(target=lambda: taken.append(second.wait(stop)), daemon=True)
    standby.start()
    time.sleep(0.3)
    assert taken == []
    first.close()
    standby.join(5)
    assert taken == [2]
    beat = floor.one("select detail ->> 'owner' from ops.heartbeats where service = 'standby' and book = 'other'")
    assert beat == "second"
    second.close()


def test_who_is_told_to_stop_stands_by_no_longer(floor: Floor):
    stop = Event()
    owner, other = (Lease(floor.database, "other", name, 5_000) for name in ("owner", "other"))
    assert owner.wait(stop) == 1
    stop.set()
    assert other.wait(stop) is None
    other.close()
    owner.close()


def test_who_lost_the_lease_stops_renewing_it(floor: Floor):
    lease = Lease(floor.database, "other", "owner", 200)
    assert lease.wait(Event()) == 1
    with floor.database.transaction() as connection:
        leases.seize(connection, "other", "another")
        before = connection.execute("select renewed_at from trading.leases where book = 'other'").fetchone()
    time.sleep(0.3)
    assert floor.rows("select renewed_at from trading.leases where book = 'other'") == [before]
    lease.close()


def test_a_database_that_rests_is_waited_for(floor: Floor, monkeypatch: pytest.MonkeyPatch):
    stop = Event()
    with Database("postgresql://nobody@127.0.0.1:1/none") as away:
        nowhere = Lease(away, "other", "owner", 200)
        Timer(0.5, stop.set).start()
        assert nowhere.wait(stop) is None
    lease, failures = Lease(floor.database, "other", "owner", 200), [1, 1]
    renew = leases.renew

    def flaky(*arguments: Any) -> bool:
        if failures:
            failures.pop()
            raise Unavailable("it rests")
        return renew(*arguments)

    monkeypatch.setattr(leases, "renew", flaky)
    assert lease.wait(Event()) == 1
    until(lambda: not failures)
    before = floor.one("select renewed_at from trading.leases where book = 'other'")
    until(lambda: floor.one("select renewed_at from trading.leases where book = 'other'") > before)

    def gone(*_: Any) -> None:
        raise Unavailable("it is gone")

    monkeypatch.setattr(leases, "release", gone)
    lease.close()
