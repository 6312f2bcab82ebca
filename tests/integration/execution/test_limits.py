"""Limits that change while execution trades: from the next decision on, and never without a second person."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from adapters.evidence.replayed import replay
from adapters.store import limit_changes, parameters
from adapters.store.limit_changes import Change
from tests.integration.execution.floor import BOOK, Floor
from trading.errors import Misconfigured

NOW = datetime(2026, 11, 1, tzinfo=UTC)


def propose(floor: Floor, **values: str) -> Change:
    with floor.database.transaction() as connection:
        _, holding = parameters.limits(connection)
        wanted = type(holding)(**{**holding.model_dump(), **values})
        return limit_changes.propose(connection, wanted, "anna", "a test", NOW)


def versions(floor: Floor) -> list[int]:
    rows = floor.rows("select limits_version from trading.risk_decisions order by decided_at, signal_id, decision_no")
    return [row["limits_version"] for row in rows]


def share_held(floor: Floor) -> Decimal:
    held, cash = floor.owned().get("BTC", Decimal(0)) * floor.price(), floor.owned()["USDT"]
    return held / (held + cash)


def test_the_next_decision_obeys_the_new_limits_and_says_so(floor: Floor) -> None:
    floor.tell(floor.signal())
    floor.settle()
    before = share_held(floor)
    assert before > Decimal("0.4")
    tighter = propose(floor, max_position="0.2")
    floor.pass_time(timedelta(minutes=1))
    floor.tell(floor.signal())
    floor.settle()
    assert Decimal("0.15") < share_held(floor) < Decimal("0.21")
    seen = versions(floor)
    assert set(seen) == {seen[0], tighter.version}
    assert tighter.version == seen[-1] != seen[0]
    with floor.database.transaction() as connection:
        again = replay(connection, BOOK, (None, None), lambda limits: limits, lambda *_: None)
    assert (again.decisions, again.different, again.broken) == (len(seen), [], [])
    floor.check()


def test_what_waits_for_a_second_person_is_not_obeyed(floor: Floor) -> None:
    propose(floor, max_position="0.2")
    waiting = propose(floor, max_position="0.9")
    floor.tell(floor.signal())
    floor.settle()
    assert share_held(floor) < Decimal("0.21")
    assert waiting.version not in versions(floor)
    with floor.database.transaction() as connection:
        limit_changes.approve(connection, waiting.change_id, "ben", "agreed", NOW)
    floor.pass_time(timedelta(minutes=1))
    floor.tell(floor.signal())
    floor.settle()
    assert share_held(floor) > Decimal("0.4")
    assert versions(floor)[-1] == waiting.version
    floor.check()


def test_a_cap_below_what_is_held_lets_the_position_shrink_and_exits_pass(floor: Floor) -> None:
    floor.tell(floor.signal())
    floor.settle()
    propose(floor, max_order_value="1", max_position="0.01")
    floor.pass_time(timedelta(minutes=1))
    floor.tell(floor.signal(exposure=Decimal(0), stop=None))
    floor.settle()
    assert floor.owned().get("BTC", Decimal(0)) < floor.desk.instruments["BTC/USDT"].lot
    floor.check()


def test_limits_that_are_spoilt_stop_trading_by_name(floor: Floor) -> None:
    with floor.database.transaction() as connection:
        connection.execute(
            "with made as (insert into trading.limits (parameters, author, reason)"
            """ values ('{"max_position": "7"}', 'x', 'x') returning version)"""
            " insert into trading.limit_changes (version, owner, reason, looser)"
            " select version, 'x', 'x', '{}' from made"
        )
    floor.tell(floor.signal())
    with pytest.raises(Misconfigured, match=r"row \d+ of trading.limits"):
        floor.settle()
    assert floor.orders() == []
