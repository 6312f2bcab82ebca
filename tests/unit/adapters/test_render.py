"""The page of a report: escaped, whole in itself, numbers signed and exact."""

import csv
import io
import json
from typing import Any

import pytest

from adapters import render
from tests.unit.trading.reports.test_daily_performance import HAPPENINGS, day
from trading.audit import canonical
from trading.reports.daily_performance import document

ORDER: dict[str, Any] = {
    "created_at": "2024-03-01T20:00:00+00:00",
    "strategy": "s",
    "symbol": "A/Q",
    "side": "BUY",
    "type": "MARKET",
    "leg": "entry",
    "quantity": "4",
    "stop_price": None,
    "filled": "4",
    "average_price": "10.01",
    "state": "FILLED",
    "signal_reason": "<b>up</b>",
    "exposure": "0.5",
    "decided_because": "signal",
    "decision_reason": "volatility_target",
    "outcome_code": None,
    "outcome_detail": None,
}
FILL = {
    "ts": "2024-03-01T20:00:00.250000+00:00",
    "strategy": "s",
    "symbol": "A/Q",
    "leg": "entry",
    "side": "BUY",
    "quantity": "4",
    "price": "10.01",
    "value": "40.04",
    "fee": "0.04",
    "fee_currency": "Q",
    "trade_id": "7",
    "venue_order_id": "8",
    "client_id": "c",
}
MODEL: dict[str, Any] = {
    **HAPPENINGS["models"][0],
    "trained_from": "2024-01-01T00:00:00+00:00",
    "trained_to": "2024-02-01T00:00:00+00:00",
    "features": 3,
    "signals": 2,
    "model_id": "abc",
    "data_hash": "def",
    "seed": 7,
}


@pytest.fixture
def told() -> dict[str, Any]:
    happened = {**HAPPENINGS, "orders": [ORDER], "fills": [FILL], "refusals": [], "models": [MODEL]}
    quality: dict[str, Any] = {"closed_gates": [], "findings": [], "quarantined": []}
    plain = json.loads(canonical(document(day(happenings=happened, quality=quality))))
    return {**plain, "document_hash": "f" * 64}


def test_the_page_is_whole_in_itself_and_escapes_what_it_is_given(told: dict[str, Any]) -> None:
    page = render.daily_performance(told)
    assert page == render.daily_performance(told)
    assert "&lt;b&gt;up&lt;/b&gt;" in page
    assert "<b>up" not in page
    for stranger in ("http://", "https://", "<script", "@import", "url("):
        assert stranger not in page


def test_a_number_shows_its_sign_and_keeps_all_its_digits(told: dict[str, Any]) -> None:
    told["headline"] |= {"pnl": "-12345.678901234567890123", "drawdown": "-0.000001"}
    page = render.daily_performance(told)
    assert 'class="down" title="-12345.678901234567890123"' in page
    assert "\u221212,345.68" in page
    assert "\u25bc" in page
    assert "at its highest value" in page


def test_a_book_kept_in_a_coin_shows_its_digits(told: dict[str, Any]) -> None:
    told["headline"] |= {"equity": "1.23456789"}
    assert ">1.23456789<" in render.daily_performance(told)


def test_a_book_that_did_nothing_has_a_page(told: dict[str, Any]) -> None:
    empty = {"orders": [], "fills": [], "signals": [], "models": [], "round_trips": [], "positions": [], "curve": []}
    page = render.daily_performance({**told, **empty, "prices": {}})
    assert "No order was sent" in page
    assert "there is no line to draw yet" in page


def test_closed_gates_and_an_imbalance_are_told_aloud(told: dict[str, Any]) -> None:
    gate = {"symbol": "A/Q", "check_name": "stale_bars", "detail": "late", "at": "2024-03-01T20:00:00+00:00"}
    told["quality"]["closed_gates"] = [gate]
    told["ledger"]["imbalance"] = "0.01"
    page = render.daily_performance(told)
    assert "A/Q: stale bars, late" in page
    assert "The books do not balance" in page


def test_fills_as_csv_keep_every_digit(told: dict[str, Any]) -> None:
    (row,) = csv.DictReader(io.StringIO(render.fills_csv(told)))
    assert row == FILL
