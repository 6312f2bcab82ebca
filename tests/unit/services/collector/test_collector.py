"""What is heard becomes rows, and what is wrong with a stream is told by check."""

import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from adapters.exchange.ccxt_stream import Heard, Trouble
from services.collector.collector import Collector, message
from services.collector.outlet import Outlet
from services.collector.vigil import BOOK, CLOCK, STALE, UNREADABLE, Vigil
from trading.candle import Candle, CandleUpdate
from trading.market.book_keeper import BookKeeper
from trading.order import Side
from trading.order_book import BookUpdate
from trading.timeframe import Timeframe
from trading.trade import Trade

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
SYMBOL, OTHER = "BTC/USDT", "ETH/USDT"


def vigil() -> Vigil:
    return Vigil([SYMBOL, OTHER], Timeframe.parse("1m"), 30, 0.05, 0)


def collector() -> tuple[Collector, list[tuple[str, dict[str, Any]]], Outlet]:
    rows: list[tuple[str, dict[str, Any]]] = []
    outlet = Outlet(lambda table, batch: rows.extend((table, row) for row in batch), 100)
    return Collector("venue", [SYMBOL], [outlet], vigil(), AT), rows, outlet


def bar(minute: int, *, closed: bool | None) -> Heard:
    ts = AT + timedelta(minutes=minute)
    return Heard(SYMBOL, CandleUpdate("BTCUSDT", "1m", Candle(ts, 1, 3, 1, 2, 5), closed))


def live(market: str = "BTCUSDT") -> BookKeeper:
    keeper = BookKeeper(market)
    keeper.take(BookUpdate(market, [["99", "1"]], [["101", "1"]], snapshot=True, last=1))
    return keeper


@pytest.mark.parametrize(
    ("told", "final"),
    [
        ([(0, False), (0, True), (1, False)], [0]),
        ([(0, None), (0, None), (1, None), (2, None)], [0, 1]),  # a venue that never says that a bar has closed
        ([(0, False), (1, False)], []),
    ],
)
def test_a_bar_is_written_once_it_is_final(told: list[tuple[int, bool | None]], final: list[int]) -> None:
    listening, rows, outlet = collector()
    for minute, closed in told:
        listening.hear(bar(minute, closed=closed))
    listening.look(AT + timedelta(minutes=5), lambda _: None)
    outlet.flush()
    assert [row["ts"] for _, row in rows] == [AT + timedelta(minutes=minute) for minute in final]
    assert all(row["knowledge_ts"] == row["ts"] + timedelta(minutes=1) for _, row in rows)


def test_trades_and_troubles_become_rows() -> None:
    listening, rows, outlet = collector()
    listening.hear(Heard(SYMBOL, Trade("BTCUSDT", "7", AT, Decimal("1.50"), Decimal(2), Side.BUY)))
    listening.hear(Trouble("unreadable", SYMBOL, "odd", "{}"))
    listening.hear(Trouble("trades", SYMBOL, "NetworkError"))
    outlet.flush()
    assert [(table, row.get("kind"), row.get("price")) for table, row in rows] == [
        ("market.public_trades", None, "1.5"),
        ("market.book_events", "QUARANTINED", None),
        ("market.book_events", "RECONNECTED", None),
    ]
    key, body = message(rows[0][1])
    assert (key, b'"trade_id": "7"' in body) == ("venue|BTC/USDT", True)


def test_a_book_is_written_when_it_has_changed() -> None:
    listening, rows, outlet = collector()
    keeper = live()
    for _ in range(3):
        listening.look(AT, lambda _: keeper)
    keeper.doubt("gap: lost", gap=True)
    for _ in range(2):
        listening.look(AT + timedelta(seconds=1), lambda _: keeper)
    outlet.flush()
    assert [(row["state"], row["bids"]) for table, row in rows if table == "market.order_books"] == [
        ("LIVE", "{{99,1}}"),
        ("BROKEN", "{}"),
    ]
    events = [(row["kind"], row["detail"]) for table, row in rows if table == "market.book_events"]
    assert events == [("HEALED", "live"), ("BROKEN", "gap: lost")]


def test_a_book_that_broke_and_healed_between_two_looks_is_told_of() -> None:
    listening, rows, outlet = collector()
    keeper = live()
    listening.look(AT, lambda _: keeper)
    keeper.doubt("crossed", gap=False)
    keeper.take(BookUpdate("BTCUSDT", [["99", "1"]], [["101", "1"]], snapshot=True, last=2))
    listening.look(AT, lambda _: keeper)
    outlet.flush()
    assert [row["kind"] for _, row in rows if "kind" in row] == ["HEALED", "BROKEN", "HEALED"]


def test_what_is_wrong_is_told_by_check() -> None:
    watching, keeper = vigil(), live()
    assert watching.judge(SYMBOL, None, 1, AT) == {BOOK: "nothing was heard of it yet"}
    assert watching.judge(SYMBOL, keeper, 1, AT) == {}
    assert watching.judge(SYMBOL, keeper, 31, AT) == {STALE: "no change of its book for more than 30 s"}
    watching.heard(SYMBOL, 31)
    keeper.doubt("gap: lost", gap=True)
    assert watching.judge(SYMBOL, keeper, 32, AT) == {BOOK: "gap: lost"}
    watching.unreadable("", "odd", 32)
    assert watching.judge(OTHER, live(), 29, AT) == {UNREADABLE: "odd"}
    assert watching.judge(SYMBOL, live(), 45, AT) == {}


def test_stamps_that_stand_still_or_come_from_the_future_are_told() -> None:
    watching, keeper = vigil(), live()
    for late, wrong in ((0, ""), (30, ""), (31, "though messages arrive"), (-2, ""), (-3, "in the future")):
        watching.heard(SYMBOL, 1, AT - timedelta(seconds=late))
        said = watching.judge(SYMBOL, keeper, 2, AT)
        assert list(said) == ([CLOCK] if wrong else []), late
        assert wrong in said.get(CLOCK, "")
    assert list(watching.judge(SYMBOL, keeper, 60, AT)) == [STALE]


def test_a_bar_that_may_not_be_believed_is_put_aside_and_told() -> None:
    watching = vigil()
    watching.heard(SYMBOL, time.monotonic())
    rows: list[tuple[str, dict[str, Any]]] = []
    outlet = Outlet(lambda table, batch: rows.extend((table, row) for row in batch), 100)
    listening = Collector("venue", [SYMBOL], [outlet], watching, AT)
    listening.hear(bar(0, closed=True))
    listening.hear(Heard(SYMBOL, CandleUpdate("BTCUSDT", "1m", Candle(AT, 1, 3, 1, 2.5, 5), closed=True)))
    wrong = listening.look(AT + timedelta(minutes=1), lambda _: live())
    outlet.flush()
    assert len([table for table, _ in rows if table == "market.live_candles"]) == 1
    aside = next(row for table, row in rows if table == "market.book_events")
    assert (aside["kind"], aside["detail"]) == ("QUARANTINED", "conflicting duplicate")
    assert list(wrong[SYMBOL]) == ["conflicting duplicate"]
