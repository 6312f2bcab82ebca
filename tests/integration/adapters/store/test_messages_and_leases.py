"""Inbox, outbox, triggers, audit chain and leases: what was said, once, and by whom."""

from contextlib import suppress
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from adapters.bus.signal_topic import Record
from adapters.store import accounts, audit, dead_letters, inbox, leases, ledger, outbox, situations, triggers
from adapters.store.database import Database
from services.execution.desk import Desk
from tests.integration.adapters.store.migrated import AT, BOOK, STRATEGY, SYMBOL, accept, fund
from tests.integration.execution.floor import broken_links
from tests.unit.trading.made import INSTRUMENT
from trading.errors import BadData, Interrupted, Unavailable

# inbox, outbox, triggers --------------------------------------------------------------------------------------------


def test_the_signal_in_force_is_the_newest_accepted_one(db: Database):
    with db.transaction() as connection:
        assert situations.load(connection, BOOK, STRATEGY, INSTRUMENT).body is None
        accept(connection, "old", "2026-03-01T12:00:00+00:00")
        accept(connection, "new", "2026-03-01T12:00:00.000001+00:00")
        body = situations.load(connection, BOOK, STRATEGY, INSTRUMENT).body
        assert body is not None
        assert body["decided_at"] == "2026-03-01T12:00:00.000001+00:00"
        with pytest.raises(BadData, match="nobody"):
            accounts.valid_until(connection, "nobody")


def test_offsets_never_go_back(db: Database):
    with db.transaction() as connection:
        for offset in (3, 7, 5):
            inbox.advance(connection, "cluster", "topic", 0, offset)
        assert inbox.offsets(connection, "cluster", "topic") == {0: 7}
        assert inbox.offsets(connection, "other", "topic") == {}
        assert inbox.known_clusters(connection, "topic") == {"cluster"}


def test_a_reason_that_quotes_a_stranger_can_be_stored(db: Database):
    with db.transaction() as connection:
        stored = dead_letters.bury(
            connection, "cluster", Record("topic", 0, 1, b"\x00"), "bad \x00\ud800\n" + "x" * 9999
        )
        assert stored == "bad ???" + "x" * 493
        assert dead_letters.bury(connection, "cluster", Record("topic", 0, 1, None), "again") == "again"
        rows = connection.execute("select reason, body from ops.dead_letters").fetchall()
    assert [(row["reason"], bytes(row["body"])) for row in rows] == [(stored, b"\x00")]


def test_the_outbox_sends_once_to_a_cluster_and_what_still_holds_to_a_new_one(db: Database):
    def message(name: str, minutes: int) -> dict[str, Any]:
        times = {"created_at": AT + timedelta(minutes=minutes), "valid_until": AT + timedelta(hours=1)}
        return {"signal_id": name, "book": BOOK, "key": "key", "payload": "{}", **times}

    def pending(cluster: str, hours: float = 0) -> list[str]:
        now = AT + timedelta(hours=hours)
        return [row["signal_id"] for row in outbox.pending(connection, BOOK, cluster, now)]

    with db.transaction() as connection:
        late = {**message("late", 2), "valid_until": AT + timedelta(hours=3)}
        assert outbox.add(connection, [message("second", 1), message("first", 0), late], "topic") == 3
        assert outbox.add(connection, [message("first", 0)], "topic") == 0
        assert pending("a") == ["first", "second", "late"]
        for number, name in enumerate(("first", "second", "late")):
            outbox.mark(connection, name, "a", 0, number, AT)
        assert pending("a") == []
        assert not outbox.waiting(connection, BOOK, "a")
        assert outbox.waiting(connection, BOOK, "b")
        assert pending("b", 0.5) == ["first", "second", "late"]
        assert pending("b", 1) == ["late"]
        outbox.mark(connection, "late", "b", 0, 0, AT + timedelta(hours=1))
        assert pending("b", 1) == []
        assert outbox.progress(connection, BOOK) == (3, 0, AT)
        # never sent anywhere: it goes out even when it has expired, so that its fate is on record
        outbox.add(connection, [message("unsent", 3)], "topic")
        assert pending("b", 9) == ["unsent"]


def test_triggers_stand_until_the_decision_that_saw_them(db: Database):
    with db.transaction() as connection:
        triggers.add(connection, BOOK, STRATEGY, SYMBOL, "fill", AT)
        triggers.add(connection, BOOK, "other", SYMBOL, "signal", AT)
        triggers.add(connection, BOOK, STRATEGY, SYMBOL, "filled", AT)
        first, second = triggers.ask_due(connection, BOOK)()
        assert (first.strategy, first.reason, second.strategy) == (STRATEGY, "fill", "other")
        triggers.add(connection, BOOK, STRATEGY, SYMBOL, "late", AT)
        triggers.clear(connection, BOOK, first)
        assert [(one.strategy, one.reason) for one in triggers.ask_due(connection, BOOK)()] == [
            ("other", "signal"),
            (STRATEGY, "late"),
        ]


# audit ------------------------------------------------------------------------------------------------------------


def test_the_audit_chain_verifies_and_shows_what_was_tampered_with(db: Database):
    with db.transaction() as connection:
        for number in range(20):
            audit.record(
                connection, AT + timedelta(seconds=number), "test", "kind", f"ref {number}", {"n": str(number)}
            )
    assert broken_links(db) == []
    with db.transaction() as connection:
        connection.execute("alter table ops.audit_events disable trigger append_only")
        connection.execute("update ops.audit_events set payload = '{}' where seq = 7")
    assert broken_links(db) == [7]
    with db.transaction() as connection:
        connection.execute("delete from ops.audit_events where seq = 12")
    assert broken_links(db) == [7, *range(13, 21)]


def test_the_chain_is_held_for_the_end_of_a_transaction_alone(db: Database):
    with db.transaction() as slow:
        audit.record(slow, AT, "test", "kind", "slow", {})
        with db.transaction() as quick:
            audit.record(quick, AT, "test", "kind", "quick", {})
    with db.transaction() as connection:
        rows = connection.execute("select ref from ops.audit_events order by seq").fetchall()
    assert [row["ref"] for row in rows] == ["quick", "slow"]
    assert broken_links(db) == []


def test_what_was_kept_for_the_end_goes_with_its_transaction(db: Database):
    for _ in range(3):  # more often than there are connections
        with suppress(ZeroDivisionError), db.transaction() as connection:
            audit.record(connection, AT, "test", "kind", "ref", {})
            raise ZeroDivisionError
        with db.transaction() as connection:
            connection.execute("select 1")
    with db.transaction() as connection:
        assert connection.execute("select 1 from ops.audit_events").fetchall() == []


# leases -----------------------------------------------------------------------------------------------------------


def owned_by(db: Database) -> str:
    with db.transaction() as connection:
        row = connection.execute("select owner from trading.leases where book = %s", (BOOK,)).fetchone()
    assert row is not None
    return row["owner"]


def test_a_former_owner_cannot_commit(db: Database):
    parts: Any = (db, None, None, {}, None, 3000, 15000)
    with db.transaction() as connection:
        first = leases.seize(connection, BOOK, "first")
    owner = Desk(BOOK, "venue", first, *parts)
    with owner.transaction() as connection:
        fund(connection)
    with db.transaction() as connection:
        assert leases.seize(connection, BOOK, "second") == first + 1
        assert leases.seize(connection, "another book", "first") == 1
    with pytest.raises(Interrupted, match="taken over"), owner.transaction() as connection:
        connection.execute("update trading.leases set owner = 'former'")
    assert owned_by(db) == "second"
    with Desk(BOOK, "venue", first + 1, *parts).transaction() as connection:
        assert ledger.owned(connection, BOOK) == {"USDT": Decimal(1000)}


def test_a_lease_cannot_be_taken_in_the_middle_of_a_commit(db: Database):
    with db.transaction() as connection:
        epoch = leases.seize(connection, BOOK, "first")
    with db.transaction() as owner:
        leases.require(owner, BOOK, epoch)
        owner.conclude()
        with pytest.raises(Unavailable, match="lock"), db.transaction() as rival:  # noqa: PT012
            rival.execute("set local lock_timeout = '100ms'")
            leases.seize(rival, BOOK, "second")


def test_a_frozen_owner_loses_its_locks(db: Database):
    with db.transaction() as connection:
        epoch = leases.seize(connection, BOOK, "first")
    with pytest.raises(Unavailable), db.transaction() as frozen:  # noqa: PT012
        frozen.execute("set local idle_in_transaction_session_timeout = '100ms'")
        leases.require(frozen, BOOK, epoch)
        frozen.conclude()
        with db.transaction() as rival:
            assert leases.seize(rival, BOOK, "second") == epoch + 1
        frozen.execute("select 1")


def test_a_silent_owner_is_succeeded_and_one_who_gives_up_at_once(db: Database):
    with db.transaction() as connection:
        assert leases.succeed(connection, BOOK, "second", 1000) is None  # who is present comes first
        epoch = leases.seize(connection, BOOK, "first")
        assert leases.succeed(connection, BOOK, "second", 60_000) is None
        connection.execute("update trading.leases set renewed_at = clock_timestamp() - interval '2 seconds'")
        assert leases.renew(connection, BOOK, epoch)
        assert leases.succeed(connection, BOOK, "second", 1000) is None
        connection.execute("update trading.leases set renewed_at = clock_timestamp() - interval '2 seconds'")
        assert leases.succeed(connection, BOOK, "second", 1000) == epoch + 1
        assert not leases.renew(connection, BOOK, epoch)
        leases.release(connection, BOOK, epoch + 1)
        assert leases.succeed(connection, BOOK, "third", 60_000) == epoch + 2


def test_presence_ends_with_its_connection(db: Database):
    first, second = leases.Presence(db.url, BOOK), leases.Presence(db.url, BOOK)
    assert first.claim()
    assert first.claim()
    assert not second.claim()
    first.close()
    for _ in range(100):
        if second.claim():
            break
    assert second.claim()
    second.close()


def test_the_presence_of_a_silent_owner_is_ended_with_its_lease(db: Database):
    first, second = leases.Presence(db.url, BOOK), leases.Presence(db.url, BOOK)
    assert first.claim()
    for book in ("another book", BOOK):
        with db.transaction() as connection:
            leases.seize(connection, book, "first")
            leases.release(connection, book, 1)
    with db.transaction() as connection:
        assert leases.succeed(connection, "another book", "second", 1000) == 2
    assert first.claim()
    assert not second.claim()
    with db.transaction() as connection:
        assert leases.succeed(connection, BOOK, "second", 1000) == 2
    assert any(second.claim() for _ in range(100))
    with pytest.raises(Unavailable):
        first.claim()
    assert not first.claim()
    second.close()
    first.close()
