"""Garbled answers about bars, of five venues through ccxt: a clear error, or rows that the vetting judges.

TRADEWIND_TEST_FUZZ_PAYLOADS sets how many; 200,000 is the long form.
"""

import json
import os
import random
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest
import stamina
from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter

from adapters.exchange.market_data import MarketData
from tests.unit.adapters.exchange.garble import garbled
from trading.candle import BARS
from trading.errors import BadData, TradewindError
from trading.market.clean import vet
from trading.timeframe import EPOCH, Timeframe

PAYLOADS = int(os.environ.get("TRADEWIND_TEST_FUZZ_PAYLOADS") or 2_000)
MINUTE = Timeframe.parse("1m")
START = datetime(2026, 3, 1, tzinfo=UTC)
BARS_A_PAGE = 6
NOW = START + BARS_A_PAGE * MINUTE.delta
SECONDS = [round((START - EPOCH + number * MINUTE.delta).total_seconds()) for number in range(BARS_A_PAGE)]
PRICES = [("100.1", "101.5", "99.25", "100.75"), ("100.75", "100.75", "100.5", "100.5")] * 3

SAMPLES: dict[str, tuple[str, str, Any, Any]] = {
    "binance": (
        "BTC/USDT",
        "klines",
        {"symbols": [{"symbol": "BTCUSDT", "status": "TRADING", "baseAsset": "BTC", "quoteAsset": "USDT",
                      "isSpotTradingAllowed": True, "permissions": ["SPOT"], "filters": [
                          {"filterType": "PRICE_FILTER", "minPrice": "0.01", "maxPrice": "1000000", "tickSize": "0.01"},
                          {"filterType": "LOT_SIZE", "minQty": "0.001", "maxQty": "9000", "stepSize": "0.001"}]}]},
        [[1000 * s, *p, "7.5", 1000 * s + 59_999, "750.1", 12, "3", "300", "0"]
         for s, p in zip(SECONDS, PRICES, strict=True)],
    ),
    "bybit": (
        "BTC/USDT",
        "kline",
        {"retCode": 0, "result": {"category": "spot", "list": [
            {"symbol": "BTCUSDT", "baseCoin": "BTC", "quoteCoin": "USDT", "status": "Trading",
             "lotSizeFilter": {"basePrecision": "0.001", "quotePrecision": "0.01", "minOrderQty": "0.001",
                               "maxOrderQty": "90", "minOrderAmt": "5", "maxOrderAmt": "1000000"},
             "priceFilter": {"tickSize": "0.01"}}]}},
        {"retCode": 0, "retMsg": "OK", "result": {"symbol": "BTCUSDT", "category": "spot", "list": [
            [str(1000 * s), *p, "7.5", "750.1"] for s, p in zip(SECONDS[::-1], PRICES[::-1], strict=True)]}},
    ),
    "okx": (
        "BTC/USDT",
        "candles",
        {"code": "0", "data": [{"instId": "BTC-USDT", "instType": "SPOT", "baseCcy": "BTC", "quoteCcy": "USDT",
                                "lotSz": "0.001", "minSz": "0.001", "tickSz": "0.01", "state": "live"}]},
        {"code": "0", "msg": "", "data": [[str(1000 * s), *p, "7.5", "750.1", "750.1", "1"]
                                          for s, p in zip(SECONDS[::-1], PRICES[::-1], strict=True)]},
    ),
    "kraken": (
        "BTC/USDT",
        "OHLC",
        {"error": [], "result": {"XBTUSDT": {"altname": "XBTUSDT", "wsname": "XBT/USDT", "base": "XXBT",
                                             "quote": "USDT", "pair_decimals": 2, "lot_decimals": 3,
                                             "ordermin": "0.001", "costmin": "0.5", "tick_size": "0.01",
                                             "status": "online", "fees": [[0, 0.4]], "fees_maker": [[0, 0.25]]}}},
        {"error": [], "result": {"XBTUSDT": [[s, *p, "100.2", "7.5", 12]
                                             for s, p in zip(SECONDS, PRICES, strict=True)], "last": SECONDS[-1]}},
    ),
    "coinbaseexchange": (
        "BTC/USD",
        "candles",
        [{"id": "BTC-USD", "base_currency": "BTC", "quote_currency": "USD", "quote_increment": "0.01",
          "base_increment": "0.001", "min_market_funds": "1", "status": "online", "trading_disabled": False}],
        [[s, float(low), float(high), float(first), float(last), 7.5]
         for s, (first, high, low, last) in zip(SECONDS[::-1], PRICES[::-1], strict=True)],
    ),
}  # fmt: skip


class StandingClock:
    """It is always just after the last bar."""

    def now(self) -> datetime:
        return NOW


class Canned:
    """Stands for the network: whatever is asked, this is what comes."""

    def __init__(self) -> None:
        self.bars = ""
        self.markets = ""
        self.about_bars = ""

    def send(self, request: PreparedRequest, *_: Any, **__: Any) -> Response:
        made = Response()
        asked_for_bars = self.about_bars in (request.url or "")
        made.status_code, made.url, made.request = 200, request.url or "", request
        made.headers["Content-Type"] = "application/json"
        made.encoding = "utf-8"
        made._content = (self.bars if asked_for_bars else self.markets).encode(errors="surrogatepass")
        return made


@pytest.fixture
def canned(monkeypatch: pytest.MonkeyPatch) -> Iterator[Canned]:
    made = Canned()
    monkeypatch.setattr(HTTPAdapter, "send", lambda _, request, *a, **o: made.send(request, *a, **o))
    stamina.set_testing(True, attempts=1)
    yield made
    stamina.set_testing(False)


def venue(name: str, canned: Canned) -> tuple[MarketData, str]:
    symbol, canned.about_bars, markets, _ = SAMPLES[name]
    canned.markets = json.dumps(markets)
    return MarketData(name, StandingClock(), venue=name, rate_limit=False), symbol


def read(data: MarketData, symbol: str) -> pl.DataFrame:
    return pl.concat([pl.DataFrame(schema=BARS), *data.bars(symbol, MINUTE, START, NOW)])


@pytest.mark.parametrize("name", SAMPLES)
def test_sound_answers_are_read_to_the_digit(name: str, canned: Canned) -> None:
    data, symbol = venue(name, canned)
    canned.bars = json.dumps(SAMPLES[name][3])
    found = read(data, symbol)
    assert found["ts"].to_list() == [START + number * MINUTE.delta for number in range(BARS_A_PAGE)]
    told = [tuple(map(float, row)) for row in PRICES]
    assert found.select("open", "high", "low", "close").rows() == told
    assert found["volume"].to_list() == [7.5] * BARS_A_PAGE
    assert vet(found, MINUTE, NOW).good.equals(found)


def test_two_versions_of_a_bar_in_one_answer_are_both_set_aside(canned: Canned) -> None:
    data, symbol = venue("binance", canned)
    rows = SAMPLES["binance"][3]
    other = [*rows[2][:4], "100.6", *rows[2][5:]]
    canned.bars = json.dumps([*rows, other])
    judged = vet(read(data, symbol), MINUTE, NOW)
    assert judged.good.height == BARS_A_PAGE - 1
    assert judged.quarantined["reason"].to_list() == ["conflicting duplicate"] * 2
    assert judged.blocking


@pytest.mark.parametrize("name", SAMPLES)
def test_nothing_garbled_passes_for_a_bar(name: str, canned: Canned, seed: int) -> None:
    chance, seen = random.Random(f"{seed}{name}"), Counter[str]()
    data, symbol = venue(name, canned)
    text = json.dumps(SAMPLES[name][3])
    canned.bars = text
    read(data, symbol)
    for _ in range(PAYLOADS // len(SAMPLES)):
        canned.bars = garbled(chance, text)
        try:
            found = read(data, symbol)
        except TradewindError as error:
            seen[type(error).__name__] += 1
            continue
        judged = vet(found, MINUTE, NOW)
        seen["read"] += 1
        seen["set aside"] += judged.quarantined.height > 0
        sound(judged.good)
    print(name, dict(seen))
    assert seen["read"] > PAYLOADS / len(SAMPLES) / 10
    assert seen["set aside"] > PAYLOADS / len(SAMPLES) / 100


def sound(bars: pl.DataFrame) -> None:
    prices = bars.select("open", "high", "low", "close")
    assert bars["ts"].is_sorted()
    assert bars["ts"].is_unique().all()
    assert bars["ts"].is_between(START, NOW, closed="left").all()
    assert all((ts - EPOCH) % MINUTE.delta == timedelta(0) for ts in bars["ts"])
    assert all(0 < value < 1e12 for row in prices.rows() for value in row)
    assert (bars["high"] >= bars["low"]).all()
    assert (bars["volume"] >= 0).all()
    assert bars["volume"].is_finite().all()


@pytest.mark.parametrize("name", SAMPLES)
def test_garbled_markets_are_an_error_with_a_name(name: str, canned: Canned, seed: int) -> None:
    chance, seen = random.Random(f"{seed}{name}"), Counter[str]()
    for _ in range(PAYLOADS // len(SAMPLES) // 10):
        data, symbol = venue(name, canned)
        canned.markets = garbled(chance, canned.markets)
        try:
            (found,) = data.instruments([symbol])
        except TradewindError as error:
            seen[type(error).__name__] += 1
        else:
            seen["read"] += 1
            assert found.tick > 0 < found.lot
            assert found.min_quantity >= 0 <= found.min_notional
            assert -1 < found.maker_fee < 1 > found.taker_fee > -1
    print(name, dict(seen))
    assert seen[BadData.__name__] + seen["Transient"] + seen["Misconfigured"] > 0


@pytest.mark.parametrize("places", [10**12, -(10**12), "999999999999"])
def test_more_places_than_any_amount_has_do_not_fill_the_memory(places: int | str, canned: Canned) -> None:
    data, symbol = venue("kraken", canned)
    answer = json.loads(canned.markets)
    answer["result"]["XBTUSDT"]["lot_decimals"] = places
    canned.markets = json.dumps(answer)
    with pytest.raises(BadData, match="cannot be read"):
        data.instruments([symbol])
