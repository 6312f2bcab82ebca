"""The control port: the clock, the faults, the conditions and the interventions, for whoever holds the token."""

import asyncio
import hmac
import json
from datetime import UTC, datetime

from aiohttp import web
from aiohttp.typedefs import Handler
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.types import AwareDatetime

from services.simulator import answers, events
from services.simulator.conditions import Conditions
from services.simulator.faults import FaultPlan
from services.simulator.interventions import Intervention, intervene
from services.simulator.refusals import Refusal
from services.simulator.venue import VENUE, Venue
from trading.errors import Denied
from trading.timeframe import milliseconds_of

routes = web.RouteTableDef()
#: How long the clock stands for those who waited for this moment, in seconds.
_LET_ACT = 0.02


class _Advance(BaseModel):
    model_config = ConfigDict(extra="forbid")

    to: AwareDatetime


@web.middleware
async def with_token(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse whoever does not show the token."""
    token = request.app[VENUE].config.control_token
    shown = request.headers.get("X-Control-Token", "")
    if not hmac.compare_digest(shown.encode(), token.encode()):
        return web.json_response({"error": "X-Control-Token is missing or wrong"}, status=401)
    request.app[VENUE].catch_up()
    try:
        return await handler(request)
    except (ValidationError, Denied, ValueError) as error:
        return web.json_response({"error": str(error)}, status=400)
    except Refusal as refusal:
        return web.json_response({"error": refusal.message}, status=400)


@routes.get("/state")
async def state(request: web.Request) -> web.Response:
    """Answer time, last prices, fills and open orders by account, and whether the market has ended."""
    venue = request.app[VENUE]
    exchange = venue.recorded.exchange
    accounts = list(exchange.funds.accounts)
    end = venue.market.end
    return web.json_response(
        {
            "now": venue.recorded.exchange.moment.isoformat(),
            "symbols": {
                instrument.symbol: {"last_price": _last(venue, instrument.symbol)} for instrument in venue.instruments
            },
            "trades": {
                name: sum(len(venue.trades(name, symbol)) for symbol in exchange.instruments) for name in accounts
            },
            "open_orders": {name: len(exchange.open_orders(name)) for name in accounts},
            "finished": end is not None and venue.now >= end,
        }
    )


@routes.post("/advance")
async def advance(request: web.Request) -> web.Response:
    """Walk to `to`, or to the first fill before it; `done` says that nothing is left to walk."""
    venue = request.app[VENUE]
    moment = milliseconds_of(_Advance.model_validate_json(await request.read()).to)
    # Requests that wait in the venue's time act at their own moment: the clock stops there.
    due = venue.queue.due
    until = moment if due is None else min(moment, max(due, venue.now))
    trades = venue.recorded.advance(until)
    if venue.recorded.exchange.settled(until) and venue.queue.release(venue.now):
        await asyncio.sleep(_LET_ACT)
    return web.json_response(
        {
            "now": venue.recorded.exchange.moment.isoformat(),
            "fills": [events.fill(trade) | {"at": iso(trade.at)} for trade in trades],
            "done": venue.recorded.exchange.settled(moment) and (venue.queue.due or moment + 1) > moment,
        }
    )


@routes.post("/faults")
async def faults(request: web.Request) -> web.Response:
    """Put a fault plan in force; an empty one ends all faults."""
    plan = FaultPlan.model_validate_json(await request.read())
    request.app[VENUE].faults.follow(plan)
    return web.json_response(plan.model_dump(mode="json"))


@routes.get("/faults")
async def struck(request: web.Request) -> web.Response:
    """Answer how often each rule of the plan in force has struck."""
    faults = request.app[VENUE].faults
    return web.json_response({"struck": [faults.struck[number] for number in range(len(faults.plan.rules))]})


@routes.post("/conditions")
async def conditions(request: web.Request) -> web.Response:
    """Change the conditions that are named and leave the others as they are."""
    recorded = request.app[VENUE].recorded
    changed = recorded.conditions.model_dump() | json.loads(await request.read())
    now = Conditions.model_validate(changed).model_dump(mode="json")
    recorded.note({"event": "conditions", "now": now, "at": recorded.now})
    return web.json_response(now)


@routes.post("/interventions")
async def interventions(request: web.Request) -> web.Response:
    """Do one act of the venue or of a stranger and answer its consequences."""
    act = Intervention.model_validate_json(await request.read())
    return web.json_response({"consequences": intervene(request.app[VENUE], act)})


@routes.get("/record")
async def record(request: web.Request) -> web.Response:
    """Answer where the court record lies."""
    return web.json_response({"path": str(request.app[VENUE].recorded.record.path)})


def iso(milliseconds: int) -> str:
    """Return a time in ms as ISO 8601 in UTC."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(timespec="milliseconds")


def _last(venue: Venue, symbol: str) -> str | None:
    instrument = venue.recorded.exchange.instruments[symbol]
    price = venue.book(instrument).walk.price
    return None if price is None else answers.price_text(price, instrument)
