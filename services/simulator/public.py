"""Market data over REST, in Binance's shapes."""

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from services.simulator import answers
from services.simulator.refusals import malformed
from services.simulator.venue import VENUE, Venue
from trading.instrument import Instrument
from trading.order import Side
from trading.simulation.path import TickBar
from trading.timeframe import Timeframe

_FAR = 2**53
_DAY = Timeframe(86_400)

routes = web.RouteTableDef()

#: Levels a side of every book; streams tell of all of them, so a snapshot and the changes after it fit.
DEEPEST = 20


def integer(params: Mapping[str, str], name: str, default: int) -> int:
    """Return a whole number of the query, or `default`; refused when it is something else."""
    value = params.get(name)
    if value is None:
        return default
    if not value.isdecimal() or len(value) > 18:
        raise malformed(name)
    return int(value)


@routes.get("/api/v3/ping")
async def ping(_request: web.Request) -> web.Response:
    """Answer that somebody is there."""
    return web.json_response({})


@routes.get("/api/v3/time")
async def time(request: web.Request) -> web.Response:
    """Answer the venue's time; where it is stepped, the stops within one millisecond are told apart by `stop`."""
    venue = request.app[VENUE]
    stepped = {"stop": venue.recorded.exchange.stops} if venue.wall is None else {}
    return web.json_response({"serverTime": venue.shown_time} | stepped)


@routes.get("/api/v3/exchangeInfo")
async def exchange_info(request: web.Request) -> web.Response:
    """Answer what can be traded, and the limits."""
    venue = request.app[VENUE]
    named = request.query.get("symbol")
    instruments = [venue.instrument(named)] if named else venue.instruments
    limit = {
        "rateLimitType": "REQUEST_WEIGHT",
        "interval": "MINUTE",
        "intervalNum": 1,
        "limit": venue.config.weight_limit,
    }
    orders = {"rateLimitType": "ORDERS", "interval": "SECOND", "intervalNum": 10, "limit": venue.config.order_limit}
    return web.json_response(
        {
            "timezone": "UTC",
            "serverTime": venue.shown_time,
            "rateLimits": [limit, orders],
            "exchangeFilters": [],
            "symbols": [answers.market(venue.recorded.exchange.rules[one.symbol]) for one in instruments],
        }
    )


@routes.get("/api/v3/klines")
async def klines(request: web.Request) -> web.Response:
    """Answer bars: from startTime on, or the last ones before endTime or now."""
    venue, params = request.app[VENUE], request.query
    instrument, timeframe = venue.instrument(params.get("symbol")), venue.interval(params.get("interval"))
    limit = min(max(1, integer(params, "limit", 500)), 1000)
    end = integer(params, "endTime", _FAR) + 1
    if "startTime" in params:
        length = timeframe.milliseconds
        start = -(-integer(params, "startTime", 0) // length) * length
        bars = _first_bars(venue, instrument, timeframe, (start, end), limit)
    else:
        bars = venue.last_bars(instrument, timeframe, limit, end)
    return web.json_response([answers.kline(bar, instrument, timeframe) for bar in bars])


def _first_bars(
    venue: Venue, instrument: Instrument, timeframe: Timeframe, window: tuple[int, int], limit: int
) -> list[TickBar]:
    """Return the first `limit` bars that open in the `window` [start, end) in ms, looking past gaps."""
    bars: list[TickBar] = []
    start, end = window[0], min(window[1], venue.now + 1)
    span = timeframe.milliseconds * limit
    while len(bars) < limit and start < end:
        bars += venue.bars(instrument, timeframe, start, min(start + span, end))
        start += span
    return bars[:limit]


@routes.get("/api/v3/depth")
async def depth(request: web.Request) -> web.Response:
    """Answer the ladder that a market order would meet now."""
    venue, params = request.app[VENUE], request.query
    return web.json_response(depth_of(venue, venue.instrument(params.get("symbol")), integer(params, "limit", 100)))


def depth_of(venue: Venue, instrument: Instrument, limit: int) -> dict[str, Any]:
    """Return the order book of `instrument` with up to `limit` levels a side; it has DEEPEST at most."""
    walk = venue.book(instrument).walk

    def side(taker: Side) -> list[list[str]]:
        levels = [level for level, _ in zip(walk.levels(taker), range(min(limit, DEEPEST)), strict=False)]
        return [[answers.price_text(ticks, instrument), answers.plain(lots * instrument.lot)] for ticks, lots in levels]

    return {"lastUpdateId": venue.now, "bids": side(Side.SELL), "asks": side(Side.BUY)}


def _recent_trades(venue: Venue, instrument: Instrument, limit: int) -> list[dict[str, Any]]:
    length = venue.config.bar.milliseconds
    start = venue.now - venue.now % length - length * (limit // 3 + 1)
    bars = venue.market.window(instrument.symbol, start, venue.now + 1)
    trades = answers.public_trades(bars, instrument, length)
    return [trade for trade in trades if trade["time"] <= venue.now][-limit:]


@routes.get("/api/v3/trades")
@routes.get("/api/v3/historicalTrades")
async def trades(request: web.Request) -> web.Response:
    """Answer the market's last trades."""
    venue, params = request.app[VENUE], request.query
    instrument = venue.instrument(params.get("symbol"))
    return web.json_response(_recent_trades(venue, instrument, min(integer(params, "limit", 500), 1000)))


@routes.get("/api/v3/aggTrades")
async def aggregate_trades(request: web.Request) -> web.Response:
    """Answer the market's trades with their aggregate ids: every trade is one of its own."""
    venue, params = request.app[VENUE], request.query
    instrument, limit = venue.instrument(params.get("symbol")), min(integer(params, "limit", 500), 1000)
    start, end = integer(params, "startTime", 0), integer(params, "endTime", venue.now)
    first = integer(params, "fromId", 0)
    if start or first:
        length = venue.config.bar.milliseconds
        bars = venue.market.window(instrument.symbol, max(start, first // 3 * length) // length * length, end + 1)
        found = answers.public_trades(bars[: limit // 3 + 2], instrument, length)
    else:
        found = _recent_trades(venue, instrument, limit)
    chosen = [row for row in found if start <= row["time"] <= min(end, venue.now) and row["id"] >= first][:limit]
    return web.json_response([_aggregate(row) for row in chosen])


def _aggregate(trade: dict[str, Any]) -> dict[str, Any]:
    number = trade["id"]
    amounts = {"p": trade["price"], "q": trade["qty"], "T": trade["time"]}
    return {"a": number, "f": number, "l": number, "m": trade["isBuyerMaker"], "M": True, **amounts}


def _chosen(request: web.Request) -> tuple[Venue, list[Instrument], bool]:
    """Return the instruments asked for, and whether it was a single one."""
    venue, named = request.app[VENUE], request.query.get("symbol")
    if named:
        return venue, [venue.instrument(named)], True
    listed = request.query.get("symbols")
    if listed:
        return venue, [venue.instrument(name) for name in listed.strip("[]").replace('"', "").split(",")], False
    return venue, venue.instruments, False


def _ticker(request: web.Request, row: Any) -> web.Response:
    venue, instruments, single = _chosen(request)
    rows = [row(venue, instrument) for instrument in instruments if venue.book(instrument).walk.price is not None]
    return web.json_response(rows[0] if single and rows else rows)


@routes.get("/api/v3/ticker/price")
async def price(request: web.Request) -> web.Response:
    """Answer last prices."""
    return _ticker(request, _price_row)


@routes.get("/api/v3/ticker/bookTicker")
async def book_ticker(request: web.Request) -> web.Response:
    """Answer best bids and asks."""
    return _ticker(request, _best_row)


@routes.get("/api/v3/ticker/24hr")
async def day_ticker(request: web.Request) -> web.Response:
    """Answer what happened in the last 24 hours."""
    return _ticker(request, _day_row)


def _price_row(venue: Venue, instrument: Instrument) -> dict[str, Any]:
    price = answers.price_text(venue.book(instrument).walk.price, instrument)
    return {"symbol": answers.name_of(instrument.symbol), "price": price}


def _best_row(venue: Venue, instrument: Instrument) -> dict[str, Any]:
    ladder = depth_of(venue, instrument, 1)
    bid, ask = (ladder[side][0] if ladder[side] else ["0.00000000"] * 2 for side in ("bids", "asks"))
    quotes = {"bidPrice": bid[0], "bidQty": bid[1], "askPrice": ask[0], "askQty": ask[1]}
    return {"symbol": answers.name_of(instrument.symbol), **quotes}


def _day_row(venue: Venue, instrument: Instrument) -> dict[str, Any]:
    day = venue.bars(instrument, venue.config.bar, venue.now - _DAY.milliseconds, venue.now + 1)
    last = venue.book(instrument).walk.price or 0
    first = day[0].open if day else last
    volume = sum(bar.volume for bar in day)
    quote = sum((answers.notional(bar.volume, bar.close, instrument) for bar in day), start=instrument.tick * 0)
    text = answers.price_text
    return {
        **_best_row(venue, instrument),
        "priceChange": text(last - first, instrument),
        "priceChangePercent": f"{(last / first - 1) * 100 if first else 0:.3f}",
        "weightedAvgPrice": answers.plain(quote / (volume * instrument.lot)) if volume else text(last, instrument),
        "prevClosePrice": text(first, instrument),
        "lastPrice": text(last, instrument),
        "lastQty": "0.00000000",
        "openPrice": text(first, instrument),
        "highPrice": text(max((bar.high for bar in day), default=last), instrument),
        "lowPrice": text(min((bar.low for bar in day), default=last), instrument),
        "volume": answers.plain(volume * instrument.lot),
        "quoteVolume": answers.plain(quote),
        "openTime": venue.now - _DAY.milliseconds,
        "closeTime": venue.now,
        "firstId": -1,
        "lastId": -1,
        "count": 3 * len(day),
    }
