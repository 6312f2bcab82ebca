"""Funding rates through real ccxt from a server that speaks Binance's futures, into versions."""

import os
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from adapters.exchange import funding_intake
from adapters.sources.visit import Ended, Visit, visit
from adapters.store.database import Database
from adapters.store.frames import Store
from tests.fakes.feed_server import FeedServer
from tests.fakes.futures_server import serve_funding
from tests.integration.news.made import NOW, source

BTC, ETH = "BTC/USDT:USDT", "ETH/USDT:USDT"
EIGHT = timedelta(hours=8)


def ms(at: datetime) -> int:
    return round(at.timestamp() * 1000)


def perps(server: FeedServer, *symbols: str, **more: Any) -> Any:
    contract = {"exchange": "binanceusdm", "venue": "binance", "symbols": symbols, "fresh": timedelta(hours=9), **more}
    return source("perps", server.url, kind="funding", **contract)


def visited(db: Database, one: Any, now: datetime = NOW) -> Visit:
    return visit(db, one, now, "run", lambda s, held: funding_intake.take(db, Store(db, "run", "0"), s, held, now))


def stored(db: Database, as_of: datetime | None = None) -> list[tuple[Any, ...]]:
    frame = Store(db, "r", "0").read("market.funding_rates", {"venue": "binance"}, as_of=as_of)
    return [(row["symbol"], row["ts"], Decimal(str(row["rate"])), row["knowledge_ts"]) for row in frame.to_dicts()]


def test_rates_come_in_once_without_jitter_and_go_on(db: Database, server: FeedServer) -> None:
    first = NOW - timedelta(days=30) + timedelta(hours=4)  # 16:00
    rates = {"BTCUSDT": [(ms(first + n * EIGHT) + n % 7, f"0.000{n + 100}") for n in range(89)]}
    serve_funding(server, rates)
    one = perps(server, BTC)
    found = visited(db, one)
    assert (found.ended, found.written, found.refused) == (Ended.READ, 89, ())
    assert found.newest == first + 88 * EIGHT
    assert stored(db)[0] == (BTC, first, Decimal("0.0001"), first)
    assert all(ts.minute == ts.second == ts.microsecond == 0 and ts == known for _, ts, _, known in stored(db))
    asked = len(server.asked)
    rates["BTCUSDT"].append((ms(NOW + EIGHT), "0.0002"))
    later = visited(db, one, NOW + EIGHT + timedelta(minutes=1))
    assert (later.written, later.stale(NOW + EIGHT)) == (1, None)
    assert len(server.asked) - asked <= 3  # markets, and one window
    assert visited(db, one, NOW + 2 * EIGHT).ended is Ended.UNCHANGED


def test_a_revised_rate_is_known_since_it_was_read(db: Database, server: FeedServer) -> None:
    rates = {"BTCUSDT": [(ms(NOW - EIGHT), "0.0001")]}
    serve_funding(server, rates)
    visited(db, perps(server, BTC))
    rates["BTCUSDT"] = [(ms(NOW - EIGHT), "0.0003")]
    later = NOW + timedelta(hours=1)
    assert visited(db, perps(server, BTC), later).written == 1
    assert [rate for _, _, rate, _ in stored(db, NOW)] == [Decimal("0.0001")]
    assert [(rate, known) for _, _, rate, known in stored(db)] == [(Decimal("0.0003"), later)]


def test_what_is_no_rate_is_quarantined(db: Database, server: FeedServer) -> None:
    times = [ms(NOW - n * EIGHT) for n in range(1, 6)]
    odd = ["nan", "1.5", "", "0.0001", "-0.0002"]
    serve_funding(server, {"BTCUSDT": [*zip(times, odd, strict=True), (times[3] + 2, "0.0009")]})
    found = visited(db, perps(server, BTC))
    assert found.written == 2
    assert sorted(reason for reason, _ in found.refused) == [
        "absurd rate",
        "no rate",
        "no rate",
        "two rates for one time",
    ]


def test_the_slowest_symbol_says_how_fresh_it_is(db: Database, server: FeedServer) -> None:
    serve_funding(server, {"BTCUSDT": [(ms(NOW - EIGHT), "0.0001")], "ETHUSDT": [(ms(NOW - 3 * EIGHT), "0.0001")]})
    found = visited(db, perps(server, BTC, ETH))
    assert found.newest == NOW - 3 * EIGHT
    assert (found.stale(NOW) or "").startswith("newest item is 1 day")


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"symbols": ("BTC/USDT",)}, "no perpetual 'BTC/USDT'"),
        ({"exchange": "nowhere"}, "not one that ccxt knows"),
        ({"exchange": "bitstamp"}, "does not read its funding history"),
    ],
)
def test_what_is_declared_wrongly_is_named(db: Database, server: FeedServer, more: dict[str, Any], why: str) -> None:
    serve_funding(server, {"BTCUSDT": []})
    found = visited(db, replace(perps(server, BTC), **more))
    assert found.ended is Ended.FAILED
    assert why in found.error


@pytest.mark.parametrize("body", ['{"code": -1121}', "7", '["x"]', '[{"fundingTime": "x"}]', "{", ""])
def test_an_answer_of_another_shape_stores_nothing(db: Database, server: FeedServer, body: str) -> None:
    serve_funding(server, {"BTCUSDT": []})
    server.put("/fapi/v1/fundingRate", body)
    found = visited(db, perps(server, BTC))
    assert found.written == 0
    assert (found.stale(NOW) or "").startswith("nothing yet")
    if "x" not in body:  # rows without a time are left out by ccxt; that nothing comes is seen by the check fresh
        assert found.ended is Ended.FAILED


@pytest.mark.data
def test_real_rates_come_in_whole(db: Database, server: FeedServer) -> None:
    folder = Path(os.environ["TRADEWIND_TEST_DATA"]) / "derivatives/binance_2023-01_2024-05"
    frame = pl.read_parquet(folder / "binance_BTCUSDT_funding.parquet").select("ts", "open")
    serve_funding(server, {"BTCUSDT": [(ms(ts), f"{rate:.8f}") for ts, rate in frame.iter_rows()]})
    first, last = frame["ts"].min(), frame["ts"].max()
    assert isinstance(first, datetime)
    assert isinstance(last, datetime)
    one = perps(server, BTC, start=first - EIGHT)
    found = visited(db, one, last + EIGHT)
    assert (found.written, found.refused) == (1498, ())
    assert not [ts for _, ts, _, _ in stored(db) if ts.hour % 8 or ts.minute]
