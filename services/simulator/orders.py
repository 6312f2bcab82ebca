"""Orders over REST: place, test and cancel, with the faults of the plan in force."""

from contextlib import suppress
from decimal import Decimal

from aiohttp import web

from services.simulator import answers
from services.simulator.faults import FILL_AFTER, FILL_FIRST, LATE_FILLS, OVERFILL
from services.simulator.private import find_order
from services.simulator.refusals import CANCEL_REJECTED
from services.simulator.signed import Command, authenticate, command
from services.simulator.tickets import ticket
from trading.errors import Denied
from trading.money import multiply, text
from trading.order import OrderType
from trading.simulation.funds import Trade
from trading.simulation.late import Slices
from trading.simulation.working_order import WorkingOrder

routes = web.RouteTableDef()


@routes.post("/api/v3/order")
@command
async def place(request: web.Request, order: Command) -> web.StreamResponse:
    """Place an order."""
    signed, venue = order.signed, order.signed.venue
    request["order_count"] = venue.limits.count_order(signed.account)
    instrument = venue.instrument(signed.params.get("symbol"))
    wanted = ticket(signed.account, instrument.symbol, signed.params)
    # Checked again at the last moment: a request that was held up must not act.
    venue.catch_up()
    signed.fence.check(venue.shown_time)
    late = order.rule(LATE_FILLS)
    slices = None if late is None else Slices(late.parts, late.milliseconds)
    taken, trades = venue.recorded.place(order.number, wanted, slices)
    over = order.rule(OVERFILL)
    if over is not None:
        trades = trades + _force(order, taken, taken.remaining + max(1, taken.lots // over.parts))
    form = signed.params.get("newOrderRespType", "ACK" if taken.type is OrderType.STOP_LOSS else "FULL")
    return web.json_response(answers.placed(taken, instrument, trades, form))


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
    first, after = order.rule(FILL_FIRST), order.rule(FILL_AFTER)
    if found is not None and found.open and first is not None:
        _force(order, found, max(1, found.remaining // first.parts))
    if found is None or not found.open:
        raise CANCEL_REJECTED
    venue.recorded.cancel(order.number, found)
    answer = answers.canceled(found, instrument, signed.params.get("newClientOrderId", ""))
    if after is not None:
        _force(order, found, max(1, found.remaining // after.parts))
    return web.json_response(answer)


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


def _force(order: Command, filled: WorkingOrder, lots: int) -> list[Trade]:
    """Fill `lots` of an order whatever the market; return the trade, or nothing when the account cannot pay."""
    recorded = order.signed.venue.recorded
    before = len(recorded.exchange.trades)
    quantity = multiply(Decimal(lots), recorded.exchange.instruments[filled.symbol].lot)
    act = {"event": "force", "of": order.number, "order_id": filled.order_id, "quantity": text(quantity)}
    with suppress(Denied):
        recorded.command(act | {"at": recorded.now})
    return recorded.exchange.trades[before:]
