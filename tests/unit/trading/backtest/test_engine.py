"""The engine on markets of few bars: every number worked out by hand, and the sums kept whatever is desired."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.trading.backtest.made import (
    BTC,
    ETH,
    HOUR,
    START,
    after,
    engine,
    grid,
    obedient,
    opened,
    setup,
    still,
    told,
)
from tests.unit.trading.made import LIMITS
from trading.backtest.engine import Engine
from trading.backtest.result import Backtest
from trading.execution.plan import MOST_REFUSALS
from trading.instrument import Instrument
from trading.order import Leg, OrderState, OrderType, Side
from trading.strategies import registry
from trading.strategies.knowledge import Knowledge

D = Decimal
NAMES = ("one", "two")


@pytest.fixture(scope="module", autouse=True)
def _obedient():
    with pytest.MonkeyPatch.context() as patch:
        for name in NAMES:
            patch.setitem(registry.STRATEGIES, name, obedient(name))  # pyright: ignore[reportArgumentType]
        yield


def legs(done: Backtest) -> list[tuple[Leg, OrderState]]:
    """Sorted, for several orders of one moment are told in the order of their ids."""
    return sorted((one.order.request.key.leg, one.order.state) for one in done.orders)


def fills(done: Backtest) -> list[tuple[Side, Decimal, Decimal, Decimal, str]]:
    return [(one.side, one.price, one.quantity, one.fee, one.fee_currency) for one in done.fills]


def triggers(done: Backtest) -> list[tuple[int, str, str]]:
    return [(one.number, one.trigger, one.verdict) for one in done.decisions]


def test_an_entry_meets_the_next_open_half_a_spread_away_and_pays_its_fee():
    bars = [still(9900), (10_000, 10_100, 9990, 10_050), (10_050, 10_080, 10_050, 10_080), still(10_100)]
    done = engine(bars, [0.5, 0.5, 0]).run()
    # 1,000 x 0.5 / 100 = 5 BTC at 100 + 0.01, fee 0.1 % of them; 4.995 BTC at 101 - 0.02 (1 bp of 10,100 ticks, up).
    assert fills(done) == [
        (Side.BUY, D("100.01"), D(5), D("0.005"), "BTC"),
        (Side.SELL, D("100.98"), D("4.995"), D("0.5043951"), "USDT"),
    ]
    assert [one.ts for one in done.fills] == [opened(0), opened(2)]
    # After the entry 499.95 USDT and 4.995 BTC at the close; in the end 499.95 + 504.3951 - 0.5043951.
    entry = D("0.005") * D("100.01")
    assert [(one.ts, one.cash, one.positions, one.fees) for one in done.curve] == [
        (opened(0), D(1000), D(0), D(0)),
        (opened(1), D("499.95"), D("4.995") * D("100.5"), entry),
        (opened(2), D("1003.8407049"), D(0), entry + D("0.5043951")),
        (opened(3), D("1003.8407049"), D(0), entry + D("0.5043951")),
    ]
    assert (done.signals, done.verdicts, done.missing) == (3, {"TRADE": 2, "HOLD": 1}, {})
    assert triggers(done) == [(1, "signal", "TRADE"), (1, "signal", "HOLD"), (1, "signal", "TRADE")]
    bought, _, sold = (one.signal_id for one in done.decisions)
    assert [one.order.request.key.signal_id for one in done.orders] == [bought, sold]


def test_a_stop_inside_a_bar_fills_where_the_path_meets_it():
    done = engine([still(10_000), (10_000, 10_050, 9700, 9900), still(9900)], [(0.5, 0.02)]).run()
    # The high is nearer to the open, so the low comes at two thirds of the bar; the stop at 98 sells at 98 - 0.01.
    assert legs(done) == [(Leg.ENTRY, OrderState.FILLED), (Leg.STOP, OrderState.FILLED)]
    stop = next(one.order for one in done.orders if one.order.request.key.leg is Leg.STOP)
    assert (stop.request.type, stop.request.stop, stop.request.quantity) == (OrderType.STOP_LOSS, D(98), D("4.995"))
    assert fills(done)[1] == (Side.SELL, D("97.99"), D("4.995"), D("0.48946005"), "USDT")
    assert done.fills[1].ts == after(0, 2_400_000)
    assert triggers(done) == [(1, "signal", "TRADE"), (2, "fill", "TRADE")]
    assert (done.curve[-1].equity, done.curve[-1].positions) == (D("499.95") + D("489.46005") - D("0.48946005"), 0)


def just_after(moment: datetime) -> datetime:
    """The first moment after the venue has stopped at `moment` for a fill."""
    return moment + timedelta(microseconds=1)


def test_a_stop_that_a_gap_jumps_over_fills_at_the_open_before_the_signal_of_that_moment():
    bars = [still(10_000), still(10_000), still(9100), still(9100), still(9100)]
    done = engine(bars, [(0.5, 0.02), 0.5, 0.5, 0.5]).run()
    assert fills(done)[1][:3] == (Side.SELL, D("90.99"), D("4.995"))
    assert [one.ts for one in done.fills] == [opened(0), opened(1), opened(2)]
    # The signal of the bar that the gap ended did not know of it: only the next one begins anew.
    asked = next(one for one in done.decisions if one.at == just_after(opened(1)) and one.trigger == "signal")
    assert (asked.verdict, asked.reason.split(",")[0], asked.holding) == ("HOLD", "stopped_out", D(0))


def test_after_a_stop_nothing_is_bought_back_before_the_next_signal():
    done = engine([still(10_000), (10_000, 10_000, 9700, 9990), still(9990)], [(0.5, 0.02)]).run()
    assert [one.side for one in done.fills] == [Side.BUY, Side.SELL]


def test_an_exit_cancels_the_stop_first():
    done = engine([still(10_000), still(10_000), still(10_000)], [(0.5, 0.02), 0]).run()
    assert triggers(done)[2:] == [(1, "signal", "TRADE"), (2, "canceled", "TRADE")]
    assert legs(done) == [
        (Leg.ENTRY, OrderState.FILLED),
        (Leg.EXIT, OrderState.FILLED),
        (Leg.STOP, OrderState.CANCELED),
    ]
    exit_ = next(one for one in done.orders if one.order.request.key.leg is Leg.EXIT)
    assert (exit_.order.request.quantity, exit_.at, exit_.order.request.reduce_only) == (D("4.995"), opened(1), True)
    assert done.curve[-1].positions == 0


def test_a_closed_gate_lets_an_exit_pass_and_no_entry():
    gates = {0: {"BTC/USDT": "gap 1"}, 1: {"BTC/USDT": "gap 2"}}
    done = engine([still(10_000)] * 5, [0.5, 0.9, 0, 0.5], closed=gates).run()
    assert [one.ts for one in done.fills] == [opened(0), opened(2), opened(3)]
    held = next(one for one in done.decisions if one.at == opened(1))
    assert (held.verdict, held.reason) == ("HOLD", "gate_closed:gap 1,on_target,one was told so")
    # The gate of one symbol says nothing about another.
    assert len(engine([still(10_000)] * 2, [0.5], closed={-1: {"ETH/USDT": "gap"}}).run().fills) == 1


def test_a_bar_of_which_too_little_is_known_makes_no_signal_and_is_counted():
    lacking = {0: None, 1: Knowledge({"close": 100.0}, {"volatility_24": None, "one": 0.1}), 2: Knowledge({}, {})}
    done = engine([still(10_000)] * 5, [0.5], known=lacking).run()
    assert (done.signals, done.missing, len(done.fills), len(done.decisions)) == (1, {"BTC/USDT": 3}, 1, 1)


def two_symbols(wants: dict[str, dict[str, Sequence[Any]]], steps: int = 2, **changes: Any) -> Engine:
    panel = {one.symbol: [still(10_000)] * (steps + 1) for one in (BTC, ETH)}
    return Engine(setup(steps, NAMES, (BTC, ETH), **changes), grid(panel), told(panel, wants))


def test_capital_is_shared_in_whole_cents_and_the_rest_kept_by_the_treasury():
    done = two_symbols({}, capital=D("100.03")).run()
    owners = {(one.strategy, one.symbol): one.capital for one in done.movements}
    shares = {(name, symbol): D(25) for name in NAMES for symbol in ("BTC/USDT", "ETH/USDT")}
    assert owners == {**shares, ("treasury", "-"): D("0.03")}
    assert all(one.capital == one.quote and one.at == START for one in done.movements)
    assert [(one.equity, one.deposits) for one in done.curve] == [(D("100.03"), D("100.03"))] * 3
    assert done.missing == {"BTC/USDT": 2, "ETH/USDT": 2}
    even = two_symbols({}, capital=D(100)).run()
    assert ("treasury", "-") not in {(one.strategy, one.symbol) for one in even.movements}


def test_nothing_is_netted_between_two_strategies_on_one_symbol():
    done = two_symbols({"BTC/USDT": {"one": [0.8, 0], "two": [0, 0.8]}}).run()
    told_of = [(one.ts, done_by(done, one.client_id), one.side, one.quantity) for one in done.fills]
    assert told_of == [
        (opened(0), "one", Side.BUY, D(2)),
        (opened(1), "one", Side.SELL, D("1.998")),
        (opened(1), "two", Side.BUY, D(2)),
    ]
    assert {(one.symbol, one.ref) for one in done.movements if not one.capital} == {
        ("BTC/USDT", one.client_id) for one in done.fills
    }


def done_by(done: Backtest, client_id: str) -> str:
    return next(one.order.request.strategy for one in done.orders if one.order.client_id == client_id)


def test_two_that_buy_at_once_share_one_ladder():
    # One level of the ladder holds 5 lots: each after the first pays one half-spread more.
    panel = {"BTC/USDT": [still(10_000)] * 2}
    source = told(panel, {"BTC/USDT": {name: [0.001] for name in NAMES}})
    wanted = setup(1, NAMES, capital=D(20_000), limits=LIMITS.model_copy(update={"min_rebalance": D(0)}))
    done = Engine(wanted, grid(panel, volume=1_000), source).run()
    assert sum(one.quantity for one in done.fills) == D("0.2")
    prices = [one.price for one in done.fills]
    assert prices == sorted(prices)
    assert len(set(prices)) == len(prices) == 40


def test_the_drawdown_guard_stops_new_risk():
    bars = [still(10_000), (10_000, 10_000, 5000, 5000), still(5000), still(5000)]
    guarded = engine(bars, [0.5, 0.5, 0]).run()
    assert [one.side for one in guarded.fills] == [Side.BUY, Side.SELL]
    second = next(one for one in guarded.decisions if one.at == opened(1))
    assert (second.verdict, second.reason.split(",")[0]) == ("HOLD", "drawdown_guard")
    daring = engine(bars, [0.5, 0.5, 0], limits=LIMITS.model_copy(update={"max_drawdown": D(1)})).run()
    assert [one.side for one in daring.fills] == [Side.BUY, Side.BUY, Side.SELL]


def test_the_peak_is_the_highest_equity_that_was_decided_about():
    # Equity rises to 1,500 and falls by more than a fifth of that: below the peak, above the start.
    bars = [still(10_000), (10_000, 20_000, 10_000, 20_000), still(20_000), (20_000, 20_000, 12_000, 12_000)]
    done = engine([*bars, still(12_000)], [0.5, 0.7, 0.7, 0.95]).run()
    assert [one.reason.split(",")[0] for one in done.decisions] == [
        "one was told so",
        "on_target",
        "on_target",
        "drawdown_guard",
    ]
    assert done.curve[-1].equity > D(1000)


@pytest.mark.parametrize(
    ("changes", "bars", "code", "state"),
    [
        # A spread of 10 % costs more than there is: the venue says no.
        ({"half_spread_bps": D(1000)}, [still(10_000)] * 2, "INSUFFICIENT_BALANCE", OrderState.REJECTED),
        # No bar, no ladder: market orders expire.
        ({}, [still(10_000), None], "", OrderState.EXPIRED),
    ],
)
def test_what_the_venue_refuses_is_not_sent_again_and_again(
    changes: dict[str, Any], bars: list[Any], code: str, state: OrderState
):
    done = engine(bars, [0.95], **changes).run()
    assert [(one.order.state, one.code) for one in done.orders] == [(state, code)] * MOST_REFUSALS
    assert (done.fills, done.curve[-1].equity) == ([], D(1000))
    assert [one.trigger for one in done.decisions] == ["signal", str(state).lower()]
    assert len({one.order.client_id for one in done.orders}) == MOST_REFUSALS


def test_the_next_signal_tries_again():
    bars = [still(10_000), None, still(10_000)]
    again = Knowledge({"close": 100.0}, {"volatility_24": 0.0001, "one": 0.5})
    done = engine(bars, [0.5], known={0: again}).run()
    assert [(one.side, one.ts) for one in done.fills] == [(Side.BUY, opened(1))]


def test_an_order_below_the_least_of_the_venue_is_not_sent():
    done = engine([still(10_000)] * 3, [0.5, 0.5], capital=D(9)).run()
    assert (done.orders, done.verdicts, done.signals) == ([], {"HOLD": 2}, 2)


def test_a_refusal_by_compliance_is_told_by_its_rule():
    done = engine([still(10_000), still(12_000)], [0.5]).run()
    assert (done.verdicts, done.orders) == ({"DENIED price_collar": 1}, [])


def test_a_source_that_lacks_what_a_strategy_reads_is_heard():
    lacking = {-1: Knowledge({"close": 100.0}, {"volatility_24": 0.1})}
    with pytest.raises(KeyError, match="one"):
        engine([still(10_000)] * 2, [], known=lacking).run()


def test_progress_is_told_now_and_then():
    heard: list[tuple[int, int]] = []
    engine([still(10_000)] * 112, [0.5]).run(lambda done, of: heard.append((done, of)))
    assert heard[0] == (0, 111)
    assert heard == sorted(set(heard))
    assert 2 <= len(heard) <= 112
    assert all(of == 111 >= done for done, of in heard)


def test_a_strategy_is_shown_what_it_holds():
    rows: list[Any] = []
    with pytest.MonkeyPatch.context() as patch:
        watched = replace(obedient("one"), desire=lambda row, _: rows.append(row) or obedient("one")(row, _))
        patch.setitem(registry.STRATEGIES, "one", watched)  # pyright: ignore[reportArgumentType]
        engine([still(10_000)] * 3, [0.5, 0.5]).run()
    first, second = rows
    assert (first["held_exposure"], first["close"], first["bar_seconds"]) == (0.0, 100.0, 3600.0)
    assert second["held_exposure"] == pytest.approx(499.5 / (499.5 + 499.95))
    assert second["closed_at"] - first["closed_at"] == 3600.0


moves = st.tuples(st.integers(-900, 900), st.integers(0, 600), st.integers(0, 600), st.integers(-900, 900))
wishes = st.tuples(st.sampled_from([0, 0.25, 0.5, 0.95]), st.sampled_from([None, 0.01, 0.05]))
markets = st.lists(st.tuples(moves, st.booleans(), wishes, wishes, wishes), min_size=1, max_size=12)
Drawn = list[tuple[tuple[int, int, int, int], bool, Any, Any, Any]]


def drawn_engine(drawn: Drawn, instruments: Sequence[Instrument] = (BTC, ETH), volatility: float = 0.0001) -> Engine:
    """Two strategies on BTC, one of them on ETH too, on a market that jumps, with holes in it."""
    close, prices = 10_000, [still(10_000)]
    for (jump, up, down, change), there, *_ in drawn:
        first = max(close + jump, 1000)
        last = max(first + change, 1000)
        bar = (first, max(first, last) + up, max(min(first, last) - down, 1), last)
        prices.append(bar if there else None)
        close = last if there else close
    panel = {"BTC/USDT": prices, "ETH/USDT": [still(10_000), *reversed(prices[1:])]}
    one, two, other = ([row[place] for row in drawn] for place in (2, 3, 4))
    source = told(panel, {"BTC/USDT": {"one": one, "two": two}, "ETH/USDT": {"one": other, "two": one}}, volatility)
    limits = LIMITS.model_copy(update={"price_collar": D(1), "max_drawdown": D(1)})
    return Engine(setup(len(drawn), NAMES, instruments, limits=limits), grid(panel), source)


@settings(max_examples=60)
@given(markets)
def test_equity_is_what_the_fills_and_fees_make_of_the_capital(drawn: Drawn):
    made = drawn_engine(drawn)
    done = made.run()
    for point in done.curve:
        cash, held, fees = D(1000), {"BTC/USDT": D(0), "ETH/USDT": D(0)}, D(0)
        for fill in done.fills:
            # At its start the book holds its deposits alone.
            if START < point.ts >= fill.ts:
                in_base = fill.fee_currency != "USDT"
                cash -= fill.side.sign * fill.price * fill.quantity + (0 if in_base else fill.fee)
                held[fill.symbol] += fill.side.sign * fill.quantity - (fill.fee if in_base else 0)
                fees += fill.fee * fill.price if in_base else fill.fee
        worth = D(0)
        for symbol, quantity in held.items():
            closes = [one for one in done.closes if one.symbol == symbol and one.ts + HOUR.delta <= point.ts]
            worth += quantity * max(closes, key=lambda one: one.ts).price
        assert (point.cash, point.positions, point.equity, point.fees) == (cash, worth, cash + worth, fees)
        assert point.deposits == D(1000)
    there = made._exchange.funds.accounts["book"]
    assert there.free["USDT"] + there.locked.get("USDT", D(0)) == done.curve[-1].cash
    assert {one.ts for one in done.curve} == {opened(step) for step in range(len(drawn) + 1)}


@settings(max_examples=60)
@given(markets)
def test_orders_and_fills_say_the_same_and_all_is_told_oldest_first(drawn: Drawn):
    done = drawn_engine(drawn).run()
    for placed in done.orders:
        own = [fill for fill in done.fills if fill.client_id == placed.order.client_id]
        assert placed.order.filled == sum((fill.quantity for fill in own), D(0)) <= placed.order.request.quantity
        # The venue dates its fills by the millisecond.
        assert all(fill.ts > placed.at - timedelta(milliseconds=1) for fill in own)
        assert placed.order.state.terminal or placed.order.request.key.leg is Leg.STOP
    for times in ([one.at for one in done.orders], [one.ts for one in done.fills], [one.at for one in done.decisions]):
        assert times == sorted(times)
    assert sum(done.verdicts.values()) == len(done.decisions)
    assert sum(one.number == 1 for one in done.decisions) == done.signals
    assert {one.order.client_id for one in done.orders} >= {fill.client_id for fill in done.fills}


@settings(max_examples=20)
@given(markets)
def test_the_same_setup_gives_the_same_result(drawn: Drawn):
    assert drawn_engine(drawn).run() == drawn_engine(drawn).run()


@settings(max_examples=80)
@given(markets, st.sampled_from([D("0.001"), D("0.05"), D("0.5")]), st.sampled_from([0.0001, 0.01]))
def test_a_brief_backtest_passes_over_what_changes_nothing(drawn: Drawn, lot: Decimal, volatility: float):
    coarse = tuple(replace(one, lot=lot, min_quantity=lot) for one in (BTC, ETH))
    whole = drawn_engine(drawn, coarse, volatility)
    brief = Engine(replace(whole._setup, brief=True), whole._bars, whole._source).run()
    done = whole.run()
    told_all = [one for one in done.decisions if one.verdict != "HOLD"]
    assert (brief.orders, brief.fills, brief.decisions) == (done.orders, done.fills, told_all)
    assert replace(brief, decisions=done.decisions) == done


def test_a_brief_backtest_knows_that_a_target_is_brought_to_the_grid():
    # 599.77 is wanted of 649.35, which is not worth an order; on the grid it is 550, and that is.
    coarse = replace(BTC, lot=D("0.5"), min_quantity=D("0.5"))
    for brief in (False, True):
        done = engine([still(10_000)] * 3, [0.65, 0.6002], instruments=(coarse,), brief=brief).run()
        assert [(one.side, one.quantity) for one in done.fills] == [(Side.BUY, D("6.5")), (Side.SELL, D("0.5"))]


@settings(max_examples=40)
@given(markets, st.data())
def test_nothing_before_a_moment_depends_on_what_came_after_it(drawn: Drawn, data: st.DataObject):
    # ETH runs backwards here, so both parts are cut from one and the same engine's panel.
    whole = drawn_engine(drawn)
    cut = data.draw(st.integers(1, len(drawn)))
    short = Engine(replace(whole._setup, steps=cut), whole._bars, whole._source).run()
    done = whole.run()
    assert [one for one in done.fills if one.ts < opened(cut)] == [one for one in short.fills if one.ts < opened(cut)]
    assert [one for one in done.decisions if one.at < opened(cut)] == [
        one for one in short.decisions if one.at < opened(cut)
    ]
    assert list(done.curve)[:cut] == list(short.curve)[:cut]


def test_the_stop_of_what_is_too_little_to_be_sold_is_forgotten_when_bars_are_passed_over_as_well():
    wanted = [(0.5, 0.02), (0.1, 0.02), *[0.0] * 4, (0.5, 0.02), (0.5, 0.02)]
    bars = [still(10_000)] * 6 + [still(9_000)] * 3
    limits, least = LIMITS.model_copy(update={"max_drawdown": D(1)}), replace(BTC, min_quantity=D(2))
    whole, brief = (
        engine(bars, wanted, limits=limits, instruments=[least], brief=brief).run() for brief in (False, True)
    )
    assert brief.fills == whole.fills
    assert [fill.side for fill in whole.fills] == [Side.BUY, Side.SELL, Side.BUY]
