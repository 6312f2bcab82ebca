"""Two accounts of one trading: equal ones have no difference, and no difference between others is lost."""

from collections.abc import Callable
from dataclasses import fields, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.unit.trading.made import NOW, order
from trading.backtest.compare import Comparison, Difference, compare, until
from trading.backtest.result import Decided, Placed, Traded
from trading.fill import Fill
from trading.order import Leg, OrderState, OrderType, Side
from trading.performance.equity import Valuation

D = Decimal
HOUR = timedelta(hours=1)
DECIDED = Decided("signal", 2, "fill", "TRADE", "why", D(1), D("2.50"), NOW)
PLACED = Placed(order(Leg.STOP, OrderState.ACKED, "5", "90"), NOW, "why")
CLIENT = PLACED.order.client_id
FILL = Fill("venue", "BTC/USDT", "7", "1", CLIENT, Side.BUY, D(100), D(5), D("0.005"), "BTC", NOW)
POINT = Valuation(NOW, D(500), D(500), D(1000), D("0.5"), D(1000))
TRADED = Traded([DECIDED], [PLACED], [FILL], [POINT])


def differences(one: Traded, other: Traded) -> list[Difference]:
    return list(compare(one, other).differences)


def test_equal_accounts_have_no_difference_and_are_counted():
    kinds: list[str] = ["decision", "order", "fill", "equity"]
    counts = dict.fromkeys(kinds, (1, 1))
    assert compare(TRADED, TRADED) == Comparison(counts, [])
    nothing = Traded([], [], [], [])
    assert compare(nothing, nothing) == Comparison(dict.fromkeys(kinds, (0, 0)), [])


def test_equal_numbers_are_equal_however_many_zeros_they_end_with():
    longer = replace(DECIDED, target=D("2.5000"))
    assert differences(TRADED, replace(TRADED, decisions=[longer])) == []


#: A change of every field that both sides of a comparison know.
CHANGES: dict[type[Any], dict[str, tuple[Any, str, str]]] = {
    Decided: {
        "trigger": ("signal", "fill", "signal"),
        "verdict": ("HOLD", "TRADE", "HOLD"),
        "reason": ("other", "why", "other"),
        "holding": (D("1.0000000000000000001"), "1", "1.0000000000000000001"),
        "target": (D("1E-9"), "2.5", "0.000000001"),
        "at": (NOW + HOUR, "2026-03-01T12:00:00+00:00", "2026-03-01T13:00:00+00:00"),
    },
    Fill: {
        "side": (Side.SELL, "BUY", "SELL"),
        "price": (D("100.01"), "100", "100.01"),
        "quantity": (D(4), "5", "4"),
        "fee": (D(0), "0.005", "0"),
        "fee_currency": ("USDT", "BTC", "USDT"),
        "ts": (NOW + HOUR / 60, "2026-03-01T12:00:00+00:00", "2026-03-01T12:01:00+00:00"),
    },
    Valuation: {
        "cash": (D("500.000000001"), "500", "500.000000001"),
        "positions": (D(0), "500", "0"),
        "equity": (D(999), "1000", "999"),
        "fees": (D(1), "0.5", "1"),
        "deposits": (D(2000), "1000", "2000"),
    },
}
NAMES = {
    Decided: ("decision", "signal:2"),
    Fill: ("fill", f"BTC/USDT {CLIENT}"),
    Valuation: ("equity", NOW.isoformat()),
}
#: What names a row, or what the venue numbers in its own way.
NOT_COMPARED = {
    Decided: {"signal_id", "number"},
    Fill: {"venue", "symbol", "client_id", "trade_id", "venue_order_id"},
    Valuation: {"ts"},
}
SEQUENCES = {Decided: "decisions", Fill: "fills", Valuation: "curve"}
KNOWN: dict[type[Any], Any] = {Decided: DECIDED, Fill: FILL, Valuation: POINT}


@pytest.mark.parametrize("kind", CHANGES, ids=lambda kind: kind.__name__)
def test_every_changed_field_is_named_with_both_values(kind: type[Any]):
    assert {field.name for field in fields(kind)} == CHANGES[kind].keys() | NOT_COMPARED[kind]
    name, key = NAMES[kind]
    for field, (value, one, other) in CHANGES[kind].items():
        changed = replace(TRADED, **{SEQUENCES[kind]: [replace(KNOWN[kind], **{field: value})]})
        assert differences(TRADED, changed) == [Difference(name, key, field, one, other)]
        assert differences(changed, TRADED) == [Difference(name, key, field, other, one)]
    every = replace(KNOWN[kind], **{field: value for field, (value, _, _) in CHANGES[kind].items()})
    found = differences(TRADED, replace(TRADED, **{SEQUENCES[kind]: [every]}))
    assert [one.field for one in found] == [field.name for field in fields(kind) if field.name in CHANGES[kind]]


def request(**changes: Any) -> Callable[[Placed], Placed]:
    return lambda placed: replace(placed, order=replace(placed.order, request=replace(placed.order.request, **changes)))


@pytest.mark.parametrize(
    ("field", "change", "one", "other"),
    [
        ("strategy", request(strategy="another"), "strategy", "another"),
        ("symbol", request(symbol="ETH/USDT"), "BTC/USDT", "ETH/USDT"),
        ("side", request(side=Side.BUY), "SELL", "BUY"),
        ("type", request(type=OrderType.LIMIT), "STOP_LOSS", "LIMIT"),
        ("quantity", request(quantity=D("5.001")), "5", "5.001"),
        ("stop", request(stop=None), "90", "-"),
        ("state", lambda p: replace(p, order=replace(p.order, state=OrderState.FILLED)), "ACKED", "FILLED"),
        ("filled", lambda p: replace(p, order=replace(p.order, filled=D(1))), "0", "1"),
        ("at", lambda p: replace(p, at=NOW + HOUR), "2026-03-01T12:00:00+00:00", "2026-03-01T13:00:00+00:00"),
        ("reason", lambda p: replace(p, reason="other"), "why", "other"),
    ],
)
def test_every_changed_part_of_an_order_is_named(field: str, change: Callable[[Placed], Placed], one: str, other: str):
    changed = replace(TRADED, orders=[change(PLACED)])
    assert differences(TRADED, changed) == [Difference("order", CLIENT, field, one, other)]


@pytest.mark.parametrize(
    ("sequence", "kind", "key", "said"),
    [
        (
            "decisions",
            "decision",
            "signal:2",
            "trigger fill, verdict TRADE, reason why, holding 1, target 2.5, at 2026",
        ),
        (
            "orders",
            "order",
            CLIENT,
            "strategy strategy, symbol BTC/USDT, side SELL, type STOP_LOSS, quantity 5, reference_price",
        ),
        (
            "fills",
            "fill",
            f"BTC/USDT {CLIENT}",
            "side BUY, price 100, quantity 5, fee 0.005",
        ),
        ("curve", "equity", NOW.isoformat(), "cash 500, positions 500, equity 1000, fees 0.5, deposits 1000"),
    ],
)
def test_what_only_one_knows_is_told_whole(sequence: str, kind: str, key: str, said: str):
    less = replace(TRADED, **{sequence: []})
    for one, other, counted in ((TRADED, less, (1, 0)), (less, TRADED, (0, 1))):
        found = compare(one, other)
        (only,) = found.differences
        assert (only.kind, only.key, only.field) == (kind, key, "")
        told, unknown = (only.one, only.other) if one is TRADED else (only.other, only.one)
        assert told.startswith(said)
        assert unknown == "-"
        assert found.counts[kind] == counted


def test_another_number_or_trade_is_another_thing():
    moved = [replace(DECIDED, number=3), replace(DECIDED, signal_id="next")]
    for changed in moved:
        found = differences(TRADED, replace(TRADED, decisions=[changed]))
        assert [(one.key, one.other == "-") for one in found] == [
            ("signal:2", True),
            (f"{changed.signal_id}:{changed.number}", False),
        ]
    another = replace(FILL, client_id="another")
    found = differences(TRADED, replace(TRADED, fills=[another]))
    assert [(one.key, one.other == "-") for one in found] == [(f"BTC/USDT {CLIENT}", True), ("BTC/USDT another", False)]


def test_how_the_venue_numbers_orders_and_trades_is_no_difference():
    renamed = replace(FILL, venue="other", venue_order_id="9", trade_id="8")
    assert differences(TRADED, replace(TRADED, fills=[renamed])) == []
    # Two orders are filled at one moment: which came first is a matter of which message did.
    second = replace(FILL, client_id="second", trade_id="8", quantity=D(1))
    swapped = [replace(second, trade_id="7"), replace(FILL, trade_id="8")]
    assert differences(replace(TRADED, fills=[FILL, second]), replace(TRADED, fills=swapped)) == []
    # Of one order the parts come in their order.
    rest = replace(FILL, trade_id="8", quantity=D(1))
    found = differences(replace(TRADED, fills=[FILL, rest]), replace(TRADED, fills=[rest, FILL]))
    assert [(one.field, one.one, one.other) for one in found] == [("quantity", "5", "1"), ("quantity", "1", "5")]


def test_what_happened_after_a_moment_is_cut_off():
    late = Traded(
        [DECIDED, replace(DECIDED, number=3, at=NOW + HOUR)],
        [PLACED],
        [FILL, replace(FILL, trade_id="8", ts=NOW + HOUR)],
        [POINT, replace(POINT, ts=NOW + HOUR)],
    )
    assert until(late, NOW + HOUR - timedelta(microseconds=1)) == replace(TRADED, orders=[])
    assert until(late, NOW - timedelta(microseconds=1)) == Traded([], [], [], [])
    assert until(late, NOW + HOUR) == replace(late, orders=[])


def test_what_is_told_twice_is_a_difference():
    one = TRADED
    twice = replace(one, fills=[*one.fills, one.fills[0]])
    (found,) = compare(one, twice).differences
    assert (found.kind, found.one) == ("fill", "-")
    assert found.key.endswith("again, 2")
    assert compare(one, twice).counts["fill"] == (len(one.fills), len(one.fills) + 1)
