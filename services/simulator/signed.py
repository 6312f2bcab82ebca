"""Signed requests: what every private endpoint does before and after its own work."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from aiohttp import web

from services.simulator.faults import FaultRule, Strike
from services.simulator.refusals import Refusal, refused
from services.simulator.signing import TimeFence, check_signature, time_fence
from services.simulator.struck import answered
from services.simulator.venue import VENUE, Venue
from trading.errors import Denied

Params = dict[str, str]


@dataclass(frozen=True)
class Signed:
    """A request that is proven to come from `account` and was in time when it arrived."""

    venue: Venue
    account: str
    params: Params
    fence: TimeFence


@dataclass(frozen=True)
class Command:
    """A signed request that may change something, with its number in the court record and the faults it meets."""

    signed: Signed
    number: int
    strikes: Sequence[Strike] = ()

    def rule(self, fault: str) -> FaultRule | None:
        """Return the rule by which `fault` strikes this request, or None."""
        return next((strike.rule for strike in self.strikes if strike.rule.fault == fault), None)


async def params_of(request: web.Request) -> Params:
    """Return the parameters of the query string and of the form body together."""
    form = await request.post()
    return {**request.query, **{name: str(value) for name, value in form.items()}}


async def authenticate(request: web.Request) -> Signed:
    """Return the request with its account; refused on key, signature or time."""
    venue = request.app[VENUE]
    account = venue.account(request.headers.get("X-MBX-APIKEY"))
    params = await params_of(request)
    fence = time_fence(params)
    check_signature(account.secret, request.rel_url.raw_query_string, await request.text(), params.get("signature"))
    fence.check(venue.shown_time)
    return Signed(venue, account.name, params, fence)


def command(
    handler: Callable[[web.Request, Command], Awaitable[web.StreamResponse]],
) -> Callable[..., Awaitable[web.StreamResponse]]:
    """Wrap a handler whose request may change something: in the record before, answered only when it is durable.

    The faults in force strike between the two.
    """

    async def wrapped(request: web.Request) -> web.StreamResponse:
        signed = await authenticate(request)
        venue, status, code = signed.venue, 500, 0
        number = venue.recorded.request(signed.account, request.method, request.path, signed.params)
        strikes = venue.faults.draw(_kinds(request.method, signed.params), signed.params.get("symbol"))
        try:
            order = Command(signed, number, strikes)
            answer = await answered(request, venue, strikes, lambda: handler(request, order))
            status = answer.status
        except (Denied, Refusal) as no:
            refusal = refused(no) if isinstance(no, Denied) else no
            status, code = refusal.status, refusal.code
            raise refusal from None
        finally:
            venue.recorded.note({"event": "answer", "of": number, "status": status, "code": code})
        return answer

    return wrapped


def _kinds(method: str, params: Params) -> tuple[str, ...]:
    if method == "DELETE":
        return ("cancel", "any")
    return ("order", "stop", "any") if params.get("type") == "STOP_LOSS" else ("order", "any")
