"""The universe of a venue through real ccxt: what was delisted later is in what was known before."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from adapters.exchange import listings_intake
from adapters.exchange.capabilities import capabilities
from adapters.sources.visit import Ended, Visit, visit
from adapters.store.database import Database
from adapters.store.frames import Store
from adapters.store.listings import instruments_at
from tests.fakes.feed_server import FeedServer
from tests.fakes.futures_server import market
from tests.integration.news.made import NOW, source
from trading.errors import Misconfigured

DAY = timedelta(days=1)
BORN = datetime(2019, 9, 25, 8, tzinfo=UTC)  # onboardDate of the fake


def listed(server: FeedServer, *bases: str, **more: object) -> None:
    server.put("/fapi/v1/exchangeInfo", json.dumps({"symbols": [market(base, **more) for base in bases]}))


def venue(server: FeedServer, **more: Any) -> Any:
    contract = {"exchange": "binanceusdm", "venue": "perps", "kinds": ("swap",), "every": DAY, "fresh": 2 * DAY, **more}
    return source("perps", server.url, kind="venue", **contract)


def visited(db: Database, one: Any, now: datetime) -> Visit:
    return visit(db, one, now, "run", lambda s, held: listings_intake.take(db, Store(db, "run", "0"), s, held, now))


def names(db: Database, at: datetime) -> list[str]:
    with db.transaction() as connection:
        return [one.base for one in instruments_at(connection, "perps", at)]


def test_a_universe_without_survivors_bias(db: Database, server: FeedServer) -> None:
    one = venue(server)
    listed(server, "BTC", "ETH", "LUNA")
    assert visited(db, one, NOW).written == 4  # and the venue's own row
    listed(server, "BTC", "ETH", "ARB")
    assert visited(db, one, NOW + DAY).written == 2
    assert visited(db, one, NOW + 2 * DAY).ended is Ended.UNCHANGED
    listed(server, "BTC", "ETH", "ARB", "LUNA")
    visited(db, one, NOW + 9 * DAY)
    assert names(db, NOW) == ["BTC", "ETH", "LUNA"]
    assert names(db, NOW + DAY - timedelta(seconds=1)) == ["BTC", "ETH", "LUNA"]
    assert names(db, NOW + DAY) == ["ARB", "BTC", "ETH"]
    assert names(db, NOW + 9 * DAY) == ["ARB", "BTC", "ETH", "LUNA"]
    # Before the first reading: what was there at it, and was listed by then.
    assert names(db, BORN) == ["BTC", "ETH", "LUNA"]
    assert names(db, BORN - DAY) == []


def test_steps_and_fees_are_those_known_then(db: Database, server: FeedServer) -> None:
    one = venue(server)
    listed(server, "BTC")
    visited(db, one, NOW)
    filters = [{"filterType": "PRICE_FILTER", "tickSize": "0.01"}, {"filterType": "LOT_SIZE", "stepSize": "0.01"}]
    listed(server, "BTC", filters=filters, status="BREAK")
    visited(db, one, NOW + DAY)
    with db.transaction() as connection:
        (before,), (after,) = (instruments_at(connection, "perps", NOW + days * DAY) for days in (0, 1))
    assert (before.symbol, before.kind, before.settle) == ("BTC/USDT:USDT", "swap", "USDT")
    assert (before.tick, before.lot, before.min_notional) == (Decimal("0.1"), Decimal("0.001"), Decimal(5))
    assert (after.tick, after.lot, after.status, after.listed_at) == (Decimal("0.01"), Decimal("0.01"), "HALTED", BORN)


def test_an_answer_cut_short_delists_nobody(db: Database, server: FeedServer) -> None:
    one = venue(server)
    listed(server, *(f"C{number}" for number in range(20)))
    visited(db, one, NOW)
    listed(server, *(f"C{number}" for number in range(10)))
    cut = visited(db, one, NOW + DAY)
    assert (cut.ended, cut.error[:35]) == (Ended.FAILED, "10 of 20 markets are missing from t")
    listed(server)
    assert "lists no market" in visited(db, one, NOW + 2 * DAY).error
    assert len(names(db, NOW + 3 * DAY)) == 20


def test_other_kinds_are_left_alone(db: Database, server: FeedServer) -> None:
    listed(server, "BTC")
    visited(db, venue(server), NOW)
    spot = {"symbol": "ETHUSDT", "status": "TRADING", "baseAsset": "ETH", "quoteAsset": "USDT", "filters": []}
    server.put(
        "/api/v3/exchangeInfo", json.dumps({"symbols": [{**spot, "isSpotTradingAllowed": True, "permissions": []}]})
    )
    assert visited(db, venue(server, exchange="binance", kinds=("spot",)), NOW + DAY).error == ""
    assert names(db, NOW + DAY) == ["BTC", "ETH"]


def test_the_row_of_a_venue(db: Database, server: FeedServer) -> None:
    listed(server, "BTC")
    visited(db, venue(server), NOW)
    with db.transaction() as connection:
        row = connection.execute("select * from market.venues").fetchone()
    assert row is not None
    assert (row["venue"], row["exchange"], row["data"], row["paper"], row["live"]) == (
        "perps",
        "binanceusdm",
        True,
        True,
        False,
    )
    assert row["missing"] == ["an adapter that sends orders"]
    assert visited(db, replace(venue(server), exchange="nowhere"), NOW + DAY).ended is Ended.FAILED


@pytest.mark.parametrize(
    ("exchange", "paper", "missing"),
    [
        ("binance", True, ()),
        ("binanceus", True, ()),
        ("okx", True, ("an adapter that sends orders",)),
        ("kraken", True, ("query by client id", "an adapter that sends orders")),
        ("bitstamp", True, ("a time fence", "client ids", "query by client id", "an adapter that sends orders")),
    ],
)
def test_live_needs_a_fence_ids_and_queries(exchange: str, paper: bool, missing: tuple[str, ...]) -> None:
    able = capabilities(exchange)
    assert (able.data, able.paper, able.live, able.missing) == (True, paper, not missing, missing)


def test_every_exchange_of_ccxt_has_a_row() -> None:
    import ccxt

    rows = [capabilities(name) for name in ccxt.exchanges]
    assert len(rows) == len(ccxt.exchanges) > 90
    assert {one.exchange for one in rows if one.live} == {"binance", "binanceus"}
    with pytest.raises(Misconfigured, match="'nowhere'"):
        capabilities("nowhere")


@pytest.mark.parametrize("body", ['{"symbols": 7}', '{"symbols": [7]}', '{"symbols": [{}]}', "[]", "7", "{", "", '"x"'])
def test_an_answer_of_another_shape_fails_that_venue_alone(db: Database, server: FeedServer, body: str) -> None:
    server.put("/fapi/v1/exchangeInfo", body)
    found = visited(db, venue(server), NOW)
    assert found.ended is Ended.FAILED
    assert found.error
