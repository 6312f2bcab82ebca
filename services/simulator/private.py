"""One account's own data over REST: orders, fills, balances and the key of its stream."""

import hashlib
from collections.abc import Mapping

from aiohttp import web

from services.simulator import answers
from services.simulator.public import integer
from services.simulator.refusals import NO_SUCH_ORDER, UNKNOWN_LISTEN_KEY, missing
from services.simulator.signed import Signed, authenticate, params_of
from services.simulator.venue import VENUE, Venue
from trading.money import ZERO
from trading.simulation.working_order import WorkingOrder

routes = web.RouteTableDef()


def find_order(venue: Venue, account: str, symbol: str, params: Mapping[str, str]) -> WorkingOrder | None:
    """Return the account's order by orderId, or the latest by origClientOrderId; None when there is none."""
    number, client_id = params.get("orderId"), params.get("origClientOrderId")
    if not number and not client_id:
        raise missing("orderId")
    orders = venue.recorded.exchange.orders
    if number:
        order = orders.get(integer(params, "orderId", 0))
        found = [order] if order is not None else []
    else:
        order = venue.recorded.exchange.latest.get((account, symbol, client_id or ""))
        found = [order] if order is not None else []
    mine = [order for order in found if order.account == account and order.symbol == symbol]
    return mine[-1] if mine else None


def _visible(signed: Signed, order: WorkingOrder) -> bool:
    """Whether queries see `order` already: they may lag behind the matching engine."""
    lag = signed.venue.faults.plan.visibility_lag_ms
    return lag == 0 or signed.venue.now - order.placed >= lag


@routes.get("/api/v3/order")
async def order(request: web.Request) -> web.Response:
    """Answer one order."""
    signed = await authenticate(request)
    instrument = signed.venue.instrument(signed.params.get("symbol"))
    found = find_order(signed.venue, signed.account, instrument.symbol, signed.params)
    if found is None or not _visible(signed, found):
        raise NO_SUCH_ORDER
    return web.json_response(answers.order(found, instrument))


@routes.get("/api/v3/openOrders")
async def open_orders(request: web.Request) -> web.Response:
    """Answer the open orders of one symbol or of all."""
    signed = await authenticate(request)
    named = signed.params.get("symbol")
    symbol = signed.venue.instrument(named).symbol if named else None
    found = signed.venue.recorded.exchange.open_orders(signed.account, symbol)
    instruments = signed.venue.recorded.exchange.instruments
    shown = [answers.order(one, instruments[one.symbol]) for one in found if _visible(signed, one)]
    return web.json_response(shown)


@routes.get("/api/v3/allOrders")
async def all_orders(request: web.Request) -> web.Response:
    """Answer all orders of one symbol from orderId on, or the last ones."""
    signed = await authenticate(request)
    instrument = signed.venue.instrument(signed.params.get("symbol"))
    first, limit = integer(signed.params, "orderId", 0), _limit(signed)
    start, end = integer(signed.params, "startTime", 0), integer(signed.params, "endTime", signed.venue.now)
    found = [
        one
        for one in signed.venue.recorded.exchange.orders.values()
        if (one.account, one.symbol) == (signed.account, instrument.symbol)
        and one.order_id >= first
        and start <= one.placed <= end
        and _visible(signed, one)
    ]
    chosen = found[:limit] if first or start else found[-limit:]
    return web.json_response([answers.order(one, instrument) for one in chosen])


@routes.get("/api/v3/myTrades")
async def my_trades(request: web.Request) -> web.Response:
    """Answer the account's fills of one symbol from fromId on, or the last ones."""
    signed = await authenticate(request)
    instrument = signed.venue.instrument(signed.params.get("symbol"))
    first, limit, only = integer(signed.params, "fromId", 0), _limit(signed), integer(signed.params, "orderId", 0)
    start, end = integer(signed.params, "startTime", 0), integer(signed.params, "endTime", signed.venue.now)
    lag = signed.venue.faults.plan.trades_lag_ms
    found = [
        trade
        for trade in signed.venue.trades(signed.account, instrument.symbol)
        if trade.trade_id >= first
        and start <= trade.at <= end
        and only in {0, trade.order_id}
        and signed.venue.now - trade.at >= lag
    ]
    chosen = found[:limit] if "fromId" in signed.params or start else found[-limit:]
    return web.json_response([answers.my_trade(trade) for trade in chosen])


@routes.get("/api/v3/account")
async def account(request: web.Request) -> web.Response:
    """Answer the account's balances and rights; withdrawing is never one of them."""
    signed = await authenticate(request)
    funds = signed.venue.recorded.exchange.funds.accounts[signed.account]
    balances = [
        {
            "asset": currency,
            "free": answers.plain(funds.free.get(currency, ZERO)),
            "locked": answers.plain(funds.locked.get(currency, ZERO)),
        }
        for currency in funds.currencies()
    ]
    return web.json_response(
        {
            "makerCommission": 10,
            "takerCommission": 10,
            "buyerCommission": 0,
            "sellerCommission": 0,
            "canTrade": True,
            "canWithdraw": False,
            "canDeposit": False,
            "brokered": False,
            "accountType": "SPOT",
            "updateTime": signed.venue.now,
            "balances": balances,
            "permissions": ["SPOT"],
        }
    )


@routes.get("/api/v3/account/commission")
async def commission(request: web.Request) -> web.Response:
    """Answer the fees of one symbol as fractions."""
    signed = await authenticate(request)
    instrument = signed.venue.instrument(signed.params.get("symbol"))
    standard = {"maker": answers.plain(instrument.maker_fee), "taker": answers.plain(instrument.taker_fee)}
    return web.json_response(
        {
            "symbol": answers.name_of(instrument.symbol),
            "standardCommission": standard | {"buyer": "0.00000000", "seller": "0.00000000"},
        }
    )


def _limit(signed: Signed) -> int:
    return min(max(1, integer(signed.params, "limit", 500)), 1000)


def listen_key(api_key: str, secret: str) -> str:
    """Return the key of an account's stream, which nobody can guess and which outlives restarts."""
    return hashlib.sha256(f"stream|{api_key}|{secret}".encode()).hexdigest()


@routes.post("/api/v3/userDataStream")
async def open_stream(request: web.Request) -> web.Response:
    """Answer the key of the account's stream."""
    owner = request.app[VENUE].account(request.headers.get("X-MBX-APIKEY"))
    return web.json_response({"listenKey": listen_key(owner.api_key, owner.secret)})


@routes.put("/api/v3/userDataStream")
@routes.delete("/api/v3/userDataStream")
async def keep_stream(request: web.Request) -> web.Response:
    """Keep or close the account's stream; its key stays the same."""
    owner = request.app[VENUE].account(request.headers.get("X-MBX-APIKEY"))
    if (await params_of(request)).get("listenKey") != listen_key(owner.api_key, owner.secret):
        raise UNKNOWN_LISTEN_KEY
    return web.json_response({})
