"""The REST application: weights before every answer, Binance-shaped bodies for every refusal."""

from aiohttp import web
from aiohttp.typedefs import Handler

from services.simulator import orders, private, public, streams
from services.simulator.refusals import Refusal
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


def _weight(request: web.Request) -> int:
    if request.method == "DELETE":
        return 1
    if request.path == "/api/v3/order" and request.method == "GET":
        return _ORDER_QUERY
    return _WEIGHTS.get(request.path, 1)


@web.middleware
async def binance_shaped(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Count the weight, bring the clock up to date, and turn refusals into the venue's bodies."""
    venue = request.app[VENUE]
    try:
        venue.limits.spend(_weight(request))
        venue.catch_up()
        response = await handler(request)
    except Refusal as refusal:
        response = web.json_response({"code": refusal.code, "msg": refusal.message}, status=refusal.status)
        if refusal.retry_after is not None:
            response.headers["Retry-After"] = str(refusal.retry_after)
    except web.HTTPNotFound:
        response = web.Response(status=404, text="<html><body>404 Not found</body></html>", content_type="text/html")
    if not response.prepared:
        response.headers["X-MBX-USED-WEIGHT-1M"] = str(venue.limits.used_weight)
    return response


def application(venue: Venue) -> web.Application:
    """Return the REST and WebSocket application of `venue`."""
    app = web.Application(middlewares=[binance_shaped])
    app[VENUE] = venue
    for routes in (public.routes, private.routes, orders.routes, streams.routes):
        app.add_routes(routes)
    app[streams.HUB] = streams.Hub(venue)
    return app
