"""The page of a backtest: whole in itself, the same for the same facts, also where nothing happened; its CSVs exact."""

import csv
import io
import json
import re
from decimal import Decimal
from typing import Any

import pytest

from adapters import render
from tests.unit.trading.reports.made_backtest import made_backtest, never
from trading.audit import canonical, digest
from trading.backtest.result import Backtest
from trading.reports.tear_sheet import document


def told(backtest: Backtest) -> dict[str, Any]:
    plain = json.loads(canonical(document(backtest, {"code version": "<b>0.1.0</b>"})))
    return {**plain, "document_hash": digest(plain)}


@pytest.fixture(scope="module")
def made() -> dict[str, Any]:
    return told(made_backtest())


def test_the_page_is_whole_in_itself_and_the_same_for_the_same_facts(made: dict[str, Any]) -> None:
    page = render.backtest(made)
    assert page == render.backtest(told(made_backtest()))
    assert "&lt;b&gt;0.1.0" in page
    for stranger in ("http://", "https://", "<script", "@import", "url(", "<link", "<img", "<b>0.1.0"):
        assert stranger not in page


def test_every_part_has_its_place(made: dict[str, Any]) -> None:
    page = render.backtest(made)
    for part in (
        "Equity",
        "Returns by month",
        "Measures",
        "By strategy",
        "By symbol",
        "Costs",
        "Round trips",
        "Decisions",
    ):
        assert f"<h2>{part}</h2>" in page
    assert page.count('class="plot price"') == 2
    assert page.count('<svg class="plot line"') == 1
    assert page.count('class="mark ') == len(made["fills"])
    assert 'title="' + made["headline"]["equity"] + '"' in page
    assert "MIN_NOTIONAL" in page
    assert ">None<" not in page
    assert 'title="None"' not in page


def test_holding_is_drawn_beside_equity_and_drawdown(made: dict[str, Any]) -> None:
    page = render.backtest(made)
    # One in the legend.
    assert page.count('<path class="against"') == 3
    assert "equal parts of BTC/USDT, ETH/USDT, bought at the first close and kept to the last" in page


def test_the_largest_month_is_painted_most(made: dict[str, Any]) -> None:
    cells = re.findall(r'heat (?:up|down|flat)" title="([^"]+)" style="--heat: ([\d.]+)"', render.backtest(made))
    own = cells[: sum(month is not None for row in made["months"] for month in row["months"])]
    largest = max(own, key=lambda cell: abs(Decimal(cell[0])))
    assert largest[1] == "0.50"
    assert all(Decimal(heat) <= Decimal("0.5") for _, heat in own)


@pytest.mark.parametrize("bars", [0, 1, 300])
def test_a_backtest_that_did_nothing_has_a_page(bars: int) -> None:
    page = render.backtest(told(made_backtest(bars, {"never": never})))
    assert "None was closed" in page
    assert "The book never stood below its peak" in page
    assert "The venue refused no order" in page
    assert ("Too few bars to say" in page) is (bars < 183)
    assert ("there is no line to draw" in page) is (bars == 0)
    assert ">None<" not in page
    assert 'title="None"' not in page


def test_only_the_last_round_trips_are_shown_and_the_page_says_so(made: dict[str, Any]) -> None:
    trips = made["round_trips"]
    many = {**made, "round_trips": [{**trips[0], "strategy": "the_first"}, *trips * 4]}
    assert len(many["round_trips"]) > 200
    page = render.backtest(many)
    assert f"The last 200 of {len(many['round_trips'])}; all are in the CSV" in page
    assert "the first</td>" not in page
    assert len(list(csv.DictReader(io.StringIO(render.trades_csv(many))))) == len(many["round_trips"])


def test_trades_as_csv_keep_every_digit(made: dict[str, Any]) -> None:
    rows = list(csv.DictReader(io.StringIO(render.trades_csv(made))))
    assert [row["ref"] for row in rows] == [trip["ref"] for trip in made["round_trips"]]
    for row, trip in zip(rows, made["round_trips"], strict=True):
        assert row == {name: trip[name] for name in row}
    realised = sum(Decimal(row["proceeds"]) - Decimal(row["cost"]) for row in rows)
    assert realised == Decimal(made["costs"]["realised"])


def test_fills_as_csv_keep_every_digit(made: dict[str, Any]) -> None:
    rows = list(csv.DictReader(io.StringIO(render.fills_csv(made))))
    assert sum(Decimal(row["fee"]) for row in rows) == Decimal(made["headline"]["fees"])
    assert [row["trade_id"] for row in rows] == [fill["trade_id"] for fill in made["fills"]]


def test_a_csv_without_rows_has_its_header() -> None:
    empty = told(made_backtest(1, {"never": never}))
    assert render.trades_csv(empty) == "opened,closed,strategy,symbol,quantity,cost,proceeds,fees,pnl,pnl_pct,ref\n"
    assert render.fills_csv(empty).startswith("ts,strategy,symbol,")
