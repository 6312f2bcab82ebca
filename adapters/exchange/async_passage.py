"""What ccxt.pro asks beside its streams: one request at a time, through the passage that all reads share."""

import asyncio
from typing import Any

from adapters.exchange.ccxt_client import Exchange, retry_after
from adapters.exchange.passage import Opening, Reply, Request, opened, request_of


def guard(exchange: Exchange, passage: Opening) -> None:
    """Lead all requests of the ccxt.pro `exchange` through `passage`; its streams are none."""
    way, plain, turn = opened(passage, exchange), exchange.fetch2, asyncio.Lock()
    answered: list[tuple[int, float | None]] = []

    def listen(*answer: Any) -> Any:
        status, _reason, _url, _method, headers, body, *_ = answer
        answered.append((status, retry_after(headers)))
        return body

    async def announced(*asked: Any, **more: Any) -> Any:
        request = request_of(exchange, *asked, **more)
        async with turn:
            # The passage waits and asks the database: the streams go on meanwhile.
            await asyncio.to_thread(way.enter, request)
            answered.clear()
            try:
                found = await plain(*asked, **more)
            except Exception:
                await asyncio.to_thread(way.leave, _reply(request, answered))
                raise
            await asyncio.to_thread(way.leave, _reply(request, answered))
            return found

    exchange.on_rest_response = listen
    exchange.fetch2 = announced


def _reply(request: Request, answered: list[tuple[int, float | None]]) -> Reply:
    status, pause = answered[-1] if answered else (None, None)
    return Reply(request, status, pause, "no answer" if status is None else f"HTTP {status}")
