"""A request under its faults: it waits, is turned away, does its work, and is answered rightly or not."""

import asyncio
import json
import socket
import struct
from collections.abc import Awaitable, Callable, Sequence

from aiohttp import web

from services.simulator.faults import DELAY, DELAY_ANSWER, QUEUE, TOO_MANY, Strike
from services.simulator.venue import Venue
from services.simulator.wrong_answers import ANSWERS, BREAKS, CHANGES, changed

_RETRY_AFTER = {429: 5, 418: 120}
_RESET = struct.pack("ii", 1, 0)


async def answered(
    request: web.Request, venue: Venue, strikes: Sequence[Strike], act: Callable[[], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Return what `request` is answered under `strikes`; `act` does its work and makes the right answer."""
    await _wait(venue, strikes)
    wrong = [strike for strike in strikes if strike.rule.fault in ANSWERS or strike.rule.fault in BREAKS]
    for strike in wrong:
        if not strike.acts:
            return _wrong(request, venue, strike)
    answer = await act()
    for strike in strikes:
        if strike.rule.fault == DELAY_ANSWER:
            await asyncio.sleep(strike.rule.milliseconds / 1000)
    if wrong:
        return _wrong(request, venue, wrong[0])
    for strike in strikes:
        if strike.rule.fault in CHANGES and isinstance(answer, web.Response) and answer.text:
            answer = web.json_response(changed(strike.rule.fault, json.loads(answer.text)))
    return answer


def hang_up(request: web.Request, *, reset: bool = False) -> web.Response:
    """Close the connection without an answer: orderly, or with a reset."""
    transport = request.transport
    if transport is not None:
        if reset:
            transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        transport.close()
    return web.Response(status=500)


async def _wait(venue: Venue, strikes: Sequence[Strike]) -> None:
    """Hold the request up: in real time where it is delayed, in the venue's where it is queued."""
    for strike in strikes:
        if strike.rule.fault == DELAY:
            await asyncio.sleep(strike.rule.milliseconds / 1000)
        if strike.rule.fault == QUEUE:
            await venue.queue.wait(venue.now + strike.rule.milliseconds)


def _wrong(request: web.Request, venue: Venue, strike: Strike) -> web.Response:
    fault, seconds = strike.rule.fault, strike.rule.milliseconds / 1000
    if fault in BREAKS:
        sent, reset, _ = BREAKS[fault]
        if sent and request.transport is not None:
            request.transport.write(sent)
        return hang_up(request, reset=reset)
    wrong = ANSWERS[fault]
    headers = {"Location": "/api/v3/ping"} if wrong.status == 302 else {}
    if wrong.status in _RETRY_AFTER:
        headers["Retry-After"] = str(-int(-seconds // 1) or _RETRY_AFTER[wrong.status])
    if fault == TOO_MANY and seconds:
        venue.limits.close_for(seconds)
    kind = "text/html" if wrong.body.startswith("<") else "application/json"
    return web.Response(status=wrong.status, text=wrong.body, content_type=kind, headers=headers)
