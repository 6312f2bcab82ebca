"""The risk report on a tiny book: parts add up, what is not known says why, and it stops where the ledger differs."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal, localcontext
from itertools import pairwise
from typing import Any

import pytest

from trading.audit import canonical, plain
from trading.errors import BadData
from trading.limits import Limits
from trading.money import CONTEXT
from trading.order_book import Level, OrderBook
from trading.performance.closes import Close
from trading.performance.equity import equity_curve
from trading.performance.movement import Movement
from trading.performance.period import Period
from trading.reports.risk_report import Facts, document
from trading.timeframe import Timeframe

D = Decimal
DAILY = Timeframe.parse("1d")
DAY = timedelta(days=1)
START = datetime(2024, 3, 1, tzinfo=UTC)
#: Days before and within the life of the book.
BEFORE, WITHIN = 120, 5
END = START + WITHIN * DAY
SYMBOLS = ("A/Q", "B/Q")


def price(symbol: str, day: int) -> Decimal:
    """A rises and falls in a wave of seven days, B in one of five; both sink by a third in one day long ago."""
    wave, length = (day % 7, 7) if symbol == "A/Q" else (day % 5, 5)
    level = D(100) + D(2 * min(wave, length - wave))
    return level * D("1.5") if day < -60 else level


def facts(**changes: Any) -> Facts:
    owners = (("s", "A/Q", "600"), ("s", "B/Q", "300"), ("t", "A/Q", "100"), ("treasury", "-", "0.01"))
    movements = [
        Movement(START, strategy, symbol, "book", D(0), D(paid), capital=D(paid)) for strategy, symbol, paid in owners
    ]
    for strategy, symbol, quantity in (("s", "A/Q", "3"), ("s", "B/Q", "2"), ("t", "A/Q", "0.5")):
        paid = price(symbol, 0) * D(quantity)
        movements.append(Movement(START + timedelta(hours=1), strategy, symbol, "buy", D(quantity), -paid, D(0), paid))
    past = [
        Close(symbol, START + (n - 1) * DAY, START + n * DAY, price(symbol, n))
        for symbol in SYMBOLS
        for n in range(-BEFORE, WITHIN + 1)
    ]
    period = Period(START, END - DAY, END, DAILY)
    life = Period(START, START, END, DAILY)
    curve = equity_curve(movements, past, life.times, START)
    volumes = {"A/Q": [D(100)] * 10, "B/Q": [D(100)] * 6}
    books = {"A/Q": OrderBook("A/Q", (Level(D(99), D(10)),), (Level(D(101), D(10)),), 1, END)}
    known = (movements, past, curve, past, volumes, books, 1, Limits(), {("s", "A/Q"): D(1000)}, D(300))
    return replace(
        Facts("book", "2024-03-05", "v", "Q", SYMBOLS, period, True, *known, True, {"q": "select 1"}, "0.1.0"),
        **changes,
    )


def test_components_add_up_to_the_line_below_to_the_last_digit() -> None:
    parts = document(facts())["parts"]
    assert parts["total"]["component"].keys() == {
        "value_at_risk_95", "value_at_risk_99", "expected_shortfall_95", "expected_shortfall_99",
    }  # fmt: skip
    with localcontext(CONTEXT):
        for name, total in parts["total"]["component"].items():
            for rows in (parts["sub_accounts"], parts["by_strategy"], parts["by_symbol"]):
                assert sum(row["component"][name] for row in rows) == total
        for rows in (parts["sub_accounts"], parts["by_strategy"], parts["by_symbol"]):
            assert sum(row["value"] for row in rows) == parts["total"]["value"]
    told = {(row["method"], row["level"], row["days"]): row for row in document(facts())["value_at_risk"]}
    assert parts["total"]["component"]["value_at_risk_95"] == pytest.approx(
        told["normal", D("0.95"), 1]["value_at_risk"], abs=D("1e-6")
    )
    assert parts["total"]["component"]["expected_shortfall_99"] == pytest.approx(
        told["historical", D("0.99"), 1]["expected_shortfall"], abs=D("1e-6")
    )


def test_the_crash_of_its_own_history_is_the_worst_day() -> None:
    told = document(facts())
    worst = {row["name"]: row for row in told["stress"]["historical"]}["worst day of A/Q"]
    a, b = (float(price(s, -60) / price(s, -61) - 1) for s in SYMBOLS)
    assert {name: float(move) for name, move in worst["moves"].items()} == pytest.approx({"A/Q": a, "B/Q": b})
    values = {row["name"]: float(row["value"]) for row in told["parts"]["by_symbol"]}
    assert float(worst["profit"]) == pytest.approx(a * values["A/Q"] + b * values["B/Q"])
    assert worst["last"] == START - 60 * DAY
    assert told["headline"]["worst_scenario"]["name"] == "all prices \u221250%"
    assert told["stress"]["hypothetical"][0]["name"] == "all prices \u221250%"


def test_numbers_by_hand() -> None:
    told = document(facts())
    a, b = price("A/Q", WITHIN), price("B/Q", WITHIN)
    cash = D("1000.01") - 5 * 100 - 50
    equity = cash + D("3.5") * a + 2 * b
    assert told["headline"]["equity"] == equity
    assert told["exposure"]["cash"] == cash
    assert told["exposure"]["gross"] == told["exposure"]["net"] == D("3.5") * a + 2 * b
    share = D("3.5") * a / (D("3.5") * a + 2 * b)
    assert float(told["concentration"]["by_symbol"]["herfindahl"]) == pytest.approx(float(share**2 + (1 - share) ** 2))
    by_symbol = {row["symbol"]: row for row in told["liquidity"]}
    assert by_symbol["A/Q"]["days"] == D("0.35")
    assert by_symbol["A/Q"]["cost"] == D("0.01")
    assert (by_symbol["B/Q"]["days"], by_symbol["B/Q"]["why"]) == (None, "6 of at least 7 whole days of volume")
    assert by_symbol["B/Q"]["cost"] is None
    assert told["headline"]["days_to_liquidate"] is None
    limits = {row["name"]: row for row in told["limits"]["rows"]}
    assert limits["max_order_value"]["room"] == 50_000 - 300
    assert float(limits["max_drawdown"]["use"]) == pytest.approx(1 - float(300 + 3 * a) / 1000)
    assert float(limits["max_position"]["use"]) == pytest.approx(float(2 * b / (100 + 2 * b)))
    backtest = told["backtest"][0]
    assert backtest["days"] == len(backtest["points"]) == WITHIN - 1
    assert backtest["why"] == "4 of at least 100 days"
    results = [point["result"] for point in backtest["points"]]
    curve = [point.pnl for point in facts().curve]
    assert results == [after - before for before, after in pairwise(curve[1:])]


def test_little_history_is_said_not_made_up() -> None:
    short = [close for close in facts().past if close.ts >= END - 20 * DAY]
    told = document(facts(past=short))
    assert all(row["value_at_risk"] is None and row["why"] for row in told["value_at_risk"])
    assert told["headline"]["why_95"] == "19 of at least 30 days"
    assert told["parts"]["total"]["component"] is None
    assert told["correlation"]["matrix"] is None
    assert {row["name"]: row["why"] for row in told["limits"]["rows"]}["target_volatility"]
    forty = [close for close in facts().past if close.ts >= END - 41 * DAY]
    some = document(facts(past=forty))
    assert some["headline"]["value_at_risk_95"] is not None
    assert some["headline"]["value_at_risk_99"] is None
    assert "expected_shortfall_99" not in some["parts"]["total"]["component"]
    none = document(facts(past=[], peaks=None, largest_order=None, volumes={}, books={}))
    assert none["history"]["used"] == 0
    assert none["limits"]["rows"][3]["why"].startswith("the peaks")


def test_a_book_of_cash_risks_nothing() -> None:
    still = [move for move in facts().movements if move.capital]
    curve = equity_curve(still, facts().closes, Period(START, START, END, DAILY).times, START)
    told = document(facts(movements=still, curve=curve))
    assert told["parts"]["by_symbol"] == told["liquidity"] == told["stress"]["hypothetical"] == []
    assert told["concentration"] == {"by_symbol": None, "by_strategy": None}
    assert told["headline"]["value_at_risk_95"] == 0
    assert {row["profit"] for row in told["stress"]["historical"]} == {0}


def test_the_document_is_canonical_and_its_data_have_versions() -> None:
    first = document(facts())
    assert canonical(first) == canonical(document(facts()))
    assert plain(first)["data"]["closes of past days"]["rows"] == 2 * (BEFORE + WITHIN + 1)
    revised = [replace(facts().past[0], price=D("151")), *facts().past[1:]]
    changed = document(facts(past=revised))["data"]
    assert [name for name, row in changed.items() if row != first["data"][name]] == ["closes of past days"]


def test_a_generated_market_has_no_days_that_anyone_remembers() -> None:
    ftx = datetime(2022, 11, 9, tzinfo=UTC)
    old = [Close(symbol, ftx + n * DAY, END, D(100 + abs(n))) for symbol in SYMBOLS for n in range(-9, 2)]
    told = document(facts(past=[*old, *facts().past]))
    assert [row["name"] for row in told["stress"]["remembered"]] == ["collapse of FTX"]
    assert document(facts(past=[*old, *facts().past], real=False))["stress"]["remembered"] == []


def test_it_stops_where_curve_and_ledger_differ() -> None:
    with pytest.raises(BadData, match=r"materialise portfolio/equity_curve for 2024-03-05 again"):
        document(facts(curve=facts().curve[:-1]))
    *others, last = facts().curve
    for wrong in (replace(last, equity=last.equity + 1), replace(last, ts=last.ts - DAY)):
        with pytest.raises(BadData, match=r"materialise portfolio/equity_curve"):
            document(facts(curve=[*others, wrong]))
    with pytest.raises(BadData, match="says nothing"):
        document(facts(curve=[]))
