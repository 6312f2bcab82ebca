"""reports/attribution on a book that traded: it ties to the ledger and the daily report, or it is not written."""

import json
from decimal import Decimal, localcontext
from pathlib import Path
from typing import Any

import pytest

from adapters.store.database import Database
from assets.reports.attribution import attribution
from tests.integration.assets.journaled_book import STOP, TRIGGER, materialise, rows, tell
from tests.integration.assets.traded_book import BOOK, DAYS
from trading.audit import digest
from trading.errors import BadData
from trading.money import CONTEXT
from trading.performance.pnl_parts import NAMES

pytestmark = [
    # Dagster calls what pydantic has deprecated.
    pytest.mark.filterwarnings("ignore::DeprecationWarning:dagster.*"),
]


def filed(folder: Path, name: str) -> Any:
    return json.loads((folder / "reports" / BOOK / f"{name}.json").read_text())


def test_causes_are_the_profit_of_the_daily_report_to_the_last_digit(book: Database, tmp_path: Path) -> None:
    tell(book)
    written = {day: materialise(day) for day in DAYS}
    for day in DAYS:
        told, daily = filed(tmp_path, f"attribution-{day}"), filed(tmp_path, day)
        with localcontext(CONTEXT):
            for span, name in (("day", "pnl"), ("since_start", "pnl_since_start")):
                parts = told["total"][span]
                assert sum(Decimal(parts[cause]) for cause in NAMES) == Decimal(parts["total"])
                assert parts["total"] == daily["headline"][name] == told["proof"]["ledger_profit"][span]
            assert -Decimal(told["total"]["day"]["fee"]) == Decimal(daily["headline"]["fees"])
        assert told["proof"]["largest_residual"] == "0"
        assert written[day]["attribution"]["profit"] == pytest.approx(float(daily["headline"]["pnl"]))
    last = filed(tmp_path, f"attribution-{DAYS[-1]}")
    assert {row["name"] for row in last["by_regime"]} == {"calm", "no label"}
    assert rows(book, "select count(*) as n from reports.attribution") == [{"n": 2}]


def test_what_the_signal_asked_for_and_what_was_held_instead(book: Database, tmp_path: Path) -> None:
    tell(book)
    materialise(DAYS[0], attribution)
    told = filed(tmp_path, f"attribution-{DAYS[0]}")
    (found,) = [row["day"] for row in told["by_account"] if row["symbol"] == "ETH/USDT"]
    (row,) = rows(
        book, "select close from market.candles where symbol = 'ETH/USDT' and ts = '2024-03-01T23:00:00+00:00'"
    )
    moved = Decimal(repr(row["close"])) - 3209
    # Half of the 50,000.00 of the sub-account at 3209; bought were 3.33, of which the fee took a thousandth.
    (funded,) = rows(
        book,
        "select -amount as amount from trading.ledger_entries where account = 'capital' and symbol = 'ETH/USDT'",
    )
    bought = Decimal("3.3333333333")
    asked = funded["amount"] / 2 / 3209 * moved
    held = bought * moved - bought / 1000 * (moved + 3209 - Decimal("3210.0123456789"))
    assert abs(Decimal(found["signal"]) - asked) < Decimal("1e-6")
    assert abs(Decimal(found["sizing"]) - (held - asked)) < Decimal("1e-6")


def test_the_view_says_what_each_fill_cost(book: Database) -> None:
    tell(book)
    found = {row["signal_id"]: row for row in rows(book, "select * from analytics.fill_costs")}
    first, stop = found["signal-1"], found[f"signal-{STOP}"]
    # Decided at 61234.57, wanted at 61230.5, bought for 61234.57.
    assert (first["timing"], first["slippage"]) == (Decimal("0.3") * Decimal("-4.07"), 0)
    assert (first["fee_rate"], first["regime"], first["named"]) == (Decimal("61234.57"), "calm", False)
    assert (stop["signal_price"], stop["arrival_price"], stop["named"]) == (TRIGGER, TRIGGER, True)
    assert (stop["timing"], stop["slippage"]) == (0, Decimal("-0.19") * Decimal("0.63"))
    assert (stop["quantity"], stop["fee_rate"], stop["regime"]) == (Decimal("-0.19"), 1, None)


def test_a_second_time_changes_nothing_and_queries_answer(book: Database, tmp_path: Path) -> None:
    tell(book)
    materialise(DAYS[0], attribution)
    folder = tmp_path / "reports" / BOOK
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert sorted(before) == [f"attribution-{DAYS[0]}.{kind}" for kind in ("csv", "html", "json")]
    assert materialise(DAYS[0], attribution)["attribution"]["new version"] is False
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    told = filed(tmp_path, f"attribution-{DAYS[0]}")
    (row,) = rows(book, "select document, document_hash, path from reports.attribution")
    assert row["document"] == told
    assert row["document_hash"] == digest(told)
    answers = {question: rows(book, query) for question, query in told["queries"].items()}
    sums = answers["timing, slippage and fees of the day, by sub-account"]
    for name in ("timing", "slippage", "fee"):
        assert sum(one[name] for one in sums) == Decimal(told["total"]["day"][name])
    assert len(answers["each fill with its prices and costs"]) == len(told["fills"]) == 3


def test_a_fee_in_a_third_currency_counts_at_its_close_or_stops_the_report(book: Database, tmp_path: Path) -> None:
    tell(book)
    with book.transaction() as connection:
        connection.execute("alter table trading.fills disable trigger all")
        connection.execute("alter table trading.ledger_entries disable trigger all")
        connection.execute(
            "update trading.fills set fee = 0.01, fee_currency = 'BNB' where client_id = (select client_id"
            " from trading.orders where signal_id = 'signal-3')"
        )
        connection.execute(
            "update trading.ledger_entries set currency = 'BNB', amount = sign(amount) * 0.01 where journal_id ="
            " (select journal_id from trading.journals inner join trading.orders on ref = client_id"
            "  where signal_id = 'signal-3' and kind = 'FILL') and line in (4, 5)"
        )
    with pytest.raises(BadData, match=r"paid its fee in BNB, and no close of BNB/USDT .*`tradewind data backfill`"):
        materialise(DAYS[0], attribution)
    with book.transaction() as connection:
        connection.execute(
            "insert into market.candles select venue, 'BNB/USDT', timeframe, ts, knowledge_ts, 300, 300, 300, 300, 1,"
            " run_id, code_version from market.candles where symbol = 'ETH/USDT'"
        )
    materialise(DAYS[0], attribution)
    told = filed(tmp_path, f"attribution-{DAYS[0]}")
    (fill,) = [row for row in told["fills"] if row["fee_currency"] == "BNB"]
    assert (fill["fee_quote"], told["proof"]["largest_residual"]) == ("3", "0")


def test_what_does_not_tie_is_not_written(book: Database, tmp_path: Path) -> None:
    tell(book)
    with book.transaction() as connection:
        connection.execute("alter table trading.fills disable trigger all")
        connection.execute("update trading.fills set price = price + 1 where side = 'SELL'")
    with pytest.raises(BadData, match=r"mean_reversion BTC/USDT: .* no cause.*`tradewind verify` says where"):
        materialise(DAYS[0], attribution)
    assert not (tmp_path / "reports").exists()
    assert rows(book, "select count(*) as n from reports.attribution") == [{"n": 0}]


def test_a_day_before_the_book_and_a_day_without_trades(book: Database, tmp_path: Path) -> None:
    assert materialise("2024-02-20", attribution)["attribution"]["dagster/row_count"] == 0
    assert materialise(DAYS[1], attribution)["attribution"]["profit"] == 0.0
    page = (tmp_path / "reports" / BOOK / f"attribution-{DAYS[1]}.html").read_text()
    assert "Nothing was traded in this period" in page
