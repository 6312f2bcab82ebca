"""Signed requests: what every private endpoint does before and after its own work."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiohttp import web

from services.simulator.refusals import Refusal, refused
from services.simulator.signing import TimeFence, account_of, check_signature, time_fence
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
    """A signed request that may change something, with its number in the court record."""

    signed: Signed
    number: int


async def params_of(request: web.Request) -> Params:
    """Return the parameters of the query string and of the form body together."""
    form = await request.post()
    return {**request.query, **{name: str(value) for name, value in form.items()}}


async def authenticate(request: web.Request) -> Signed:
    """Return the request with its account; refused on key, signature or time."""
    venue = request.app[VENUE]
    account = account_of(request.headers.get("X-MBX-APIKEY"), venue.config.accounts)
    params = await params_of(request)
    fence = time_fence(params)
    check_signature(account.secret, request.rel_url.raw_query_string, await request.text(), params.get("signature"))
    fence.check(venue.now)
    return Signed(venue, account.name, params, fence)


def command(
    handler: Callable[[web.Request, Command], Awaitable[web.StreamResponse]],
) -> Callable[..., Awaitable[web.StreamResponse]]:
    """Wrap a handler whose request may change something: in the record before, answered only when it is durable."""

    async def wrapped(request: web.Request) -> web.StreamResponse:
        signed = await authenticate(request)
        recorded = signed.venue.recorded
        number = recorded.request(signed.account, request.method, request.path, signed.params)
        try:
            answer = await handler(request, Command(signed, number))
        except Denied as denial:
            refusal = refused(denial)
            recorded.answer(number, refusal.status, refusal.code)
            raise refusal from None
        except Refusal as refusal:
            recorded.answer(number, refusal.status, refusal.code)
            raise
        recorded.answer(number, answer.status, 0)
        return answer

    return wrapped
