import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from adapters.evidence import court
from tests.unit.adapters.evidence.made import START, ms
from trading.errors import BadData
from trading.order import OrderState


def record(*events: dict[str, Any], accounts: tuple[str, ...] = ("main",)) -> list[dict[str, Any]]:
    opened = [{"event": "account", "account": name, "balances": {"USDT": "1000"}} for name in accounts]
    return [{"event": "open", "start": ms(START), "instruments": []}, *opened, *events]


def order(number: int, kind: str, quantity: str, *, immediate: bool = False) -> list[dict[str, Any]]:
    named = {"of": number, "account": "main", "symbol": "BTC/USDT", "client_id": f"tw-{number}-a1", "at": ms(START) + 1}
    placed = {"event": "place", "type": kind, "quantity": quantity, "immediate": immediate}
    return [placed | named, {"event": "accepted", "order_id": number} | named]


def fill(number: int, trade: int, quantity: str, side: str = "BUY") -> dict[str, Any]:
    names = {"account": "main", "symbol": "BTC/USDT", "client_id": f"tw-{number}-a1", "side": side}
    money = {"price": "100", "quantity": quantity, "fee": "0.01", "fee_currency": "BTC" if side == "BUY" else "USDT"}
    return {"event": "fill", "order_id": number, "trade_id": trade, "at": ms(START) + 2 + trade} | names | money


@pytest.mark.parametrize(
    ("kind", "immediate", "filled", "end"),
    [
        ("MARKET", False, "2", OrderState.FILLED),
        ("MARKET", False, "1", OrderState.EXPIRED),
        ("LIMIT", True, None, OrderState.EXPIRED),
        ("LIMIT", False, "1", None),
        ("STOP_LOSS", False, None, None),
        ("STOP_LOSS", False, "1", OrderState.EXPIRED),
    ],
)
def test_how_an_order_ended(kind: str, immediate: bool, filled: str | None, end: OrderState | None):
    fills = [fill(1, 1, filled)] if filled else []
    (found,) = court.of(record(*order(1, kind, "2", immediate=immediate), *fills), "main").orders
    assert (found.end, found.filled) == (end, Decimal(filled or 0))


def test_one_request_may_cancel_many():
    cancels = [
        event
        for number in (1, 2)
        for event in (
            {"event": "cancel", "of": 9, "order_id": number, "at": ms(START) + 50 + number},
            {"event": "canceled", "of": 9, "order_id": number},
        )
    ]
    found = court.of(record(*order(1, "LIMIT", "2"), *order(2, "LIMIT", "2"), *cancels), "main")
    assert [one.end for one in found.orders] == [OrderState.CANCELED] * 2
    assert [ms(one.ended_at) - ms(START) for one in found.orders] == [51, 52]
    assert ms(found.until) - ms(START) == 52


def test_balances_follow_from_deposits_and_fills():
    events = [*order(1, "MARKET", "2"), fill(1, 1, "2"), *order(2, "MARKET", "1.99"), fill(2, 2, "1.99", "SELL")]
    assert court.of(record(*events), "main").balances() == {"USDT": Decimal("998.99")}


def test_the_account_is_the_books_or_the_only_one(tmp_path: Path):
    path = tmp_path / "record"
    for accounts, name in ((("main",), "main"), (("main", "book"), "book")):
        path.write_text("".join(json.dumps(event) + "\n" for event in record(accounts=accounts)))
        assert court.read(path, "book").account == name
    path.write_text("".join(json.dumps(event) + "\n" for event in record(accounts=("one", "two"))))
    with pytest.raises(BadData, match="none of them is book"):
        court.read(path, "book")
