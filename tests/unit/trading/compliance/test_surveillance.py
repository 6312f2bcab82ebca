"""Each rule finds what was planted for it, at its very threshold, and nothing one step below."""

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.trading.compliance.made_activity import SINCE, SYMBOL, activity, at, fill, order
from trading.compliance.case import CaseState, check_step, unique
from trading.compliance.rules.activity import Activity, Movement
from trading.compliance.rules.parameters import Parameters
from trading.compliance.rules.spike import far
from trading.compliance.surveillance import RULES, watch
from trading.errors import Misconfigured

SET = Parameters()


def rules(done: Activity, parameters: Parameters = SET) -> list[str]:
    return [finding.rule for finding in watch(done, parameters)]


def test_self_trade() -> None:
    (found,) = watch(activity(fills=[fill(1, 0, "BUY"), fill(2, 2, "SELL", strategy="mean", resting=False)]), SET)
    assert (found.rule, found.subject) == ("self_trade", SYMBOL)
    assert found.evidence == ("f1", "f2", "trade:t1", "trade:t2")
    assert "within 2 s (grid and mean)" in found.summary


@pytest.mark.parametrize(
    "other",
    [
        fill(2, 2.1, "SELL"),
        fill(2, 1, "SELL", "100.01"),
        fill(2, 1, "BUY"),
        fill(2, 1, "SELL", symbol="ETH/USDT"),
        fill(2, 1, "SELL", venue="w"),
        fill(2, 1, "SELL", client_id="f1"),
    ],
)
def test_no_self_trade(other) -> None:
    assert rules(activity(fills=[fill(1, 0, "BUY"), other])) == []


def test_two_market_orders_never_meet() -> None:
    fills = [fill(1, 0, "BUY", resting=False), fill(2, 1, "SELL", resting=False)]
    assert rules(activity(fills=fills)) == []


def test_layering() -> None:
    shown = [order(n, 50, cancelled=95) for n in range(4)]
    sold = fill(9, 100, "SELL", resting=False)
    (found,) = watch(activity(shown, [sold, fill(10, 100, "SELL", client_id="f9", resting=False)]), SET)
    assert (found.rule, found.anchor) == ("layering", "f9")
    assert found.evidence == ("f9", "trade:t9", "o0", "o1", "o2", "o3")


@pytest.mark.parametrize(
    "orders",
    [
        [order(n, 50, cancelled=95) for n in range(3)],
        [order(n, 50, cancelled=89) for n in range(4)],
        [order(n, 30, cancelled=95) for n in range(4)],
        [order(n, 50, "SELL", cancelled=95) for n in range(4)],
        [order(n, 50, cancelled=95, filled=Decimal("0.1")) for n in range(4)],
        [order(n, 50, cancelled=101) for n in range(4)],
        [*(order(n, 50, cancelled=95) for n in range(4)), order(7, 96), order(8, 96)],
    ],
    ids=["few", "early", "old", "same side", "filled", "after", "put back"],
)
def test_no_layering(orders) -> None:
    assert rules(activity(orders, [fill(9, 100, "SELL", resting=False)])) == []


def test_velocity() -> None:
    orders = [order(n, n / 3) for n in range(121)]
    (found,) = watch(activity(orders), SET)
    assert (found.rule, found.first, len(found.evidence)) == ("velocity", at(0), 121)
    assert rules(activity(orders[:-1])) == []
    assert rules(activity([order(n, n) for n in range(600)])) == []


def test_spike_of_an_order_against_the_median_of_those_before() -> None:
    before = [order(n, -86400 + n, quantity=Decimal(10 + n % 3)) for n in range(20)]
    (found,) = watch(activity([order(99, 1, quantity=Decimal(55))], before=before), SET)
    assert (found.rule, found.evidence) == ("spike", ("o99",))
    assert "5.0 times the median of the 20 before it" in found.summary
    assert rules(activity([order(99, 1, quantity=Decimal("54.9"))], before=before)) == []
    assert rules(activity([order(99, 1, quantity=Decimal(99))], before=before[1:])) == []


def test_the_robust_score_by_hand() -> None:
    # median 3, distances 2 1 0 1 2 > 1, one deviation 1.4826
    assert far(Decimal(10), [Decimal(n) for n in (1, 2, 3, 4, 5)]) == pytest.approx(
        Decimal("4.7214"), abs=Decimal("0.0001")
    )
    # no spread: a tenth of the median
    assert far(Decimal(4), [Decimal(2)] * 5) == 10


def test_spike_of_a_turnover() -> None:
    fills = [fill(n, n * 120, "BUY", resting=False) for n in range(5)]
    days = {SYMBOL: tuple(Decimal(100) for _ in range(10))}
    (found,) = watch(activity(fills=fills, turnovers=days), SET)
    assert (found.rule, found.anchor) == ("spike", f"turnover|{SINCE.date()}")
    assert rules(activity(fills=fills[:-1], turnovers=days)) == []
    assert rules(activity(fills=fills, turnovers={SYMBOL: days[SYMBOL][1:]})) == []


def test_unusual_movement() -> None:
    moved = [
        Movement("trade:7", "FOREIGN", SYMBOL, "BTC", Decimal("-0.5"), at(0)),
        Movement("adjustment:b:1:USDT", "ADJUSTMENT", SYMBOL, "USDT", Decimal(3), at(1)),
    ]
    first, second = watch(activity(movements=moved), SET)
    assert first.summary == "0.5 BTC went out: a trade that no order of ours explains"
    assert second.evidence == ("adjustment:b:1:USDT",)
    assert rules(activity(movements=moved), Parameters(movement_value=Decimal("0.5"))) == ["unusual_movement"]


def test_wash_trades() -> None:
    fills = [
        one for n in range(3) for one in (fill(2 * n, 300 * n, "BUY"), fill(2 * n + 1, 300 * n + 60, "SELL", "100.05"))
    ]
    (found,) = watch(activity(fills=fills), SET)
    assert (found.rule, len(found.evidence)) == ("wash_trade", 6)
    assert rules(activity(fills=fills[:4])) == []
    assert rules(activity(fills=[*fills[:5], fill(5, 660, "SELL", "100.06")])) == []
    assert rules(activity(fills=[*fills[:5], fill(5, 661, "SELL", "100.05")])) == []
    assert rules(activity(fills=[*fills[:5], fill(5, 660, "SELL", "100.05", quantity=Decimal("0.98"))])) == []


def test_cancel_ratio() -> None:
    orders = [order(n, 60 * n, cancelled=60 * n + 1 if n < 45 else None) for n in range(50)]
    (found,) = watch(activity(orders), SET)
    assert (found.rule, len(found.evidence)) == ("cancel_ratio", 45)
    assert "45 of 50 orders" in found.summary
    assert rules(activity(orders[:-1])) == []
    assert rules(activity([*orders[1:], order(77, 3000)])) == []
    assert rules(activity([order(n, 60 * n, cancelled=60 * n + 2) for n in range(50)])) == []
    partly = [order(n, 60 * n, cancelled=60 * n + 1, filled=Decimal("0.1")) for n in range(50)]
    assert rules(activity(partly)) == []


def test_quotes_that_move_each_minute_are_ordinary() -> None:
    """A market maker with five levels a side, moved each minute and filled now and then."""
    orders, fills = [], []
    for minute in range(60):
        for level in range(10):
            side = "BUY" if level < 5 else "SELL"
            orders.append(order(10 * minute + level, 60 * minute, side, cancelled=60 * minute + 60))
        if minute % 7 == 3:
            side, price = ("BUY", "99.8") if minute % 2 else ("SELL", "100.2")
            fills.append(fill(minute, 60 * minute + 1, side, price))
    assert rules(activity(orders, fills)) == []


def test_the_same_finding_is_one_case_whenever_it_is_found() -> None:
    fills = [fill(1, 0, "BUY"), fill(2, 2, "SELL")]
    (once,) = watch(activity(fills=fills), SET)
    (again,) = watch(activity(fills=[*fills, fill(3, 900, "BUY")]), SET)
    assert once.case_id("book") == again.case_id("book") != again.case_id("other")
    assert unique([once, again]) == [once]
    (fewer,) = watch(activity([order(n, n / 3) for n in range(121)]), SET)
    (more,) = watch(activity([order(n, n / 3) for n in range(150)]), SET)
    assert fewer.evidence != more.evidence
    assert fewer.case_id("book") == more.case_id("book")


def test_nothing_finds_nothing_and_each_rule_is_asked() -> None:
    assert watch(activity(), SET) == []
    assert set(RULES) == {
        "self_trade", "layering", "velocity", "spike", "unusual_movement", "wash_trade", "cancel_ratio",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("present", "wanted", "allowed"),
    [
        ("OPEN", "REVIEWED", True), ("OPEN", "CLOSED", True), ("REVIEWED", "CLOSED", True),
        ("REVIEWED", "REVIEWED", False), ("CLOSED", "REVIEWED", False), ("CLOSED", "CLOSED", False),
    ],
)  # fmt: skip
def test_the_steps_of_a_case(present: str, wanted: str, allowed: bool) -> None:
    if allowed:
        check_step("c", CaseState(present), CaseState(wanted))
    else:
        with pytest.raises(Misconfigured, match=f"is {present} already"):
            check_step("c", CaseState(present), CaseState(wanted))


@settings(max_examples=40, derandomize=True)
@given(
    st.lists(
        st.tuples(st.integers(0, 600), st.sampled_from(["BUY", "SELL"]), st.integers(99, 101), st.integers(1, 3)),
        max_size=30,
    )
)
def test_all_that_is_found_names_evidence_that_is_there(drawn: list[tuple[int, str, int, int]]) -> None:
    fills = [
        fill(n, seconds, side, str(price), quantity=Decimal(quantity))
        for n, (seconds, side, price, quantity) in enumerate(sorted(drawn))
    ]
    found = watch(activity(fills=fills), SET)
    known = {one.client_id for one in fills} | {f"trade:{one.trade_id}" for one in fills}
    for finding in found:
        assert finding.evidence
        assert set(finding.evidence) <= known
        assert SINCE <= finding.first <= finding.last <= SINCE + timedelta(days=1)
    assert watch(activity(fills=fills), SET) == found
