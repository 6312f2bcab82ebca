"""What ccxt.pro itself has read becomes the same events, for venues without a reader of ours."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from adapters.exchange.streams.unified import unified
from trading.candle import Candle, CandleUpdate
from trading.errors import BadData
from trading.order import Side
from trading.order_book import BookUpdate
from trading.trade import Trade

TS, MS, SYMBOL = datetime(2024, 1, 1, tzinfo=UTC), 1_704_067_200_000, "BTC/USDT"


def test_trades_bars_and_books() -> None:
    row = {"id": "7", "timestamp": MS, "price": 0.1, "amount": 2e-05, "side": "sell"}
    assert unified("trades", SYMBOL, "1m", [row]) == [
        Trade(SYMBOL, "7", TS, Decimal("0.1"), Decimal("0.00002"), Side.SELL)
    ]
    assert unified("trades", SYMBOL, "1m", [row | {"id": None, "side": None}]) == [
        Trade(SYMBOL, f"{MS}-0.1-2e-05", TS, Decimal("0.1"), Decimal("0.00002"), None)
    ]
    assert unified("candles", SYMBOL, "1m", [[MS, 1.0, 3.0, 0.5, 2.0, 7.0]]) == [
        CandleUpdate(SYMBOL, "1m", Candle(TS, 1.0, 3.0, 0.5, 2.0, 7.0), closed=None)
    ]
    book = {"bids": [[99.5, 1.0]], "asks": [[100.5, 2.0]], "timestamp": MS, "nonce": 7}
    assert unified("books", SYMBOL, "1m", book) == [
        BookUpdate(SYMBOL, [("99.5", "1.0")], [("100.5", "2.0")], snapshot=True, last=7, ts=TS)
    ]


@pytest.mark.parametrize("price", [None, 0.0, -1.0, float("nan"), float("inf")])
def test_what_is_no_trade_is_refused(price: float | None) -> None:
    with pytest.raises(BadData):
        unified("trades", SYMBOL, "1m", [{"id": "7", "timestamp": MS, "price": price, "amount": 1.0, "side": "buy"}])
