"""Whatever the venue has and the books have not: both are equal in the end, and no new risk is taken meanwhile."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest

from adapters.bus.signal_topic import SignalConsumer
from adapters.store import halts, ledger
from services.execution.loop import Loop
from tests.integration.execution.floor import BOOK, KEY, SYMBOL, VERSION, Floor
from trading.accounting.journal import deposit
from trading.order import OrderState
from trading.ports import Known

Act = Callable[[Floor], None]
MINUTE = timedelta(minutes=1)


def rule(fault: str, on: str, number: int = 1, **more: object) -> Act:
    return lambda floor: floor.control.faults({"rules": [{"fault": fault, "on": on, "next": number, **more}]})


def stranger(side: str, kind: str = "MARKET", **more: str) -> Act:
    def act(floor: Floor) -> None:
        floor.control.intervene("order", account="main", symbol=SYMBOL, side=side, type=kind, quantity="0.001", **more)

    return act


def move(currency: str, amount: str) -> Act:
    return lambda floor: floor.control.intervene("transfer", account="main", currency=currency, amount=amount) and None


def on_stop(act: str, **more: str) -> Act:
    """Do `act` to our working stop, as the venue or a stranger does it."""
    return lambda floor: (
        floor.control.intervene(act, account="main", symbol=SYMBOL, client_id=floor.order("stop").client_id, **more)
        and None
    )


def books_too_much(floor: Floor) -> None:
    with floor.database.transaction() as connection:
        entry = deposit(BOOK, "x", "y", "USDT", Decimal("0.01"))
        ledger.post(connection, entry, BOOK, "x", "y", floor.now())


def both(*acts: Act) -> Act:
    def act(floor: Floor) -> None:
        for one in acts:
            one(floor)

    return act


#: What heals by itself: the venue is asked until it has told everything.
HEALS: dict[str, Act] = {
    "our stop was filled": lambda floor: on_stop("fill", quantity=str(floor.order("stop").remaining))(floor),
    "our stop was filled in part": on_stop("fill", quantity="0.0003"),
    "our stop was cancelled": on_stop("cancel"),
    "balances are a list": rule("list_200", "account", 5),
    "balances are an empty object": rule("object_200", "account", 5),
    "balances are an error": rule("unexpected_500", "account", 5),
    "open orders are said to be none": rule("list_200", "open_orders", 5),
    "open orders are an error": rule("unexpected_500", "open_orders", 5),
    "trades are said to be none": both(rule("list_200", "trades", 2), on_stop("fill", quantity="0.0002")),
    "trades are told twice": both(rule("repeated_rows", "trades", 3), on_stop("fill", quantity="0.0002")),
    "trades are told backwards": both(rule("reversed_rows", "trades", 3), on_stop("fill", quantity="0.0002")),
    "a trade is left out": both(rule("missing_row", "trades", 1), on_stop("fill", quantity="0.0002")),
    "an order is said not to exist": rule("missing_2013", "query", 3),
}
#: What halts the symbol until a person has looked; True: the person has to say that the venue is right.
HALTS: dict[str, tuple[Act, bool]] = {
    "a stranger bought": (stranger("BUY"), False),
    "a stranger bought twice": (both(stranger("BUY"), stranger("BUY")), False),
    "a stranger's order rests": (stranger("BUY", "LIMIT", limit="20000"), False),
    "a stranger bought and cancelled our stop": (both(stranger("BUY"), on_stop("cancel")), False),
    "quote came in": (move("USDT", "12.34"), True),
    "quote went out": (move("USDT", "-0.01"), True),
    "base came in": (move("BTC", "0.5"), True),
    "the books have too much": (books_too_much, True),
    "a known trade has other numbers": (
        both(rule("changed_trade", "trades", 1), on_stop("fill", quantity="0.0002")),
        True,
    ),
}


def prepare(floor: Floor) -> None:
    """Hold a position with its stop, and compare with the venue all the time."""
    consumer = SignalConsumer(floor.broker.bootstrap, VERSION, "signals")
    consumer.place({})
    floor.opened.append(consumer)
    floor.loop = Loop([floor.desk], consumer, "another", KEY, review_seconds=0)
    floor.tell(floor.signal(exposure=Decimal("0.3")))
    floor.settle()
    assert floor.states() == [("entry", OrderState.FILLED), ("stop", OrderState.ACKED)]


def equal(floor: Floor) -> bool:
    balances = floor.venue.balances()
    return isinstance(balances, Known) and balances.value == floor.owned()


def pass_turns(floor: Floor, number: int = 6) -> None:
    for _ in range(number):
        floor.pass_time(timedelta(seconds=1))
        floor.turns(2)


@pytest.mark.parametrize("name", HEALS)
def test_what_the_venue_tells_late_or_falsely_heals_by_itself(floor: Floor, name: str):
    prepare(floor)
    HEALS[name](floor)
    pass_turns(floor)
    floor.control.faults({"rules": []})
    pass_turns(floor)
    assert floor.symbol_state()[0] == "OPEN"
    assert equal(floor)
    floor.check()


@pytest.mark.parametrize("name", HALTS)
def test_what_nobody_can_explain_halts_until_a_person_has_looked(floor: Floor, name: str):
    prepare(floor)
    act, accept = HALTS[name]
    entries = [leg for leg, _ in floor.states()].count("entry")
    act(floor)
    pass_turns(floor)
    floor.control.faults({"rules": []})
    assert floor.symbol_state()[0] == "HALTED"
    floor.tell(floor.signal(exposure=Decimal("0.6")))
    pass_turns(floor)
    assert [leg for leg, _ in floor.states()].count("entry") == entries
    if accept:
        reopen(floor, accept=False)
        assert floor.symbol_state()[0] == "HALTED"
    reopen(floor, accept=accept)
    assert floor.symbol_state()[0] == "OPEN"
    assert equal(floor)
    floor.tell(floor.signal(exposure=Decimal("0.6")))
    pass_turns(floor)
    assert [leg for leg, _ in floor.states()].count("entry") == entries + 1
    assert equal(floor)


def reopen(floor: Floor, *, accept: bool) -> None:
    with floor.database.transaction() as connection:
        assert halts.reopen(connection, BOOK, [SYMBOL], "looked", floor.now(), accept_venue=accept) == [SYMBOL]
    pass_turns(floor, 3)
