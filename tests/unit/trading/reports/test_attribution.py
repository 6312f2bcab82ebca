"""The document of an attribution: its tables add up to the book, costs are fractions of what was traded."""

import json
from decimal import Decimal
from typing import Any

from tests.unit.trading.performance.attributed_histories import BARS, Maker
from tests.unit.trading.performance.test_pnl_attribution import period
from trading.audit import canonical
from trading.performance.pnl_attribution import attribution
from trading.performance.pnl_parts import NAMES
from trading.reports.attribution import NO_LABEL, Day, document


def told(chosen: int = 7, opens: int = 20) -> dict[str, Any]:
    """Return the document of the second half of a made history, as it is filed."""
    history, span = Maker(chosen).history(), period(opens, BARS)
    fills = [
        {
            "book": "b",
            "ts": one.at,
            "strategy": one.owner[0],
            "symbol": one.owner[1],
            "leg": "entry",
            "named": one.named,
            "quantity": one.quantity,
            "price": one.price,
            "signal_price": one.signal_price,
            "arrival_price": one.arrival_price,
            "timing": one.quantity * (one.signal_price - one.arrival_price),
            "slippage": one.quantity * (one.arrival_price - one.price),
            "fee": one.fee,
            "fee_currency": one.fee_currency,
            "fee_rate": one.fee_rate,
            "regime": one.regime,
            "trade_id": "1",
            "client_id": "c",
            "signal_id": "s",
        }
        for one in sorted(history.executions, key=lambda one: one.at)
        if one.at <= span.closes
    ]
    found = attribution(history, span)
    day = Day("b", "2024-03-02", "v", "Q", ["A/Q", "B/Q"], span, found, fills, {"a <question>": "select 1"}, "0")
    return json.loads(canonical(document(day)))


def test_every_table_adds_up_to_the_book() -> None:
    found = told()
    for table in ("by_strategy", "by_symbol", "by_regime", "by_account"):
        for span in ("day", "since_start"):
            for name in (*NAMES, "total"):
                whole = sum(Decimal(row[span][name]) for row in found[table])
                assert abs(whole - Decimal(found["total"][span][name])) < Decimal("1e-15")
    assert NO_LABEL in {row["name"] for row in found["by_regime"]}
    assert found["proof"]["largest_residual"] == "0"
    assert found["proof"]["ledger_profit"]["day"] == found["total"]["day"]["total"]
    assert {(row["strategy"], row["symbol"]) for row in found["by_account"]} >= {("trend", "A/Q"), ("foreign", "A/Q")}


def test_fills_of_the_period_alone_and_their_sums_are_the_parts() -> None:
    found = told()
    assert all(row["ts"] > found["period"]["opens"] for row in found["fills"])
    for name, sign in (("timing", 1), ("slippage", 1), ("fee_quote", -1)):
        whole = sign * sum(Decimal(row[name]) for row in found["fills"])
        part = Decimal(found["total"]["day"][name.removesuffix("_quote")])
        assert abs(whole - part) < Decimal("1e-9")
    traded = sum(abs(Decimal(row["quantity"])) * Decimal(row["price"]) for row in found["fills"])
    assert abs(Decimal(found["traded"]["day"]) - traded) < Decimal("1e-9")
    fee = Decimal(found["total"]["day"]["fee"]) / traded
    assert abs(Decimal(found["of_traded"]["day"]["fee"]) - fee) < Decimal("1e-9")


def test_the_same_facts_are_the_same_document() -> None:
    assert told() == told()
