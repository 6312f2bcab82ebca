"""Every statement of docs/queries.md answers the analyst, with rows of a book that has something behind each view."""

import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest

from adapters.store import analysts, answers
from adapters.store.database import Database
from tests.integration.adapters.store.analyst_login import login
from tests.integration.assets.analysed_book import CURVE, TRADES, open_and_trade

PAGE = (Path(__file__).parents[3] / "docs" / "queries.md").read_text()
SECTIONS = (section.partition("\n") for section in PAGE.split("\n## ")[1:])
QUESTIONS = {
    title: found[1] for title, _, text in SECTIONS if (found := re.search(r"```sql\n(.*?)```", text, re.DOTALL))
}


@pytest.fixture
def analyst(database: str, tmp_path: Path) -> Any:
    with Database(database) as book:
        open_and_trade(book)
    with analysts.connect(login(database, tmp_path)) as connection:
        yield connection


def asked(connection: psycopg.Connection[Any], question: str) -> list[dict[str, Any]]:
    answer = answers.ask(connection, QUESTIONS[question], None)
    return [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]


def test_there_are_ten_questions_or_more() -> None:
    assert len(QUESTIONS) == PAGE.count("```sql") >= 10


def test_each_answers_with_rows(analyst: psycopg.Connection[Any]) -> None:
    assert {question: len(asked(analyst, question)) > 0 for question in QUESTIONS} == dict.fromkeys(QUESTIONS, True)


def test_what_they_say_is_so(analyst: psycopg.Connection[Any]) -> None:
    (profit,) = asked(analyst, "Profit by strategy")
    spent = sum(
        Decimal(quantity) * Decimal(price) * (1 if side.value == "BUY" else Decimal("-0.999"))
        for _, _, _, side, quantity, price in TRADES
    )
    assert profit["pnl"] == Decimal("15000") + Decimal("10700.5") - spent
    (denied,) = asked(analyst, "Denied signals by reason")
    assert (denied["signals"], denied["reason"]) == (1, "gate_closed:stale_bars nothing for two hours")
    (gate,) = asked(analyst, "Closed gates, and for how long")
    # Two hours, and from ten hours after the start to the close of the last bar, 28 hours after it, 13 before.
    assert (gate["times"], gate["still_closed"], gate["closed_for"]) == (2, True, "20:00:00")
    days = asked(analyst, "Equity and drawdown by day")
    assert [row["equity"] for row in days] == [Decimal(CURVE[0][3]), Decimal(CURVE[2][3])]
    assert days[1]["worst_drawdown"] == pytest.approx(Decimal("99000.5") / 101000 - 1)
    assert {row["verdict"] for row in asked(analyst, "Signals that led to no order")} == {"DENIED", None}
    fees = {row["symbol"]: row["fee_bps"] for row in asked(analyst, "Fees by symbol")}
    assert fees == {"BTC/USDT": 10, "ETH/USDT": 10}
    assert {row["gap"] for row in asked(analyst, "Orders whose passport has gaps")} >= {"model_id", "feature_hash"}
    news = asked(analyst, "News behind a day")
    assert {row["title"] for row in news if row["title"]} == {"Bitcoin falls, corrected", "BTC drops"}
