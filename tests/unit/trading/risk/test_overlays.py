from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.trading.made import INSTRUMENT, NOW
from trading.risk import drawdown_guard, entry_gate, position_limit, risk_at_stop, trading_hours
from trading.target import Target

D = Decimal
TARGETS = st.decimals(0, 1000, places=3).map(Target)
AMOUNTS = st.decimals(0, 10**6, places=3)


def test_a_position_is_capped_at_its_share_of_equity():
    capped = position_limit.apply(Target(D(10), ("first",)), D(1000), D(100), D("0.95"), INSTRUMENT)
    assert capped == Target(D("9.5"), ("first", "position_limit"))
    assert position_limit.apply(Target(D("9.5")), D(1000), D(100), D("0.95"), INSTRUMENT) == Target(D("9.5"))


def test_without_equity_no_position_is_left():
    assert position_limit.apply(Target(D(1)), D(-5), D(100), D("0.95"), INSTRUMENT).quantity == 0


def test_after_a_drawdown_holding_and_exits_stay_allowed():
    def guarded(wanted: str, equity: str, peak: str = "1000") -> Target:
        return drawdown_guard.apply(Target(D(wanted)), D(5), D(equity), D(peak), D("0.2"))

    assert guarded("8", "800") == Target(D(8))  # at the limit
    assert guarded("8", "799.99") == Target(D(5), ("drawdown_guard",))
    assert guarded("3", "100") == Target(D(3))
    assert guarded("8", "0", peak="0") == Target(D(8))  # no peak yet


def test_a_closed_gate_holds_entries_and_passes_exits():
    assert entry_gate.apply(Target(D(8)), D(5), is_open=True, reason="") == Target(D(8))
    assert entry_gate.apply(Target(D(8)), D(5), is_open=False, reason="halt x") == Target(D(5), ("gate_closed:halt x",))
    assert entry_gate.apply(Target(D(0)), D(5), is_open=False, reason="halt x") == Target(D(0))


def test_outside_the_trading_hours_entries_are_held_back_and_exits_pass():
    def held(wanted: str, *closed: str) -> Target:
        return trading_hours.apply(Target(D(wanted)), D(5), NOW, closed)

    assert held("8") == Target(D(8))
    assert held("8", "sat", "daily 00:00-12:00") == Target(D(8))
    assert held("8", "sat", "sun 12:00-13:00") == Target(D(5), ("trading_hours:sun 12:00-13:00",))
    assert held("3", "sun") == Target(D(3))


def test_a_position_grows_until_its_stop_would_cost_what_may_be_lost():
    def held(wanted: str, level: str | None, limit: str = "0.02", holding: str = "0") -> Target:
        at = None if level is None else D(level)
        return risk_at_stop.apply(Target(D(wanted)), D(holding), D(10_000), D(100), at, D(limit), INSTRUMENT)

    why = ("risk_at_stop",)
    assert held("80", "96") == Target(D(50), why)
    assert held("80", "99") == Target(D(80))
    assert held("80", "97") == Target(instrument_floor(D(200) / 3), why)
    assert held("80", None) == held("80", "0") == held("80", "-1") == Target(D(2), why)
    assert held("80", "100") == held("80", "101") == Target(D(0), why)
    assert held("80", "96", holding="60") == Target(D(60), why)
    assert held("40", "96", holding="60") == Target(D(40))
    assert held("80", None, limit="1") == held("80", "100", limit="1") == Target(D(80))


def instrument_floor(quantity: Decimal) -> Decimal:
    return quantity // INSTRUMENT.lot * INSTRUMENT.lot


@given(TARGETS, AMOUNTS, AMOUNTS, AMOUNTS, st.booleans())
def test_an_overlay_only_ever_lowers(target: Target, holding: Decimal, equity: Decimal, peak: Decimal, is_open: bool):
    for after in (
        position_limit.apply(target, equity, D(100), D("0.95"), INSTRUMENT),
        drawdown_guard.apply(target, holding, equity, peak, D("0.2")),
        entry_gate.apply(target, holding, is_open, "x"),
        trading_hours.apply(target, holding, NOW, () if is_open else ("sun",)),
        risk_at_stop.apply(target, holding, equity, D(100), peak, D("0.1"), INSTRUMENT),
    ):
        assert 0 <= after.quantity <= target.quantity
        assert (after.quantity < target.quantity) == (after.reasons != target.reasons)
