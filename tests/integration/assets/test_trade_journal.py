"""reports/trade_journal and its view tell the same round trips, each with what was known when it was begun."""

import json
import random
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest

from adapters.store import portfolio
from adapters.store import trade_journal as stored
from adapters.store.database import Database
from assets.reports.trade_journal import trade_journal
from tests.integration.assets.journaled_book import TRADES, materialise, rows, tell
from tests.integration.assets.traded_book import BOOK, DAYS, HOUR, START, SYMBOLS, VENUE, trade
from trading.audit import digest
from trading.errors import BadData
from trading.order import Side
from trading.performance.closes import known_at
from trading.performance.trade_journal import entries

pytestmark = [
    # Dagster calls what pydantic has deprecated.
    pytest.mark.filterwarnings("ignore::DeprecationWarning:dagster.*"),
]
SAME = ("quantity", "entry_price", "exit_price", "cost", "worth", "fees", "pnl", "pnl_fraction", "mae", "mfe")
VIEW = "select * from analytics.trade_journal order by closed_at, strategy, symbol"


def filed(folder: Path, day: str) -> Any:
    return json.loads((folder / "reports" / BOOK / f"trade-journal-{day}.json").read_text())


def test_the_document_the_view_and_the_daily_report_agree(book: Database, tmp_path: Path) -> None:
    tell(book)
    for day in DAYS:
        materialise(day)
    told = {day: filed(tmp_path, day) for day in DAYS}
    listed = [*told[DAYS[0]]["closed"], *told[DAYS[1]]["closed"], *told[DAYS[1]]["open"]]
    viewed = rows(book, VIEW)
    assert [(row["exit_order"], row["entry_order"]) for row in listed] == [
        (row["exit_order"], row["entry_order"]) for row in viewed
    ]
    for one, other in zip(listed, viewed, strict=True):
        for name in SAME:
            if one[name] is None:
                assert other[name] is None
            else:
                assert abs(Decimal(one[name]) - other[name]) < Decimal("1e-9"), name
        assert (one["fills"], one["side"], one["features"]) == (
            other["fills"], other["side"], other["features"] and {
                name: None if value is None else repr(value) for name, value in other["features"].items()
            },
        )  # fmt: skip
    daily = json.loads((tmp_path / "reports" / BOOK / f"{DAYS[1]}.json").read_text())["round_trips"]
    assert [row["pnl"] for row in daily] == [row["pnl"] for row in told[DAYS[1]]["closed"]]


def test_view_and_document_agree_on_any_history(book: Database) -> None:
    draw, held = random.Random(55), Decimal(0)
    for number in range(1, 31):
        quantity = Decimal(draw.randint(1, 300)) / 1000
        buys = held < quantity or draw.random() < 0.6
        # Buyers pay a thousandth in base.
        held += quantity * Decimal("0.999") if buys else -quantity
        side, price = (Side.BUY if buys else Side.SELL), str(60000 + draw.randint(-500, 500))
        trade(book, number, START + number * HOUR / 2, "BTC/USDT", side, str(quantity), price, f"reason {number}")
    until = START + 28 * HOUR
    with book.transaction() as connection:
        moved = portfolio.movements(connection, BOOK, until)
        closes = portfolio.closes(connection, VENUE, SYMBOLS, "1h", until, until)
    (prices,) = known_at(closes, [until])
    by_order = {one.exit_order: one for one in entries(moved, prices)}
    viewed = rows(book, VIEW)
    assert len(viewed) == len(by_order) > 5
    assert any(len(row["entry_orders"]) > 2 for row in viewed)
    for row in viewed:
        one = by_order[row["exit_order"]]
        assert (row["entry_order"], row["opened_at"], row["closed_at"]) == (one.entry_order, one.opened, one.closed)
        assert (tuple(row["entry_orders"]), row["quantity"], row["fills"]) == (
            one.entry_orders, one.quantity, one.fills,
        )  # fmt: skip
        for mine, theirs in ((one.cost, "cost"), (one.worth, "worth"), (one.fees, "fees"), (one.pnl, "pnl")):
            assert abs(mine - row[theirs]) < Decimal("1e-9")


def test_an_entry_knows_what_its_signal_knew(book: Database, tmp_path: Path) -> None:
    tell(book)
    materialise(DAYS[1], trade_journal)
    (row,) = filed(tmp_path, DAYS[1])["closed"]
    assert (row["signal_reason"], row["exposure"], row["regime"]) == ("reason <1>", "0.5", "calm")
    assert (row["expected_return"], row["forecast_sigma"], row["features"]["rsi_14"]) == ("0.002", "0.01", "23.5")
    assert (row["verdict"], row["decision_reason"], row["limits_version"]) == ("TRADE", "volatility_target", 1)
    assert (row["exit_leg"], row["exit_signal_reason"], row["exit_decided_because"]) == (
        "stop", "reason <4>", "signal",
    )  # fmt: skip
    page = (tmp_path / "reports" / BOOK / f"trade-journal-{DAYS[1]}.html").read_text()
    assert "reason &lt;1&gt;" in page
    assert f"tradewind passport {row['entry_order']}" in page


def test_excursions_are_those_of_the_bars_as_known_at_the_close(book: Database, tmp_path: Path) -> None:
    tell(book)
    closed = START + TRADES[3][1]
    bars = rows(
        book,
        "select ts, low, high from market.candles where symbol = 'BTC/USDT'"
        f" and ts >= '{START}' and ts + interval '1 hour' <= '{closed}' order by ts",
    )
    assert len(bars) == 9
    entry, exit_, sold = Decimal("61234.57"), Decimal("60999.37"), Decimal("0.19")
    lows, highs = ([Decimal(repr(row[name])) for row in bars] for name in ("low", "high"))
    with book.transaction() as connection:
        for known, low in ((closed + HOUR, 1), (closed - timedelta(minutes=1), None)):
            connection.execute(
                "insert into market.candles select venue, symbol, timeframe, ts, %s, open, high, coalesce(%s, low),"
                " close, volume, 'later', code_version from market.candles where symbol = 'BTC/USDT' and ts = %s"
                " and run_id <> 'later'",
                (known, low, START),
            )
    materialise(DAYS[1], trade_journal)
    (row,) = filed(tmp_path, DAYS[1])["closed"]
    assert Decimal(row["mae"]) == (min([entry, exit_, *lows]) - entry) * sold
    assert Decimal(row["mfe"]) == (max([entry, *highs]) - entry) * sold
    assert abs(rows(book, VIEW)[1]["mae"] - Decimal(row["mae"])) < Decimal("1e-9")


def test_the_journal_of_a_day_that_is_over_does_not_change_but_by_notes(book: Database, tmp_path: Path) -> None:
    tell(book)
    materialise(DAYS[0], trade_journal)
    folder = tmp_path / "reports" / BOOK
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert materialise(DAYS[0], trade_journal)["trade_journal"]["new version"] is False
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    # What is closed on the second day was held at the end of the first.
    first = filed(tmp_path, DAYS[0])
    assert {(row["symbol"], row["quantity"]) for row in first["open"]} == {
        ("BTC/USDT", "0.1997"), ("ETH/USDT", "3.3299999999667"),
    }  # fmt: skip
    with book.transaction() as connection:
        stored.add_note(connection, first["closed"][0]["exit_order"], "ann", "<b>half</b> of it", START)
    assert materialise(DAYS[0], trade_journal)["trade_journal"]["notes"] == 1
    (note,) = filed(tmp_path, DAYS[0])["closed"][0]["notes"]
    assert (note["author"], note["note"]) == ("ann", "<b>half</b> of it")
    assert "&lt;b&gt;half&lt;/b&gt; of it" in (folder / f"trade-journal-{DAYS[0]}.html").read_text()
    assert rows(book, VIEW)[0]["notes"] == "ann: <b>half</b> of it"
    (row, *_) = rows(book, "select document, document_hash from reports.trade_journal order by knowledge_ts desc")
    assert row["document_hash"] == digest(row["document"])


def test_its_queries_answer_with_its_numbers(book: Database, tmp_path: Path) -> None:
    tell(book)
    materialise(DAYS[1], trade_journal)
    told = filed(tmp_path, DAYS[1])
    answers = {question: rows(book, query) for question, query in told["queries"].items()}
    assert len(answers["what was closed in the period"]) == len(told["closed"])
    assert len(answers["what is held now"]) == len(told["open"])
    (row,) = answers["how the strategies did up to its end"]
    (strategy,) = told["by_strategy"]
    assert (row["strategy"], row["trips"]) == (strategy["name"], strategy["entries"])
    assert abs(row["pnl"] - Decimal(strategy["pnl"])) < Decimal("1e-9")
    assert abs(row["profit_factor"] - Decimal(strategy["profit_factor"])) < Decimal("1e-9")


def test_notes_are_never_changed_and_a_sale_of_nothing_stops_the_journal(book: Database) -> None:
    tell(book)
    with book.transaction() as connection:
        stored.add_note(connection, rows(book, VIEW)[0]["exit_order"], "ann", "kept", START)
    for change in ("update ops.trade_notes set note = 'x'", "delete from ops.trade_notes", "truncate ops.trade_notes"):
        with pytest.raises(psycopg.errors.RestrictViolation, match="append-only"), book.transaction() as connection:
            connection.execute(change)  # pyright: ignore[reportArgumentType, reportCallIssue]
    with book.transaction() as connection:
        connection.execute("alter table trading.ledger_entries disable trigger all")
        connection.execute(
            "update trading.ledger_entries set amount = amount / 2 where line = 0 and amount > 0 and currency = 'BTC'"
        )
    with pytest.raises(BadData, match="more than was bought"):
        materialise(DAYS[1], trade_journal)


def test_a_day_before_the_book_has_nothing_to_tell(book: Database, tmp_path: Path) -> None:
    assert materialise("2024-02-20", trade_journal)["trade_journal"]["dagster/row_count"] == 0
    materialise(DAYS[0], trade_journal)
    assert "No round trip was closed" in (tmp_path / "reports" / BOOK / f"trade-journal-{DAYS[0]}.html").read_text()
