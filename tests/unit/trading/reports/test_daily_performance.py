"""The document on a tiny book: parts add up, it is canonical, and it stops where curve and ledger disagree."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from trading.audit import canonical
from trading.errors import BadData
from trading.performance.closes import Close
from trading.performance.equity import equity_curve
from trading.performance.movement import Movement
from trading.performance.period import Period
from trading.reports.daily_performance import Day, document
from trading.timeframe import Timeframe

D = Decimal
START = datetime(2024, 3, 1, 20, tzinfo=UTC)
HOURLY = Timeframe.parse("1h")
PERIOD = Period(START, START, START + 4 * HOURLY.delta, HOURLY)
PRICES = {"A/Q": ("10", "11", "12", "11", "13"), "B/Q": ("5", "5", "5", "4", "4")}
HAPPENINGS: dict[str, list[dict[str, Any]]] = {
    "orders": [],
    "fills": [],
    "refusals": [{"by": "risk"}, {"by": "venue"}, {"by": "inbox"}],
    "signals": [],
    "models": [{"kind": "m", "scores": {"rmse_skill_vs_zero": -0.03}}],
    "versions": [],
}


def day(**changes: Any) -> Day:
    owners = (("s", "A/Q", "100"), ("t", "B/Q", "100"), ("treasury", "-", "0.01"))
    movements = [
        Movement(START, strategy, symbol, "book", D(0), D(paid), capital=D(paid)) for strategy, symbol, paid in owners
    ]
    bought = Movement(START, "s", "A/Q", "buy", D(4), D("-40.04"), D("0.04"), D("40.04"))
    sold = Movement(START + 2 * HOURLY.delta, "s", "A/Q", "sell", D("-3.9999"), D(48), D("0.05"), D("48.05"))
    movements += [bought, sold]
    closes = [
        Close(symbol, START + (n - 1) * HOURLY.delta, START + n * HOURLY.delta, D(price))
        for symbol, prices in PRICES.items()
        for n, price in enumerate(prices)
    ]
    curve = equity_curve(movements, closes, PERIOD.times, START)
    proof = {"journals": 5, "entries": 12, "differing_balances": 0, "sums": [{"currency": "Q", "total": D(0)}]}
    symbols = ("A/Q", "B/Q")
    facts = (movements, closes, curve, HAPPENINGS, {"closed_gates": []}, proof, {"q": "select 1"}, "0.1.0")
    return replace(Day("book", "2024-03-01", "v", "Q", symbols, PERIOD, False, *facts), **changes)


def test_the_parts_are_the_whole() -> None:
    told = document(day())
    head, total = told["headline"], told["total"]
    assert head["pnl"] == head["equity"] - D("200.01") == total["realised"] + total["unrealised"]
    for rows in (told["strategies"], told["by_symbol"]):
        assert sum(row["pnl"] for row in rows) == head["pnl"]
        assert sum(row["closing"] for row in rows) == head["equity"]
        assert rows[-1]["name"] == "not invested"
    assert head["fees"] == D("0.09")
    assert (head["denied"], head["rejected"]) == (2, 1)
    assert head["market_pct"] == D("0.05")
    assert told["ledger"]["imbalance"] == 0


def test_what_a_sale_leaves_over_is_no_position() -> None:
    (row,) = document(day())["positions"]
    assert (row["quantity"], row["remainder"]) == (D("0.0001"), True)


def test_it_says_nothing_about_ratios_of_four_bars() -> None:
    record = document(day())["record"]
    assert (record["bars"], record["least_bars"]) == (4, 730)
    assert (record["sharpe"], record["sortino"], record["profit_factor"]) == (None, None, None)
    assert (record["round_trips"], record["win_rate"]) == (1, 1)


def test_equal_facts_give_equal_text() -> None:
    assert canonical(document(day())) == canonical(document(day()))
    assert canonical(document(day())) != canonical(document(day(code_version="0.1.1")))


def test_a_curve_that_is_not_the_ledgers_stops_it() -> None:
    curve = day().curve
    for wrong in ([], curve[:-1], [*curve[:-1], replace(curve[-1], equity=curve[-1].equity + D("1e-18"))]):
        with pytest.raises(BadData, match="materialise portfolio/equity_curve for 2024-03-01 again"):
            document(day(curve=wrong))
