"""The form: which fact fills which field, what is refused by row and field, and that totals tie."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trading.compliance.regulatory import FieldMap, Total, Transaction, field_map, rows, tie, totals
from trading.errors import BadData, Misconfigured

ONE = Transaction(
    "OURS", "7", datetime(2026, 3, 1, 12, 0, 0, 5000, tzinfo=UTC), "binance", "local", "BTC/USDT", "BTC", "USDT",
    "BUY", Decimal("0.30"), Decimal("61234.570"), Decimal("0.0003"), "BTC", "991", "tw-x-a1", strategy="grid",
)  # fmt: skip


def form(*fields: dict[str, Any]) -> FieldMap:
    return field_map({"title": "t", "reporter": "r", "field": list(fields)}, "mine.toml")


def test_facts_constants_and_words() -> None:
    made = form(
        {"name": "Ref", "fact": "reference"},
        {"name": "At", "fact": "ts"},
        {"name": "Way", "fact": "side", "words": {"BUY": "B", "SELL": "S"}},
        {"name": "Qty", "fact": "quantity"},
        {"name": "Value", "fact": "value"},
        {"name": "Who", "constant": "me"},
        {"name": "Signal", "fact": "signal_id", "required": False},
    )
    assert rows([ONE], made) == [
        {
            "Ref": "binance:local:BTC/USDT:7",
            "At": "2026-03-01T12:00:00.005000Z",
            "Way": "B",
            "Qty": "0.3",
            "Value": "18370.371",
            "Who": "me",
        }
    ]


@pytest.mark.parametrize(
    ("rule", "change", "why"),
    [
        (
            {"name": "S", "fact": "signal_id"},
            {},
            r"row 2 \(binance:local:BTC/USDT:8\), field S: signal_id is not known",
        ),
        ({"name": "S", "fact": "strategy", "longest": 3}, {}, "row 1 .*, field S: 'grid' has 4 letters, 3 are allowed"),
        ({"name": "S", "fact": "strategy"}, {"strategy": "a\nb"}, "row 2 .* cannot be printed"),
    ],
)
def test_what_cannot_be_filled_names_row_and_field(rule: dict[str, Any], change: dict[str, Any], why: str) -> None:
    first = ONE if "longest" in rule else replace(ONE, signal_id="s")
    with pytest.raises(BadData, match=why):
        rows([first, replace(ONE, trade_id="8", **change)], form(rule))


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ([], "mine.toml: field"),
        ([{"name": "A"}], "mine.toml: field 1: .*either fact or constant"),
        ([{"name": "A", "fact": "side", "constant": "x"}], "field 1: .*either fact or constant"),
        ([{"name": "A", "fact": "mood"}], "field 1: .*fact mood is none of"),
        ([{"name": "1A", "fact": "side"}], "field 1 name"),
        ([{"name": "A", "fact": "side"}, {"name": "A", "fact": "ts"}], "field A is there twice"),
        ([{"name": "A", "fact": "side", "size": 3}], "field 1 size"),
    ],
)
def test_a_wrong_map_names_its_file_and_field(fields: list[dict[str, Any]], why: str) -> None:
    with pytest.raises(Misconfigured, match=why):
        form(*fields)


def test_totals_by_hand() -> None:
    sold = replace(ONE, trade_id="8", side="SELL", quantity=Decimal("0.1"), price=Decimal(60000))
    assert totals([ONE, sold, replace(ONE, trade_id="9")]) == [
        Total("BTC/USDT", "BUY", 2, Decimal("0.6"), Decimal("36740.742")),
        Total("BTC/USDT", "SELL", 1, Decimal("0.1"), Decimal(6000)),
    ]


def test_a_difference_of_one_unit_is_named() -> None:
    sums = totals([ONE])
    tie(sums, sums)
    with pytest.raises(
        BadData, match=r"BUY of BTC/USDT: the report says 1 x, quantity 0.3, .* the books 1 x, quantity 0.30000001"
    ):
        tie(sums, [replace(sums[0], quantity=Decimal("0.30000001"))])
    with pytest.raises(BadData, match="the report says nothing"):
        tie([], sums)


AMOUNTS = st.decimals("0.00000001", "100000", places=8)


@settings(max_examples=40, derandomize=True)
@given(st.lists(st.tuples(st.sampled_from(["BUY", "SELL"]), AMOUNTS, AMOUNTS), max_size=12))
def test_the_rows_as_text_add_up_to_the_totals(drawn: list[tuple[str, Decimal, Decimal]]) -> None:
    made = [
        replace(ONE, trade_id=str(number), side=side, quantity=quantity, price=price)
        for number, (side, quantity, price) in enumerate(drawn)
    ]
    written = rows(made, form(*({"name": name, "fact": name} for name in ("side", "quantity", "value"))))
    for one in totals(made):
        mine = [row for row in written if row["side"] == one.side]
        assert sum(Decimal(row["quantity"]) for row in mine) == one.quantity
        assert sum(Decimal(row["value"]) for row in mine) == one.value
