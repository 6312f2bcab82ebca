"""Each view of analytics says what the rows below it amount to, computed here by hand."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from adapters.store.database import Database
from tests.integration.assets.analysed_book import (
    CLOSED,
    OPENED,
    QUOTE,
    REFERENCE,
    TRADES,
    open_and_trade,
)
from tests.integration.assets.traded_book import BOOK, HOUR, START, SYMBOLS, VENUE
from trading.order import Side

FEE = Decimal("0.001")


@pytest.fixture
def analysed(database: str) -> Iterator[Database]:
    with Database(database) as opened:
        open_and_trade(opened)
        yield opened


def rows(book: Database, query: str) -> list[dict[str, Any]]:
    with book.transaction() as connection:
        return connection.execute(query).fetchall()  # pyright: ignore[reportArgumentType, reportCallIssue]


def test_books_and_candles(analysed: Database) -> None:
    (row,) = rows(analysed, "select * from analytics.books")
    assert (row["book"], row["status"], row["venue"], row["timeframe"], row["quote"], row["steps_done"]) == (
        BOOK, "RUNNING", VENUE, "1h", "USDT", 0,
    )  # fmt: skip
    assert (row["symbols"], row["strategies"], row["window_start"]) == (list(SYMBOLS), ["mean_reversion"], START)
    stored = rows(analysed, "select * from market.candles order by ts limit 1")[0]
    with analysed.transaction() as connection:
        connection.execute(
            "insert into market.candles select venue, symbol, timeframe, ts, knowledge_ts + interval '1 hour', open,"
            " high + 1, low, close, volume, 'later', code_version from market.candles where symbol = %s and ts = %s",
            (stored["symbol"], stored["ts"]),
        )
    found = rows(analysed, f"select * from analytics.candles where ts = '{stored['ts']}' and run_id = 'later'")
    assert [(row["high"], row["close"]) for row in found] == [(stored["high"] + 1, stored["close"])]
    (counted,) = rows(analysed, "select count(*) as n, min(ts) as first, max(ts) as last from analytics.candles")
    assert counted == {"n": 2 * (48 + 28), "first": START - 48 * HOUR, "last": START + 27 * HOUR}


def test_signals_and_decisions(analysed: Database) -> None:
    signals = {row["signal_id"]: row for row in rows(analysed, "select * from analytics.signals")}
    assert {name: (row["intake_status"], row["decisions"], row["orders"]) for name, row in signals.items()} == {
        **{f"signal-{number}": ("ACCEPTED", 1, 1) for number, *_ in TRADES},
        "signal-5": ("ACCEPTED", 1, 0),
        "signal-6": (None, 0, 0),
    }
    one = signals["signal-2"]
    assert (one["symbol"], one["bar_ts"], one["decided_at"]) == (SYMBOLS[1], START + 2 * HOUR, START + 3 * HOUR)
    assert (one["exposure"], one["reference_price"], one["quotes"], one["reason"]) == (
        Decimal("0.5"), REFERENCE, 0, "reason 2",
    )  # fmt: skip
    assert signals["signal-5"]["intake_reason"] == "taken"
    decisions = rows(analysed, "select * from analytics.decisions order by signal_id")
    assert [(row["verdict"], row["orders"]) for row in decisions] == [*[("TRADE", 1)] * 4, ("DENIED", 0)]
    assert decisions[4]["decided_at"] == START + 6 * HOUR
    assert (decisions[0]["current_quantity"], decisions[0]["target_quantity"]) == (0, 1)
    assert {row["decided_because"] for row in decisions} == {"signal"}


def test_fills(analysed: Database) -> None:
    found = rows(analysed, "select * from analytics.fills order by ts")
    for row, (number, bars, symbol, side, quantity, price) in zip(found, TRADES, strict=True):
        value = Decimal(quantity) * Decimal(price)
        assert (row["ts"], row["symbol"], row["side"]) == (START + bars * HOUR, symbol, side.value)
        assert (row["value"], row["signal_price"]) == (value, REFERENCE)
        in_base = side is Side.BUY
        assert row["fee_currency"] == symbol.split("/")[0 if in_base else 1]
        assert row["fee"] == (Decimal(quantity) if in_base else value) * FEE
        assert row["fee_quote"] == value * FEE
        worse = Decimal(price) - REFERENCE if in_base else REFERENCE - Decimal(price)
        assert row["slippage_bps"] == pytest.approx(float(worse / REFERENCE * 10_000))
        assert row["leg"] == ("bid1" if number == QUOTE else "entry" if in_base else "exit")
        assert row["signal_id"] == f"signal-{number}"


def test_a_fee_in_a_third_currency_has_no_price(analysed: Database) -> None:
    with analysed.transaction() as connection:
        connection.execute(
            "insert into trading.fills select book, venue, symbol, '9', client_id, venue_order_id, side, price,"
            " quantity, 7, 'BNB', ts, recorded_at from trading.fills where trade_id = '1'"
        )
    found = rows(analysed, "select trade_id, fee from analytics.fills where fee_quote is null")
    assert found == [{"trade_id": "9", "fee": 7}]


def test_gate_closures(analysed: Database) -> None:
    found = rows(analysed, "select * from analytics.gate_closures order by closed_at")
    assert [(row["closed_at"], row["opened_at"], row["closed_for"], row["detail"]) for row in found] == [
        (CLOSED, OPENED, timedelta(hours=2), "nothing for an hour"),
        (OPENED + 3 * HOUR, None, None, "nothing again"),
    ]
    assert {(row["book"], row["venue"], row["symbol"], row["check_name"]) for row in found} == {
        (BOOK, VENUE, SYMBOLS[1], "stale_bars")
    }


def test_movements(analysed: Database) -> None:
    found = rows(analysed, "select * from analytics.movements where kind = 'FILL' order by at")
    for row, (_, bars, symbol, side, quantity, price) in zip(found, TRADES, strict=True):
        amount, value = Decimal(quantity), Decimal(quantity) * Decimal(price)
        assert (row["at"], row["symbol"], row["quote"]) == (START + bars * HOUR, symbol, "USDT")
        if side is Side.BUY:
            changes, fees = (amount * (1 - FEE), -value), (amount * FEE, None)
        else:
            changes, fees = (-amount, value * (1 - FEE)), (None, value * FEE)
        assert (row["base_change"], row["quote_change"], row["fee_base"], row["fee_quote"]) == (*changes, *fees)
        assert (abs(row["traded_base"]), abs(row["traded_quote"])) == (amount, value)
        assert (row["capital"], row["strangers"]) == (None, None)
    (paid,) = rows(analysed, "select sum(capital) as n from analytics.movements where kind = 'DEPOSIT'")
    assert paid["n"] == Decimal("100000.01")


def test_order_story(analysed: Database) -> None:
    found = rows(analysed, "select * from analytics.order_story order by created_at")
    for row, (number, bars, symbol, side, quantity, price) in zip(found, TRADES, strict=True):
        assert (row["created_at"], row["symbol"], row["side"]) == (START + bars * HOUR, symbol, side.value)
        assert (row["quantity"], row["filled"], row["fills"]) == (Decimal(quantity), Decimal(quantity), 1)
        assert row["average_price"] == Decimal(price)
        assert (row["signal_reason"], row["decision_reason"]) == (f"reason {number}", "volatility_target")
        assert (row["state"], row["type"], row["decided_because"]) == ("FILLED", "MARKET", "signal")


def test_order_passport(analysed: Database) -> None:
    bar = rows(analysed, f"select * from market.candles where symbol = 'BTC/USDT' and ts = '{START - HOUR}'")[0]
    (row,) = rows(analysed, "select * from analytics.order_passport where signal_id = 'signal-1'")
    assert (row["candle_close"], row["candle_knowledge_ts"], row["bar_ts"]) == (bar["close"], START, bar["ts"])
    assert (row["signal_reason"], row["decision_reason"], row["verdict"]) == ("reason 1", "volatility_target", "TRADE")
    assert (row["kafka_cluster_id"], row["kafka_topic"], row["kafka_partition"], row["kafka_offset"]) == (
        "c",
        "t",
        0,
        0,
    )
    assert row["gaps"] == ["model_id", "feature_hash", "regime", "model_run_id"]
    with analysed.transaction() as connection:
        connection.execute("update signals.strategy_signals set regime = 'calm' where signal_id = 'signal-1'")
        connection.execute(
            "insert into training.rule_models values (%s, 'm', 'rule', '{}', '{}', 1, %s, %s, 'd',"
            " '{}', '', %s, 'r', '0')",
            (BOOK, START, START, START),
        )
        for known, rsi in ((START - timedelta(minutes=1), 41), (START, 42), (START + HOUR, 99)):
            connection.execute(
                "insert into features.technical_features (book, venue, symbol, timeframe, ts, knowledge_ts, rsi_14,"
                " volatility_24, run_id, code_version) values (%s, %s, 'BTC/USDT', '1h', %s, %s, %s, 0.02, 'f', '0')",
                (BOOK, VENUE, START - HOUR, known, rsi),
            )
    (row,) = rows(analysed, "select * from analytics.order_passport where signal_id = 'signal-1'")
    assert (row["gaps"], row["rsi_14"], row["feature_knowledge_ts"]) == ([], 42, START)
    assert (row["model_kind"], row["model_run_id"], row["regime"]) == ("rule", "r", "calm")


def test_news_stories_and_sources(analysed: Database) -> None:
    found = {row["article_id"]: row for row in rows(analysed, "select * from analytics.news")}
    assert (found["a"]["title"], found["a"]["versions"]) == ("Bitcoin falls, corrected", 2)
    assert (found["a"]["fetch_delay"], found["b"]["fetch_delay"]) == (timedelta(minutes=10), timedelta(minutes=30))
    (story,) = rows(analysed, "select * from analytics.stories")
    assert (story["articles"], story["sources"], story["published_ts"]) == (2, ["post", "wire"], START)
    assert (story["title"], story["first_known_ts"]) == ("Bitcoin falls, corrected", START + timedelta(minutes=10))
    (source,) = rows(analysed, "select * from analytics.sources")
    assert (source["stale"], source["fresh_limit"]) == (True, timedelta(hours=1))
    assert (source["written"], source["refused"]) == (4, 1)
