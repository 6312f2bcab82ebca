"""ccxt's own unified methods accept every answer of the simulator."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from adapters.exchange.ccxt_client import Credentials, connect
from tests.integration.simulator.simulator_process import KEY, SECRET, SimulatorProcess


@pytest.fixture
def exchange(simulator: SimulatorProcess) -> Iterator[Any]:
    opened = connect("binance", Credentials(KEY, SECRET), simulator.ready["rest_url"], rate_limit=False)
    clock = simulator.clock()
    opened.nonce = lambda: round(clock.now().timestamp() * 1000)
    yield opened
    opened.session.close()


def test_market_data(exchange: Any):
    markets = exchange.load_markets()
    assert set(markets) == {"BTC/USDT", "ETH/USDT"}
    ticker = exchange.fetch_ticker("BTC/USDT")
    assert Decimal(ticker["bid"]) < Decimal(ticker["last"]) < Decimal(ticker["ask"])
    assert Decimal(ticker["low"]) <= Decimal(ticker["last"]) <= Decimal(ticker["high"])
    assert set(exchange.fetch_tickers(["BTC/USDT", "ETH/USDT"])) == {"BTC/USDT", "ETH/USDT"}
    assert set(exchange.fetch_bids_asks()) == {"BTC/USDT", "ETH/USDT"}
    book = exchange.fetch_order_book("BTC/USDT", 5)
    assert len(book["bids"]) == len(book["asks"]) == 5
    assert str(book["bids"][0][0]) < str(book["asks"][0][0])
    trades = exchange.fetch_trades("BTC/USDT", limit=10)
    assert len(trades) == 10
    assert [trade["timestamp"] for trade in trades] == sorted(trade["timestamp"] for trade in trades)
    assert exchange.fetch_time() == exchange.nonce()


def test_an_open_bar_shows_only_its_open(exchange: Any, simulator: SimulatorProcess):
    rows = exchange.fetch_ohlcv("BTC/USDT", "1h", limit=2)
    at, opened, high, low, close, volume = rows[-1]
    assert at == exchange.nonce()
    assert opened == high == low == close
    assert Decimal(volume) == 0
    assert Decimal(rows[-2][5]) > 0


def test_orders_and_account(exchange: Any):
    bought = exchange.create_order("BTC/USDT", "market", "buy", "0.9")
    assert bought["status"] == "closed"
    assert Decimal(bought["filled"]) == Decimal("0.9")
    assert len(bought["trades"]) > 1
    low = exchange.price_to_precision("BTC/USDT", float(bought["average"]) * 0.9)
    resting = exchange.create_order("BTC/USDT", "limit", "sell", "0.5", str(round(float(bought["average"]) * 1.2, 2)))
    assert resting["status"] == "open"
    stop = exchange.create_order("BTC/USDT", "STOP_LOSS", "sell", "0.2", None, {"stopPrice": low})
    assert exchange.fetch_order(stop["id"], "BTC/USDT")["triggerPrice"] is not None
    assert {order["id"] for order in exchange.fetch_open_orders("BTC/USDT")} == {resting["id"], stop["id"]}
    balance = exchange.fetch_balance()
    assert Decimal(balance["BTC"]["used"]) == Decimal("0.7")
    assert exchange.cancel_order(resting["id"], "BTC/USDT")["status"] == "canceled"
    assert len(exchange.cancel_all_orders("BTC/USDT")) == 1
    assert [order["status"] for order in exchange.fetch_orders("BTC/USDT")] == ["closed", "canceled", "canceled"]
    mine = exchange.fetch_my_trades("BTC/USDT")
    assert sum(Decimal(trade["amount"]) for trade in mine) == Decimal("0.9")
    assert {trade["fee"]["currency"] for trade in mine} == {"BTC"}
    assert exchange.create_order("BTC/USDT", "market", "buy", "0.1", None, {"test": True})
