"""The venue's answers: orders, trades, bars and markets in Binance's shapes; numbers as text, times in ms."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from trading.instrument import Instrument
from trading.order import OrderType, Side
from trading.simulation.filters import notional
from trading.simulation.funds import Trade
from trading.simulation.path import TickBar, path
from trading.simulation.working_order import WorkingOrder
from trading.timeframe import Timeframe

Json = dict[str, Any]


def name_of(symbol: str) -> str:
    """Return the venue's name of `symbol`: BTCUSDT for BTC/USDT."""
    return symbol.replace("/", "")


def plain(value: Decimal) -> str:
    """Return a decimal as text with at least 8 decimals, never with an exponent."""
    return f"{value:f}" if -int(value.as_tuple().exponent) >= 8 else f"{value:.8f}"


def price_text(ticks: int | None, instrument: Instrument) -> str:
    """Return a price in ticks as text, zero when there is none."""
    return plain((ticks or 0) * instrument.tick)


def order(order: WorkingOrder, instrument: Instrument) -> Json:
    """Return `order` as queries show it."""
    return _core(order, instrument) | {
        "icebergQty": "0.00000000",
        "time": order.placed,
        "updateTime": order.updated,
        "isWorking": order.type is not OrderType.STOP_LOSS or order.filled > 0,
        "workingTime": order.placed,
        "origQuoteOrderQty": "0.00000000",
    }


def placed(order: WorkingOrder, instrument: Instrument, trades: Sequence[Trade], form: str) -> Json:
    """Return the answer to a new order; `form` is ACK, RESULT or FULL."""
    core = _core(order, instrument)
    if form == "ACK":
        core = {name: core[name] for name in ("symbol", "orderId", "orderListId", "clientOrderId")}
    answer = core | {"transactTime": order.placed}
    if form != "ACK":
        answer["workingTime"] = order.placed
    if form == "FULL":
        answer["fills"] = [
            {
                "price": plain(trade.price),
                "qty": plain(trade.quantity),
                "commission": plain(trade.fee),
                "commissionAsset": trade.fee_currency,
                "tradeId": trade.trade_id,
            }
            for trade in trades
        ]
    return answer


def canceled(order: WorkingOrder, instrument: Instrument, request_id: str) -> Json:
    """Return the answer to a cancellation, which has a client id of its own."""
    core = _core(order, instrument)
    return core | {
        "origClientOrderId": order.client_id,
        "clientOrderId": request_id or f"cancel-{order.order_id}",
        "transactTime": order.updated,
    }


def _core(order: WorkingOrder, instrument: Instrument) -> Json:
    shape = {
        "symbol": name_of(order.symbol),
        "orderId": order.order_id,
        "orderListId": -1,
        "clientOrderId": order.client_id,
        "price": price_text(order.limit, instrument),
        "origQty": plain(order.lots * instrument.lot),
        "executedQty": plain(order.filled * instrument.lot),
        "cummulativeQuoteQty": plain(notional(1, order.spent, instrument)),
        "status": order.status.value,
        "timeInForce": "IOC" if order.immediate else "GTC",
        "type": order.type.value,
        "side": order.side.value,
        "selfTradePreventionMode": "NONE",
    }
    return shape | ({"stopPrice": price_text(order.stop, instrument)} if order.stop is not None else {})


def my_trade(trade: Trade) -> Json:
    """Return one fill as myTrades shows it."""
    return {
        "symbol": name_of(trade.symbol),
        "id": trade.trade_id,
        "orderId": trade.order_id,
        "orderListId": -1,
        "price": plain(trade.price),
        "qty": plain(trade.quantity),
        "quoteQty": plain(trade.quote),
        "commission": plain(trade.fee),
        "commissionAsset": trade.fee_currency,
        "time": trade.at,
        "isBuyer": trade.side is Side.BUY,
        "isMaker": trade.maker,
        "isBestMatch": True,
    }


def kline(bar: TickBar, instrument: Instrument, timeframe: Timeframe) -> list[Any]:
    """Return one bar as klines show it; half of the volume counts as bought by takers."""
    volume = bar.volume * instrument.lot
    quote = notional(bar.volume, bar.close, instrument)
    prices = [plain(price * instrument.tick) for price in (bar.open, bar.high, bar.low, bar.close)]
    closed = bar.opened + timeframe.milliseconds - 1
    trades = 0 if bar.volume == 0 else 3
    return [bar.opened, *prices, plain(volume), closed, plain(quote), trades, plain(volume / 2), plain(quote / 2), "0"]


def market(instrument: Instrument) -> Json:
    """Return one instrument as exchangeInfo shows it."""
    return {
        "symbol": name_of(instrument.symbol),
        "status": instrument.status,
        "baseAsset": instrument.base,
        "baseAssetPrecision": 8,
        "quoteAsset": instrument.quote,
        "quotePrecision": 8,
        "quoteAssetPrecision": 8,
        "baseCommissionPrecision": 8,
        "quoteCommissionPrecision": 8,
        "orderTypes": ["LIMIT", "MARKET", "STOP_LOSS"],
        "icebergAllowed": False,
        "ocoAllowed": False,
        "otoAllowed": False,
        "quoteOrderQtyMarketAllowed": False,
        "allowTrailingStop": False,
        "cancelReplaceAllowed": False,
        "isSpotTradingAllowed": True,
        "isMarginTradingAllowed": False,
        "filters": _filters(instrument),
        "permissions": ["SPOT"],
        "permissionSets": [["SPOT"]],
        "defaultSelfTradePreventionMode": "NONE",
        "allowedSelfTradePreventionModes": ["NONE"],
    }


def _filters(instrument: Instrument) -> list[Json]:
    tick, lot = plain(instrument.tick), plain(instrument.lot)
    smallest = plain(max(instrument.min_quantity, instrument.lot))
    largest = plain(instrument.lot * 10**15)
    return [
        {"filterType": "PRICE_FILTER", "minPrice": tick, "maxPrice": plain(instrument.tick * 10**12), "tickSize": tick},
        {"filterType": "LOT_SIZE", "minQty": smallest, "maxQty": largest, "stepSize": lot},
        {
            "filterType": "NOTIONAL",
            "minNotional": plain(instrument.min_notional),
            "applyMinToMarket": True,
            "maxNotional": "1000000000000.00000000",
            "applyMaxToMarket": False,
            "avgPriceMins": 0,
        },
    ]


def public_trades(bars: Iterable[TickBar], instrument: Instrument, length: int) -> list[Json]:
    """Return the market's own trades: one at each corner of each bar's path after its open, a third of the volume each.

    Ids follow from the bar's open time (`length` in ms), so any window shows the same ones.
    """
    trades: list[Json] = []
    for bar in bars:
        before = bar.open
        for number, corner in enumerate(path(bar, length)[1:]):
            lots = bar.volume // 3
            trades.append(
                {
                    "id": bar.opened // length * 3 + number,
                    "price": price_text(corner.price, instrument),
                    "qty": plain(lots * instrument.lot),
                    "quoteQty": plain(notional(lots, corner.price, instrument)),
                    "time": corner.at,
                    "isBuyerMaker": corner.price < before,
                    "isBestMatch": True,
                }
            )
            before = corner.price
    return trades
