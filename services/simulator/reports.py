"""The payloads of the WebSocket streams, in Binance's shapes."""

from collections.abc import Iterator
from typing import Any

from services.simulator import answers
from services.simulator.answers import Json
from services.simulator.events import Event
from services.simulator.venue import Venue
from trading.instrument import Instrument
from trading.money import ZERO
from trading.simulation.funds import Trade
from trading.simulation.path import TickBar
from trading.simulation.working_order import Status, WorkingOrder
from trading.timeframe import Timeframe


def channel(account: str) -> str:
    """Return the name of the channel that only `account` hears."""
    return f"account {account}"


def user_events(venue: Venue, event: Event) -> Iterator[tuple[str, Json]]:
    """Yield (channel, payload) of what an accepted, canceled or fill event means to its account."""
    exchange = venue.recorded.exchange
    if event["event"] not in {"accepted", "canceled", "fill"}:
        return
    order = exchange.orders[event["order_id"]]
    if event["event"] == "fill":
        trade = next(one for one in reversed(exchange.trades) if _is(one, event))
        yield channel(order.account), _report(venue, order, "TRADE", trade)
    else:
        yield channel(order.account), _report(venue, order, "NEW" if event["event"] == "accepted" else "CANCELED", None)
    yield channel(order.account), _balances(venue, order.account)


def _is(trade: Trade, event: Event) -> bool:
    return (trade.symbol, trade.trade_id) == (event["symbol"], event["trade_id"])


def _report(venue: Venue, order: WorkingOrder, kind: str, trade: Trade | None) -> Json:
    """Return an executionReport of `order` as it stood right after `trade`, or when it was new."""
    instrument = venue.recorded.exchange.instruments[order.symbol]
    return {
        "e": "executionReport",
        "E": venue.now,
        "s": answers.name_of(order.symbol),
        "c": order.client_id,
        "S": order.side.value,
        "o": order.type.value,
        "f": "IOC" if order.immediate else "GTC",
        "q": answers.plain(order.lots * instrument.lot),
        "p": answers.price_text(order.limit, instrument),
        "P": answers.price_text(order.stop, instrument),
        "F": "0.00000000",
        "Q": "0.00000000",
        "g": -1,
        "C": order.client_id if kind == "CANCELED" else "",
        "x": kind,
        "r": "NONE",
        "i": order.order_id,
        "w": order.open,
        "O": order.placed,
    } | _execution(venue, order, kind, trade)


def _execution(venue: Venue, order: WorkingOrder, kind: str, trade: Trade | None) -> Json:
    """Return the fields of a report that say what was filled: last and together."""
    done = [one for one in venue.recorded.exchange.trades if one.order_id == order.order_id]
    if kind != "CANCELED":
        done = [one for one in done if trade is not None and one.trade_id <= trade.trade_id]
    filled = sum((one.quantity for one in done), start=ZERO)
    whole = order.lots * venue.recorded.exchange.instruments[order.symbol].lot
    status = {"NEW": Status.NEW, "CANCELED": Status.CANCELED}.get(kind)
    together = {
        "X": (status or (Status.FILLED if filled >= whole else Status.PARTIALLY_FILLED)).value,
        "z": answers.plain(filled),
        "Z": answers.plain(sum((one.quote for one in done), start=ZERO)),
    }
    if trade is None:
        zero = answers.plain(ZERO)
        return together | {
            "l": zero,
            "L": zero,
            "Y": zero,
            "n": "0",
            "N": None,
            "T": order.updated,
            "t": -1,
            "m": False,
        }
    return together | {
        "l": answers.plain(trade.quantity),
        "L": answers.plain(trade.price),
        "Y": answers.plain(trade.quote),
        "n": answers.plain(trade.fee),
        "N": trade.fee_currency,
        "T": trade.at,
        "t": trade.trade_id,
        "m": trade.maker,
    }


def _balances(venue: Venue, account: str) -> Json:
    funds = venue.recorded.exchange.funds.accounts[account]
    rows = [
        {
            "a": currency,
            "f": answers.plain(funds.free.get(currency, ZERO)),
            "l": answers.plain(funds.locked.get(currency, ZERO)),
        }
        for currency in funds.currencies()
    ]
    return {"e": "outboundAccountPosition", "E": venue.now, "u": venue.now, "B": rows}


def kline_event(venue: Venue, bar: TickBar, instrument: Instrument, timeframe: Timeframe) -> Json:
    """Return the kline event of `bar`; `x` says whether it is closed."""
    row: list[Any] = answers.kline(bar, instrument, timeframe)
    name = answers.name_of(instrument.symbol)
    names = ("t", "o", "h", "l", "c", "v", "T", "q", "n", "V", "Q", "B")
    shape = dict(zip(names, row, strict=True))
    ids = {"s": name, "i": str(timeframe), "f": -1, "L": -1, "x": venue.now >= row[6]}
    return {"e": "kline", "E": venue.now, "s": name, "k": shape | ids}


def depth_event(venue: Venue, instrument: Instrument, change: Json) -> Json:
    """Return the depth event of a `change` of the ladder of `instrument`."""
    return {"e": "depthUpdate", "E": venue.now, "s": answers.name_of(instrument.symbol), **change}


def trade_event(venue: Venue, instrument: Instrument) -> Json:
    """Return the event of the market's last trade."""
    length = venue.config.bar.milliseconds
    window = venue.market.window(instrument.symbol, venue.now - 2 * length, venue.now + 1)
    trades = [row for row in answers.public_trades(window, instrument, length) if row["time"] <= venue.now]
    last = trades[-1] if trades else {"id": -1, "price": "0", "qty": "0", "time": venue.now, "isBuyerMaker": False}
    shape = {
        "t": last["id"],
        "p": last["price"],
        "q": last["qty"],
        "T": last["time"],
        "m": last["isBuyerMaker"],
        "M": True,
    }
    return {"e": "trade", "E": venue.now, "s": answers.name_of(instrument.symbol), **shape}
