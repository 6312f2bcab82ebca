"""Trades and funding rates in the forms that venues and programs write."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from adapters.history.registry import read
from tests.unit.adapters.history.made import QUOTES, START, lines, one
from trading.errors import Misconfigured

TRADE = {"price": "100.5", "qty": "2", "time": 1_709_251_200_123, "isBuyerMaker": True, "id": 7}
TRADES: dict[str, tuple[str, bytes, str | None]] = {
    "kraken bulk": ("kraken_BTCUSD.csv", lines([1_709_251_200.123, 100.5, 2]), None),
    "binance vision": (
        "binance_BTCUSD-trades.csv",
        lines([7, 100.5, 2, 201, 1_709_251_200_123, "True", "True"]),
        "sell",
    ),
    "binance aggregated": (
        "binance_BTCUSD-aggTrades.csv",
        lines([7, 100.5, 2, 1, 1, 1_709_251_200_123, "false", "true"]),
        "buy",
    ),
    "binance answer": ("binance_BTCUSD.json", json.dumps([TRADE]).encode(), "sell"),
    "binance stream": (
        "any.json",
        json.dumps(
            {"e": "trade", "E": 5, "s": "BTCUSD", "t": 7, "p": "100.5", "q": "2", "T": 1_709_251_200_123, "m": False}
        ).encode(),
        "buy",
    ),
    "bybit answer": (
        "a.json",
        json.dumps(
            {
                "retCode": 0,
                "result": {
                    "list": [
                        {
                            "execId": "7",
                            "symbol": "BTCUSD",
                            "price": "100.5",
                            "size": "2",
                            "side": "Buy",
                            "time": "1709251200123",
                        }
                    ]
                },
            }
        ).encode(),
        "buy",
    ),
    "okx answer": (
        "a.json",
        json.dumps(
            {
                "code": "0",
                "data": [
                    {
                        "instId": "BTC-USD",
                        "side": "sell",
                        "sz": "2",
                        "px": "100.5",
                        "tradeId": "7",
                        "ts": "1709251200123",
                    }
                ],
            }
        ).encode(),
        "sell",
    ),
    "kraken answer": (
        "a.json",
        json.dumps(
            {"error": [], "result": {"XXBTZUSD": [["100.5", "2", 1_709_251_200.123, "b", "l", "", 7]], "last": "1"}}
        ).encode(),
        "buy",
    ),
    "table": (
        "venue_BTC-USD_trades.csv",
        lines("timestamp,id,side,price,amount", [1_709_251_200_123, 7, "sell", 100.5, 2]),
        "sell",
    ),
}


@pytest.mark.parametrize("form", TRADES)
def test_trades_of_every_form(tmp_path: Path, form: str) -> None:
    name, content, side = TRADES[form]
    found = one(tmp_path, name, content)
    values = found.sample().rows
    assert (found.kind, found.symbol, found.timeframe) == ("trades", "BTC/USD", None)
    assert values.select("ts", "price", "amount", "side").rows() == [
        (START + timedelta(milliseconds=123), 100.5, 2.0, side)
    ]


@pytest.mark.parametrize(
    "answer",
    [
        {"orderId": 1, "price": "1", "qty": "2", "time": 1_709_251_200_123},
        {"feed": "book", "side": "buy", "price": 1, "qty": 2, "timestamp": 1_709_251_200_123},
        {"e": "executionReport", "E": 1, "p": "1", "q": "2", "T": 1_709_251_200_123},
        {"bid": 1, "ask": 2, "open": 1, "high": 2, "low": 1, "last": 1, "time": 1_709_251_200_123},
    ],
)
def test_orders_books_and_tickers_are_no_trades(tmp_path: Path, answer: dict[str, Any]) -> None:
    with pytest.raises(Misconfigured, match="JSON without candles"):
        one(tmp_path, "BTCUSD.json", json.dumps([answer]).encode())


def test_funding_rates_come_as_rates_or_in_the_shape_of_candles(tmp_path: Path) -> None:
    rates = [
        {"symbol": "BTCUSDT", "fundingRate": "0.0001", "fundingTime": 1_709_251_200_003 + 28_800_000 * n}
        for n in range(3)
    ]
    found = one(tmp_path, "binance_funding.json", json.dumps(rates).encode())
    assert (found.kind, found.symbol, str(found.timeframe)) == ("funding", "BTC/USDT", "8h")
    frame = pl.DataFrame(
        {
            "date": [START + timedelta(hours=8 * n) for n in range(4)],
            "open": [1e-4, 2e-4, -1e-4, 0.0],
            **dict.fromkeys(("high", "low", "close", "volume"), [0.0] * 4),
        }
    )
    frame.write_ipc(tmp_path / "BTC_USDT_USDT-8h-funding_rate.feather")
    (found,), _ = read(tmp_path / "BTC_USDT_USDT-8h-funding_rate.feather", QUOTES)
    assert (found.kind, found.symbol, found.rows["rate"].to_list()) == ("funding", "BTC/USDT", [1e-4, 2e-4, -1e-4, 0.0])
