"""WebSocket streams: bars, depth and trades of the market, and each account's own orders and balances."""

import asyncio
import json
from typing import Any

from aiohttp import WSMsgType, web

from services.simulator import answers, faults, reports
from services.simulator.events import Event
from services.simulator.ladders import Ladders
from services.simulator.private import listen_key
from services.simulator.public import DEEPEST, depth_of
from services.simulator.refusals import Refusal
from services.simulator.venue import VENUE, Venue
from trading.instrument import Instrument
from trading.timeframe import Timeframe

routes = web.RouteTableDef()

#: Bars that are told at once when time has leapt; who slept longer asks for them.
_MOST_CLOSED = 100


class Connection:
    """One socket: what it subscribed to, and what waits to be sent."""

    def __init__(self, socket: web.WebSocketResponse, *, combined: bool) -> None:
        self.streams: set[str] = set()
        self._socket = socket
        self._combined = combined
        self._waiting: asyncio.Queue[str] = asyncio.Queue()

    def offer(self, stream: str, payload: dict[str, Any]) -> None:
        """Queue `payload` if the socket subscribed to `stream`."""
        if stream in self.streams:
            self.put({"stream": stream, "data": payload} if self._combined else payload)

    def put(self, message: dict[str, Any]) -> None:
        """Queue `message`."""
        self._waiting.put_nowait(json.dumps(message))

    async def send(self) -> None:
        """Send what is queued, for as long as the socket lives."""
        while True:
            await self._socket.send_str(await self._waiting.get())


class Hub:
    """All connections of a venue; it hears every change and tells those who asked."""

    def __init__(self, venue: Venue) -> None:
        self.connections: set[Connection] = set()
        self._venue = venue
        self._told: dict[str, object] = {}
        self._held: dict[tuple[str, str], list[dict[str, Any]]] = {}
        self._ladders = Ladders()
        self._open: dict[tuple[str, str], int] = {}
        venue.recorded.listeners.append(self.hear)

    def hear(self, consequences: list[Event]) -> None:
        """Tell the accounts what happened to their orders, and everybody how the market moved."""
        if not self.connections:
            return
        for event in consequences:
            for account, payload in reports.user_events(self._venue, event):
                for told in self._struck(account, payload):
                    for connection in self.connections:
                        connection.offer(account, told)
        for instrument in self._venue.instruments:
            self._tell_market(instrument)

    def _struck(self, account: str, payload: dict[str, Any]) -> list[dict[str, Any]]:
        """Return what the account hears now instead of `payload`: nothing, it twice, or it before the one held back.

        One is held back until the next of its kind.
        """
        place = (account, payload["e"])
        now, held = [payload], self._held.pop(place, [])
        for strike in self._venue.faults.draw(("stream",), payload.get("s")):
            match strike.rule.fault:
                case faults.DROP_UPDATE:
                    now = []
                case faults.REPEAT_UPDATE:
                    now = now * 2
                case _:
                    self._held[place], now = now, []
        return now + held

    def _tell_market(self, instrument: Instrument) -> None:
        venue, name = self._venue, answers.name_of(instrument.symbol).lower()
        wanted = {stream for one in self.connections for stream in one.streams if stream.startswith(f"{name}@")}
        depths = {stream for stream in wanted if stream.startswith(f"{name}@depth")}
        ladder = self._ladders.change(name, depth_of(venue, instrument, DEEPEST)) if depths else None
        if ladder is not None:
            for stream in depths:
                self._tell(stream, reports.depth_event(venue, instrument, ladder))
        bar = venue.book(instrument).walk.so_far()
        if bar is None or self._told.get(name) == bar:
            return
        self._told[name] = bar
        for stream in wanted - depths:
            for payload in self._market_events(instrument, stream.partition("@")[2]):
                self._tell(stream, payload)

    def _tell(self, stream: str, payload: dict[str, Any]) -> None:
        for connection in self.connections:
            connection.offer(stream, payload)

    def joined(self, connection: Connection) -> None:
        """Take `connection` among those that hear; what was told before it counts only while others listen."""
        if not self.connections:
            self._ladders.forget()
            self._open.clear()
        self.connections.add(connection)

    def subscribed(self, streams: set[str]) -> None:
        """Note what the ladders of depth streams are now: their listeners ask for a snapshot, and changes follow."""
        venue = self._venue
        for instrument in venue.instruments:
            name = answers.name_of(instrument.symbol).lower()
            if any(stream.startswith(f"{name}@depth") for stream in streams):
                self._ladders.begin(name, depth_of(venue, instrument, DEEPEST))

    def _market_events(self, instrument: Instrument, kind: str) -> list[dict[str, Any]]:
        venue = self._venue
        if kind.startswith("kline_"):
            timeframe = venue.interval(kind.removeprefix("kline_"))
            return self._klines(instrument, timeframe)
        return [reports.trade_event(venue, instrument)] if kind in {"trade", "aggTrade"} else []

    def _klines(self, instrument: Instrument, timeframe: Timeframe) -> list[dict[str, Any]]:
        """Return the bars that have closed since they were last told, and the open one."""
        venue, place = self._venue, (instrument.symbol, str(timeframe))
        opens = venue.now // timeframe.milliseconds
        closed = min(opens - self._open.get(place, opens), _MOST_CLOSED)
        self._open[place] = opens
        bars = venue.last_bars(instrument, timeframe, closed + 1, venue.now + 1)
        return [reports.kline_event(venue, bar, instrument, timeframe) for bar in bars]


HUB = web.AppKey("hub", Hub)


@routes.get("/ws")
@routes.get("/ws/{streams:.*}")
@routes.get("/stream")
async def connect(request: web.Request) -> web.StreamResponse:
    """Open a socket on the streams named in the path or in `streams`, separated by slashes."""
    socket = web.WebSocketResponse(heartbeat=60.0)
    await socket.prepare(request)
    connection = Connection(socket, combined=request.path == "/stream")
    named = request.match_info.get("streams") or request.query.get("streams", "")
    connection.streams |= {_channel(request.app[VENUE], stream) for stream in named.split("/") if stream}
    hub = request.app[HUB]
    hub.joined(connection)
    hub.subscribed(connection.streams)
    sender = asyncio.create_task(connection.send())
    try:
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                connection.put(_subscribe(request.app[VENUE], connection, message.data))
                hub.subscribed(connection.streams)
    finally:
        hub.connections.discard(connection)
        sender.cancel()
    return socket


def _subscribe(venue: Venue, connection: Connection, text: str) -> dict[str, Any]:
    """Obey SUBSCRIBE, UNSUBSCRIBE and LIST_SUBSCRIPTIONS; return the answer."""
    try:
        order = json.loads(text)
        method, names, number = order["method"], order.get("params", []), order.get("id")
        channels = {_channel(venue, name) for name in names}
    except (ValueError, KeyError, TypeError, AttributeError):
        return {"code": 2, "msg": "Invalid request: not of the form {method, params, id}"}
    except Refusal as refusal:
        return {"code": refusal.code, "msg": refusal.message}
    match method:
        case "SUBSCRIBE":
            connection.streams |= channels
        case "UNSUBSCRIBE":
            connection.streams -= channels
        case "LIST_SUBSCRIPTIONS":
            return {"result": sorted(connection.streams), "id": number}
        case _:
            return {"code": 2, "msg": f"Invalid request: unknown method {method}"}
    return {"result": None, "id": number}


def _channel(venue: Venue, stream: str) -> str:
    """Return the channel of a stream's name: an account's for its listen key, the name itself otherwise."""
    for account in venue.config.accounts:
        if stream == listen_key(account.api_key, account.secret):
            return reports.channel(account.name)
    return stream.lower().replace("@KLINE_", "@kline_")
