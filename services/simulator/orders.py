"""Orders over REST: place, test and cancel, with the faults of the plan in force."""

import asyncio

from aiohttp import web

from services.simulator import answers, faults
from services.simulator.faults import LIES_AFTER, TURNED_AWAY, FaultRule
from services.simulator.private import find_order
from services.simulator.refusals import CANCEL_REJECTED
from services.simulator.signed import Command, authenticate, command
from services.simulator.tickets import ticket
from trading.order import OrderType

routes = web.RouteTableDef()


@routes.post("/api/v3/order")
@command
async def place(request: web.Request, order: Command) -> web.StreamResponse:
    """Place an order."""
    signed, venue = order.signed, order.signed.venue
    struck = venue.faults.draw()
    for rule in struck:
        if rule.fault == faults.DELAY:
            await asyncio.sleep(rule.milliseconds / 1000)
    turned_away = await _turn_away(request, struck)
    if turned_away is not None:
        return turned_away
    orders_now = venue.limits.count_order(signed.account)
    instrument = venue.instrument(signed.params.get("symbol"))
    wanted = ticket(signed.account, instrument.symbol, signed.params)
    # Checked again at the last moment: a request that was held up must not act.
    venue.catch_up()
    signed.fence.check(venue.now)
    taken, trades = venue.recorded.place(order.number, wanted)
    lied = await _lie(request, struck)
    if lied is not None:
        return lied
    form = signed.params.get("newOrderRespType", "ACK" if taken.type is OrderType.STOP_LOSS else "FULL")
    answer = answers.placed(taken, instrument, trades, form)
    return web.json_response(answer, headers={"X-MBX-ORDER-COUNT-10S": str(orders_now)})


@routes.post("/api/v3/order/test")
async def test(request: web.Request) -> web.Response:
    """Check an order without placing it."""
    signed = await authenticate(request)
    instrument = signed.venue.instrument(signed.params.get("symbol"))
    ticket(signed.account, instrument.symbol, signed.params)
    return web.json_response({})


@routes.delete("/api/v3/order")
@command
async def cancel(_request: web.Request, order: Command) -> web.StreamResponse:
    """Cancel one order by its id or client id."""
    signed, venue = order.signed, order.signed.venue
    instrument = venue.instrument(signed.params.get("symbol"))
    found = find_order(venue, signed.account, instrument.symbol, signed.params)
    if found is None or not found.open:
        raise CANCEL_REJECTED
    venue.recorded.cancel(order.number, found)
    return web.json_response(answers.canceled(found, instrument, signed.params.get("newClientOrderId", "")))


@routes.delete("/api/v3/openOrders")
@command
async def cancel_all(_request: web.Request, order: Command) -> web.StreamResponse:
    """Cancel all open orders of one symbol."""
    signed, venue = order.signed, order.signed.venue
    instrument = venue.instrument(signed.params.get("symbol"))
    found = venue.recorded.exchange.open_orders(signed.account, instrument.symbol)
    if not found:
        raise CANCEL_REJECTED
    for open_order in found:
        venue.recorded.cancel(order.number, open_order)
    return web.json_response([answers.canceled(gone, instrument, "") for gone in found])


async def _turn_away(request: web.Request, struck: list[FaultRule]) -> web.StreamResponse | None:
    """Answer with the first fault that keeps the order from being accepted, if there is one."""
    for rule in struck:
        if rule.fault == faults.CLOSE_BEFORE:
            return _hang_up(request)
        if rule.fault in TURNED_AWAY:
            status, body = TURNED_AWAY[rule.fault]
            return _raw(status, body)
    return None


async def _lie(request: web.Request, struck: list[FaultRule]) -> web.StreamResponse | None:
    """Answer with the first fault that hides an accepted order, if there is one."""
    for rule in struck:
        if rule.fault == faults.LOSE_ANSWER:
            return _hang_up(request)
        if rule.fault == faults.SHORT_ANSWER:
            response = web.StreamResponse(headers={"Content-Length": "500", "Content-Type": "application/json"})
            await response.prepare(request)
            await response.write(b'{"symbol":')
            _hang_up(request)
            return response
        if rule.fault in LIES_AFTER:
            status, body = LIES_AFTER[rule.fault]
            return _raw(status, body)
    return None


def _hang_up(request: web.Request) -> web.Response:
    """Close the connection without an answer."""
    if request.transport is not None:
        request.transport.close()
    return web.Response(status=500)


def _raw(status: int, body: str) -> web.Response:
    headers = {"Location": "/api/v3/ping"} if status == 302 else {}
    if status in {418, 429}:
        headers["Retry-After"] = "120" if status == 418 else "5"
    kind = "text/html" if body.startswith("<") else "application/json"
    return web.Response(status=status, text=body, content_type=kind, headers=headers)
