"""The decision path against an oracle of its rules, and what holds whatever either says, on random situations."""

import os
import re
import time
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction

import pytest

from tests.unit.trading.decision_properties import broken, decided
from tests.unit.trading.oracle import Expected, Situation, Wish, plain
from tests.unit.trading.oracle_steps import expected, side_of
from tests.unit.trading.situations_edges import situation
from trading.decide import Decision
from trading.order import Leg, OrderRequest, OrderType

#: The long form is 1,000,000.
DECISIONS = int(os.environ.get("TRADEWIND_TEST_DECISIONS") or 8000)
ONE = os.environ.get("TRADEWIND_TEST_DECISION")
HOW = "TRADEWIND_TEST_DECISION={} python -m pytest -s tests/unit/trading/test_oracle.py -k replayed"
NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:E[+-]?\d+)?")
#: From so many on each of what is to occur must; the rarest comes in three of 8000, so it is waited for.
ENOUGH, LONGER = 8000, 6
SIDES = "below", "at", "above"
LIMITS = """valid until, stopped at, taken at, drawdown, volatility, position, rebalance, least quantity, least value,
largest order, collar, limit collar, too much, too little, passed, floor, cover, level, closing, reopening,
behind the stop, loss, a position, legs, spacing"""
WHY = {
    "DENIED": "expired, no_reference, instrument_status, price_collar, max_order_value, min_notional",
    "HOLD": """waiting_for_venue, order_working, refused_by_venue, on_target, dust, stop_refused, expired, stopped_out,
volatility_target, position_limit, drawdown_guard, risk_at_stop, trading_hours, max_legs, leg_spacing,
profit_taken, gate_closed""",
    "TRADE": """expired, stopped_out, volatility_target, position_limit, drawdown_guard, risk_at_stop, trading_hours,
max_legs, leg_spacing, profit_taken, gate_closed, stop_passed, stop_refused, quotes, price_collar, max_order_value""",
    "asks": "entry, exit, stop, closing, bid, ask, bid+ask, stop+entry, stop+bid",
    "cancels": "stop, bid, ask, stop+stop, bid+bid, ask+ask",
}
OCCUR = (
    *(f"{limit}: {side}" for limit in re.split(r",\s", LIMITS) for side in SIDES),
    *(f"{what} {each}" for what, listed in WHY.items() for each in re.split(r",\s", listed)),
    "a market stop works",
    "no growth without a stop",
    "no quotes beside a closing",
    "floor off the grid",
    "order of nothing",
    "less than is held is free",
)


def canonical(reason: str) -> str:
    """Return a reason whose numbers are written in one way."""
    return NUMBER.sub(lambda found: plain(Decimal(found[0])), reason) if ":" in reason else reason


def seen(of: Situation, decision: Decision) -> Expected:
    """Return a decision as the oracle speaks, in lots and ticks."""
    lot, tick = Fraction(of.instrument.lot), Fraction(of.instrument.tick)
    wishes = tuple(
        Wish(
            one.key.leg,
            one.key.level,
            one.type,
            Fraction(one.quantity) / lot,
            None if one.limit is None else Fraction(one.limit) / tick,
            None if one.stop is None else Fraction(one.stop) / tick,
        )
        for one in decision.requests
    )
    cancels = tuple(sorted(order.client_id for order in decision.cancels))
    return Expected(decision.verdict, canonical(decision.reason), Fraction(decision.target) / lot, wishes, cancels)


def sound(of: Situation, request: OrderRequest) -> bool:
    """Whether an order names its signal, its decision and the market, and reduces only when it sells."""
    s, side = of.signal, side_of(request.key.leg)
    names = (request.key.signal_id, request.key.decision_no, request.book, request.strategy, request.venue)
    told = (s.signal_id, of.number, s.book, s.strategy, s.venue)
    rest = request.symbol == s.symbol and request.reference_price == of.price
    return names == told and rest and request.side is side and request.reduce_only is (side.sign < 0)


def marks(decision: Decision, wanted: Expected) -> Iterator[str]:
    """Yield what a decision is counted under."""
    codes = re.sub(r"(gate_closed|trading_hours):[^,]*", r"\1", decision.reason).split(":")[0]
    yield from (f"{decision.verdict} {code}" for code in codes.split(",") if code not in ("", "why"))
    legs = [
        "closing" if one.key.leg is Leg.STOP and one.type is OrderType.MARKET else str(one.key.leg)
        for one in decision.requests
    ]
    if legs:
        yield f"asks {'+'.join(dict.fromkeys(legs))}"
    if decision.cancels:
        yield f"cancels {'+'.join(str(order.request.key.leg) for order in decision.cancels)}"
    yield from set(wanted.touched)


def checked(number: int) -> Iterator[str]:
    """Check one situation and yield what it is counted under."""
    of = situation(number)
    wanted = expected(of)
    decision = decided(of)
    given, reason = seen(of, decision), canonical(wanted.reason)
    same = given.reason == reason and given == Expected(
        wanted.verdict, given.reason, wanted.target, wanted.wishes, wanted.cancels
    )
    assert same, f"{of}\nthe rules say {wanted}\nthe decision is {decision}"
    assert all(sound(of, request) for request in decision.requests), f"{of}\n{decision}"
    found = list(broken(of, decision))
    assert not found, f"{of}\n{decision}\n{found}"
    return marks(decision, wanted)


def test_a_decision_is_what_the_rules_say_and_passes_no_limit(seed: int):
    began = time.perf_counter()
    counted: Counter[str] = Counter()
    awaited, made = set(OCCUR) if DECISIONS >= ENOUGH else set[str](), 0
    while made < DECISIONS or (awaited and made < DECISIONS * LONGER):
        try:
            found = Counter(checked(seed + made))
        except Exception as error:
            raise AssertionError(f"{error}\n{HOW.format(seed + made)} replays it") from error
        counted += found
        awaited -= found.keys()
        made += 1
    seconds = time.perf_counter() - began
    print(f"{made} decisions, {made / seconds:.0f} a second", *sorted(counted.items()), sep="\n")
    assert awaited == set()


@pytest.mark.skipif(ONE is None, reason="TRADEWIND_TEST_DECISION names no situation")
def test_one_decision_is_replayed():
    print(*checked(int(ONE or 0)), sep="\n")
