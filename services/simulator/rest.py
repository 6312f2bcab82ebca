"""The REST application: weights before every answer, Binance-shaped bodies for every refusal."""

from dataclasses import replace

from aiohttp import web
from aiohttp.typedefs import Handler

from services.simulator import orders, private, public, streams
from services.simulator.refusals import MAINTENANCE, Refusal
from services.simulator.struck import answered, hang_up
from services.simulator.venue import VENUE, Venue

_WEIGHTS = {
    "/api/v3/exchangeInfo": 20,
    "/api/v3/klines": 2,
    "/api/v3/depth": 5,
    "/api/v3/trades": 25,
    "/api/v3/historicalTrades": 25,
    "/api/v3/aggTrades": 4,
    "/api/v3/ticker/price": 2,
    "/api/v3/ticker/bookTicker": 2,
    "/api/v3/ticker/24hr": 2,
    "/api/v3/account": 20,
    "/api/v3/account/commission": 20,
    "/api/v3/myTrades": 20,
    "/api/v3/allOrders": 20,
    "/api/v3/openOrders": 6,
    "/api/v3/userDataStream": 2,
}
_ORDER_QUERY = 4
_READS = {
    "/api/v3/order": "query",
    "/api/v3/allOrders": "query",
    "/api/v3/openOrders": "open_orders",
    "/api/v3/myTrades": "trades",
    "/api/v3/account": "account",
    "/api/v3/account/commission": "account",
    "/api/v3/userDataStream": "account",
}
_COMMANDS = frozenset({"order", "cancel"})
_PUBLIC = frozenset({"market"})
#: Answers that tell a client to stop: the court record counts them.
_WARNINGS = frozenset({401, 418, 429, 503})


def _weight(request: web.Request) -> int:
    if request.method == "DELETE":
        return 1
    if request.path == "/api/v3/order" and request.method == "GET":
        return _ORDER_QUERY
    return _WEIGHTS.get(request.path, 1)


@web.middleware
async def binance_shaped(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Count the weight, bring the clock up to date, and turn refusals into the venue's bodies."""
    venue, code, ignored = request.app[VENUE], 0, request.app[VENUE].limits.closed
    try:
        venue.limits.spend(_weight(request))
        venue.catch_up()
        response = await _served(request, venue, handler)
    except Refusal as refusal:
        code = refusal.code
        response = web.json_response({"code": refusal.code, "msg": refusal.message}, status=refusal.status)
        if refusal.retry_after is not None:
            response.headers["Retry-After"] = str(refusal.retry_after)
    except web.HTTPNotFound:
        response = web.Response(status=404, text="<html><body>404 Not found</body></html>", content_type="text/html")
    if not response.prepared:
        response.headers["X-MBX-USED-WEIGHT-1M"] = str(venue.limits.used_weight)
        if "order_count" in request:
            response.headers["X-MBX-ORDER-COUNT-10S"] = str(request["order_count"])
    if response.status in _WARNINGS:
        _note(venue, request, response, code, ignored=ignored)
    return response


async def _served(request: web.Request, venue: Venue, handler: Handler) -> web.StreamResponse:
    """Serve the request under the conditions in force; the faults strike here unless the request is a command."""
    conditions, kind = venue.recorded.conditions, _kind(request)
    if conditions.down(venue.now):
        _note(venue, request, None, 0, ignored=True)
        return hang_up(request)
    if kind not in _PUBLIC and conditions.in_maintenance(venue.now):
        raise MAINTENANCE
    if kind in _COMMANDS or not venue.faults.plan.rules:
        return await handler(request)
    strikes = venue.faults.draw((kind, "any"), request.query.get("symbol"))
    # A read does nothing, so whatever hides its answer may as well come before it.
    at_once = [replace(strike, acts=False) for strike in strikes]
    return await answered(request, venue, at_once, lambda: handler(request))


def _kind(request: web.Request) -> str:
    """Return what faults call this request."""
    if request.path in {"/api/v3/order", "/api/v3/openOrders"} and request.method != "GET":
        return "order" if request.method == "POST" else "cancel"
    return _READS.get(request.path, "market")


def _note(venue: Venue, request: web.Request, response: web.StreamResponse | None, code: int, *, ignored: bool) -> None:
    """Note in the court record that a client was told to stop; `ignored` when it had been told before."""
    after = None if response is None else response.headers.get("Retry-After")
    status = 0 if response is None else response.status
    asked = {"method": request.method, "path": request.path, "retry_after": after, "ignored": ignored}
    venue.recorded.note({"event": "warned", "status": status, "code": code, **asked, "at": venue.now})


def application(venue: Venue) -> web.Application:
    """Return the REST and WebSocket application of `venue`."""
    app = web.Application(middlewares=[binance_shaped])
    app[VENUE] = venue
    for routes in (public.routes, private.routes, orders.routes, streams.routes):
        app.add_routes(routes)
    app[streams.HUB] = streams.Hub(venue)
    return app
