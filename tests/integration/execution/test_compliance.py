"""Restrictions and screening hits on the trading floor: new risk is refused by name, exits pass."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from adapters.compliance.likeness import alike
from adapters.store import books, cases, restrictions, screenings
from tests.integration.execution.floor import BOOK, SYMBOL, Floor
from trading.compliance.case import CaseState
from trading.compliance.screening import ListedName, ListFile, Lists, screen
from trading.order import OrderState

LISTS = Lists((ListFile("n.csv", "names", "a" * 64, 1),), (), (ListedName("Evil Corp", "Evil Corp", "n.csv", 2),))


def signal(floor: Floor, **changes: Any) -> str:
    """Tell a signal, a minute after the last one, and return why it was decided as it was."""
    floor.pass_time(timedelta(minutes=1))
    floor.tell(floor.signal(**changes))
    floor.settle()
    return floor.one("select reason from trading.risk_decisions order by decided_at desc, decision_no desc limit 1")


def open_book(floor: Floor) -> None:
    with floor.database.transaction() as connection:
        books.open_book(connection, BOOK, {"venue": "simulator", "symbols": [SYMBOL]}, 0)


def entries(floor: Floor) -> int:
    return [leg for leg, _ in floor.states()].count("entry")


def test_a_restricted_asset_takes_no_new_risk_and_exits_pass(floor: Floor) -> None:
    open_book(floor)
    signal(floor)
    with floor.database.transaction() as connection:
        restrictions.place(connection, "btc", "anna", "insider talks", None)
    refused = signal(floor, exposure=Decimal(1))
    assert "gate_closed:restricted_list BTC by anna: insider talks" in refused
    assert entries(floor) == 1
    signal(floor, exposure=Decimal(0), stop=None)
    assert floor.states()[-1] == ("exit", OrderState.FILLED)
    with floor.database.transaction() as connection:
        (one,) = restrictions.find(connection)
        restrictions.lift(connection, one.restriction_id, "anna", "the talks are over")
    signal(floor)
    assert entries(floor) == 2
    floor.check()


def test_a_screening_hit_of_a_counterparty_holds_its_book_until_the_case_is_closed(floor: Floor) -> None:
    open_book(floor)
    verdict = screen("Evil Corp.", LISTS, Decimal(85), alike)
    with floor.database.transaction() as connection:
        case_id = screenings.add(connection, verdict, LISTS, "anna", BOOK)
    assert case_id is not None
    assert f"gate_closed:screening case {case_id}" in signal(floor)
    with floor.database.transaction() as connection:
        cases.move(connection, case_id, CaseState.REVIEWED, "ben", "looking")
    assert f"case {case_id}" in signal(floor)
    assert floor.states() == []
    with floor.database.transaction() as connection:
        cases.move(connection, case_id, CaseState.CLOSED, "ben", "another company of that name")
    signal(floor)
    assert entries(floor) == 1
    floor.check()
