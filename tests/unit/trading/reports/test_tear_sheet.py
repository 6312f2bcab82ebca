"""The tear sheet of a backtest made by hand: parts add up, it ties, and it is silent where there is too little."""

import math
from dataclasses import replace
from decimal import Decimal

import pytest

from tests.unit.trading.reports.made_backtest import CAPITAL, FOUR_HOURS, START, made_backtest, never
from trading.audit import canonical, digest
from trading.backtest.result import Backtest
from trading.errors import BadData
from trading.reports.figures import thin
from trading.reports.tear_sheet import document

D = Decimal
PLACES = D("1e-9")


@pytest.fixture(scope="module")
def backtest() -> Backtest:
    return made_backtest()


def test_the_parts_are_the_whole(backtest: Backtest) -> None:
    told = document(backtest)
    head, costs, last = told["headline"], told["costs"], backtest.curve[-1]
    assert (head["equity"], head["fees"], head["capital"]) == (last.equity, last.fees, CAPITAL)
    assert head["pnl"] == last.equity - CAPITAL == costs["realised"] + costs["unrealised"]
    assert costs["gross"] == head["pnl"] + head["fees"]
    for rows in (told["strategies"], told["by_symbol"]):
        assert sum(row["pnl"] for row in rows) == head["pnl"]
        assert sum(row["closing"] for row in rows) == head["equity"]
        assert sum(row["fees_since_start"] for row in rows) == head["fees"]
        assert sum(row["round_trips"] for row in rows) == head["round_trips"] == len(told["round_trips"])
    assert sum(row["pnl"] for row in told["round_trips"]) == costs["realised"]
    assert sum(row["fee"] for row in told["fills"]) == head["fees"]
    assert sum(row["value"] for row in told["fills"]) == head["traded"]


def test_the_curve_tells_the_headline(backtest: Backtest) -> None:
    told = document(backtest)
    head, curve = told["headline"], told["curve"]
    assert (curve[0]["equity"], curve[-1]["equity"]) == (head["capital"], head["equity"])
    assert abs(head["return"] - (curve[-1]["equity"] / CAPITAL - 1)) < PLACES
    assert abs(head["benchmark_return"] - (curve[-1]["benchmark"] / CAPITAL - 1)) < PLACES
    assert head["deepest_drawdown"] == min(point["drawdown"] for point in curve) == told["drawdowns"][0]["depth"]
    assert head["benchmark_deepest_drawdown"] == min(point["benchmark_drawdown"] for point in curve)
    assert [row["depth"] for row in told["drawdowns"]] == sorted(row["depth"] for row in told["drawdowns"])
    assert len(told["drawdowns"]) == 5


def test_years_compound_to_the_return(backtest: Backtest) -> None:
    told = document(backtest)
    for rows, name in ((told["months"], "return"), (told["benchmark_months"], "benchmark_return")):
        assert [row["year"] for row in rows] == [2023, 2024]
        assert abs(math.prod(1 + row["total"] for row in rows) - 1 - told["headline"][name]) < PLACES
        for row in rows:
            months = [month for month in row["months"] if month is not None]
            assert abs(math.prod(1 + month for month in months) - 1 - row["total"]) < PLACES
    assert [month is None for month in told["months"][0]["months"]] == [True] * 10 + [False] * 2


def test_ratios_are_told_from_a_month_on() -> None:
    short, enough = document(made_backtest(182)), document(made_backtest(183))
    assert short["least_bars"] == 183
    assert (short["measures"], short["benchmark"], short["against"]) == (None, None, None)
    assert (short["headline"]["sharpe"], short["headline"]["cagr"]) == (None, None)
    assert short["distribution"]["ranges"]
    assert enough["headline"]["sharpe"] == enough["measures"]["sharpe"] is not None
    assert enough["headline"]["cagr"] == enough["measures"]["cagr"] is not None
    assert enough["against"]["beta"] is not None


def test_what_was_decided_and_refused_is_counted(backtest: Backtest) -> None:
    told = document(backtest)["decisions"]
    assert told["signals"] == 2400
    assert told["verdicts"] == dict(backtest.verdicts)
    assert told["refused"] == [{"code": "MIN_NOTIONAL", "strategy": "trend", "symbol": "BTC/USDT", "times": 1}]
    assert told["missing"] == {"ETH/USDT": 3}


def test_equal_facts_give_equal_text(backtest: Backtest) -> None:
    assert canonical(document(backtest)) == canonical(document(made_backtest()))
    assert digest(document(backtest)) != digest(document(backtest, {"data": "others"}))


@pytest.mark.parametrize("bars", [1, 300])
def test_a_backtest_without_a_trade_is_told(bars: int) -> None:
    told = document(made_backtest(bars, {"never": never}))
    head = told["headline"]
    assert (head["bars"], head["equity"], head["pnl"], head["round_trips"], head["win_rate"]) == (
        bars,
        CAPITAL,
        0,
        0,
        None,
    )
    assert (head["time_in_market"], head["fees"], told["drawdowns"], told["fills"]) == (0, 0, [], [])
    assert told["distribution"] == {"ranges": [], "unchanged": bars, "best": 0.0, "worst": 0.0}
    assert canonical(told)


def test_no_bar_at_all_is_told() -> None:
    told = document(made_backtest(0, {"never": never}))
    assert (told["headline"]["bars"], told["headline"]["time_in_market"], told["months"]) == (0, None, [])
    assert canonical(told)


@pytest.mark.parametrize("name", ["equity", "fees", "deposits"])
def test_a_curve_that_is_not_that_of_the_movements_stops_it(backtest: Backtest, name: str) -> None:
    last = backtest.curve[-1]
    wrong = replace(last, **{name: getattr(last, name) + D("1e-18")})
    with pytest.raises(BadData, match="run the backtest again"):
        document(replace(backtest, curve=[*backtest.curve[:-1], wrong]))


def test_a_curve_that_ends_early_stops_it(backtest: Backtest) -> None:
    early = replace(backtest.curve[-1], ts=backtest.curve[-2].ts)
    for wrong in ([], backtest.curve[:-1], [*backtest.curve[:-1], early]):
        with pytest.raises(BadData, match="run the backtest again"):
            document(replace(backtest, curve=wrong))


def test_a_fill_without_an_order_stops_it(backtest: Backtest) -> None:
    stranger = replace(backtest.fills[0], client_id="tw-stranger")
    with pytest.raises(BadData, match="has no order tw-stranger"):
        document(replace(backtest, fills=[stranger, *backtest.fills[1:]]))


def test_a_long_curve_is_thinned_but_keeps_its_turns() -> None:
    long = made_backtest(2000)
    told = document(long)
    times = [point["ts"] for point in told["curve"]]
    assert len(times) <= 720 + 3 * 5
    assert (times[0], times[-1]) == (START, START + 2000 * FOUR_HOURS.delta)
    assert times == sorted(set(times))
    for period in told["drawdowns"]:
        assert {period["peak"], period["trough"], period["ends"]} <= set(times)
    assert told["headline"]["deepest_drawdown"] == min(point["drawdown"] for point in told["curve"])


def test_thinning_keeps_both_ends() -> None:
    assert thin([]) == []
    assert thin([7]) == [7]
    assert thin(range(720)) == list(range(720))
    assert thin(range(1442))[-1] == 1441
    assert 5 in thin(range(1442), frozenset({5}))
