"""A venue between the venue and us: passes on what it says over HTTP and WebSocket, and spoils what it is told to."""

import asyncio
import json
from collections.abc import Callable
from threading import Event, Thread
from typing import Any, Self

from aiohttp import ClientSession, WSMsgType, web

Message = dict[str, Any]


class Spoiler:
    """Listens on a free loopback port before the simulator at `rest_url`; a context manager.

    `judge` is given the payload of each market event and returns those that are passed on instead; it must not raise.
    Requests whose path ends with one of `refused` are answered by 503.
    """

    def __init__(self, rest_url: str) -> None:
        self.judge: Callable[[Message], list[Message]] = lambda message: [message]
        self.refused: tuple[str, ...] = ()
        self._upstream = rest_url
        self._clients: dict[web.WebSocketResponse, bool] = {}
        self._loop = asyncio.new_event_loop()
        self._ready, self._stop = Event(), asyncio.Event()
        self._thread = Thread(target=lambda: self._loop.run_until_complete(self._serve()), daemon=True)
        self.port = 0

    @property
    def rest_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def ws_url(self) -> str:
        return f"ws://127.0.0.1:{self.port}"

    def say(self, payload: Message) -> None:
        """Send `payload` to everybody who listens, as if the venue had said it."""
        asyncio.run_coroutine_threadsafe(self._say(payload), self._loop).result(10)

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)
        self._loop.close()

    async def _say(self, payload: Message) -> None:
        for client, combined in list(self._clients.items()):
            await client.send_str(json.dumps({"stream": "", "data": payload} if combined else payload))

    async def _serve(self) -> None:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._answer)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        async with ClientSession() as self._session:
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            self.port = runner.addresses[0][1]
            self._ready.set()
            await self._stop.wait()
            await runner.cleanup()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get("Upgrade", "").lower() == "websocket":
            return await self._relay(request)
        if request.path.endswith(self.refused or "\0"):
            return web.Response(status=503, text="{}")
        async with self._session.request(request.method, self._upstream + request.path_qs) as answer:
            return web.Response(status=answer.status, body=await answer.read(), content_type=answer.content_type)

    async def _relay(self, request: web.Request) -> web.StreamResponse:
        client = web.WebSocketResponse()
        await client.prepare(request)
        async with self._session.ws_connect(self._upstream + request.path_qs) as venue:
            self._clients[client] = request.path == "/stream"
            forth = asyncio.create_task(_pump(client, venue.send_str))
            try:
                await _pump(venue, lambda text: self._pass_on(client, text))
            finally:
                del self._clients[client]
                forth.cancel()
        return client

    async def _pass_on(self, client: web.WebSocketResponse, text: str) -> None:
        message = json.loads(text)
        payload = message.get("data", message)
        if "e" not in payload:
            await client.send_str(text)
            return
        for told in self.judge(payload):
            await client.send_str(json.dumps({**message, "data": told} if "data" in message else told))


async def _pump(source: Any, give: Callable[[str], Any]) -> None:
    async for message in source:
        if message.type is WSMsgType.TEXT:
            await give(message.data)
