"""The WebSocket streams of the real simulator process."""

import asyncio
import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import aiohttp

from adapters.exchange.streams.message import Where
from adapters.exchange.streams.reader import read
from tests.integration.simulator.simulator_process import KEY, SimulatorProcess
from trading.market.book_keeper import BookKeeper
from trading.order import OrderType, Side
from trading.order_book import BookState, BookUpdate


async def listen(url: str, count: int, act: Any) -> list[dict[str, Any]]:
    """Return `count` messages that arrive while `act` runs in a thread."""
    async with aiohttp.ClientSession() as session, session.ws_connect(url) as socket:
        acting = asyncio.create_task(asyncio.to_thread(act))
        messages = [json.loads((await asyncio.wait_for(socket.receive(), 10)).data) for _ in range(count)]
        await acting
    return messages


def test_market_streams_tell_bars_depth_and_trades(simulator: SimulatorProcess):
    control, now = simulator.control(), simulator.clock().now()
    url = simulator.ready["ws_url"] + "/stream?streams=btcusdt@kline_1h/btcusdt@depth/btcusdt@trade"
    messages = asyncio.run(listen(url, 3, lambda: control.advance(now + timedelta(minutes=30))))
    events = {message["stream"]: message["data"] for message in messages}
    bar = events["btcusdt@kline_1h"]["k"]
    assert (bar["t"], bar["x"], bar["i"]) == (round(now.timestamp() * 1000), False, "1h")
    assert events["btcusdt@trade"]["p"] == bar["c"]
    assert Decimal(events["btcusdt@depth"]["b"][0][0]) < Decimal(bar["c"]) < Decimal(events["btcusdt@depth"]["a"][0][0])


def test_an_account_hears_of_its_orders_and_balances(simulator: SimulatorProcess):
    venue, order = simulator.venue(), simulator.order(Side.BUY, "0.01")
    price = simulator.control().state().last_prices["BTC/USDT"] or Decimal(1)
    resting = simulator.order(Side.SELL, "0.1", OrderType.LIMIT, limit=str((price * 2).quantize(Decimal("0.01"))))

    async def key() -> str:
        async with (
            aiohttp.ClientSession(headers={"X-MBX-APIKEY": KEY}) as session,
            session.post(simulator.ready["rest_url"] + "/api/v3/userDataStream") as answer,
        ):
            return (await answer.json())["listenKey"]

    def act() -> None:
        venue.send(order)
        venue.send(resting)
        venue.cancel(resting)

    messages = asyncio.run(listen(f"{simulator.ready['ws_url']}/ws/{asyncio.run(key())}", 8, act))
    reports = [message for message in messages if message["e"] == "executionReport"]
    assert [(report["x"], report["X"], report["c"]) for report in reports] == [
        ("NEW", "NEW", order.client_id),
        ("TRADE", "FILLED", order.client_id),
        ("NEW", "NEW", resting.client_id),
        ("CANCELED", "CANCELED", resting.client_id),
    ]
    assert [message["e"] for message in messages].count("outboundAccountPosition") == 4


def test_subscriptions_can_change(simulator: SimulatorProcess):
    async def talk() -> list[Any]:
        async with aiohttp.ClientSession() as session, session.ws_connect(simulator.ready["ws_url"] + "/ws") as socket:
            answers = []
            for order in (
                {"method": "SUBSCRIBE", "params": ["btcusdt@trade"], "id": 1},
                {"method": "LIST_SUBSCRIPTIONS", "id": 2},
            ):
                await socket.send_json(order)
                answers.append(await socket.receive_json(timeout=10))
            await socket.send_str("nonsense")
            return [*answers, await socket.receive_json(timeout=10)]

    assert asyncio.run(talk()) == [
        {"result": None, "id": 1},
        {"result": ["btcusdt@trade"], "id": 2},
        {"code": 2, "msg": "Invalid request: not of the form {method, params, id}"},
    ]


def test_the_depth_stream_follows_a_snapshot_without_a_hole(simulator: SimulatorProcess):
    """Whoever keeps a book by Binance's rules ends with what a new snapshot shows."""
    control, now, rest = simulator.control(), simulator.clock().now(), simulator.ready["rest_url"]
    keeper = BookKeeper("BTCUSDT")

    async def snapshot(session: aiohttp.ClientSession) -> BookUpdate:
        async with session.get(f"{rest}/api/v3/depth?symbol=BTCUSDT&limit=1000") as answer:
            (event,) = read("binance", await answer.text(), Where("BTCUSDT")).events
        assert isinstance(event, BookUpdate)
        return event

    async def follow() -> tuple[object, object]:
        url = simulator.ready["ws_url"] + "/ws/btcusdt@depth@100ms"
        async with aiohttp.ClientSession() as session, session.ws_connect(url) as socket:
            keeper.take(await snapshot(session))
            for step in range(1, 40):
                await asyncio.to_thread(control.advance, now + timedelta(minutes=7 * step))
            while True:
                try:
                    text = (await asyncio.wait_for(socket.receive(), 0.5)).data
                except TimeoutError:
                    break
                for event in read("binance", text).events:
                    keeper.take(event)
            fresh = await snapshot(session)
            return keeper.depth.best_rows(50), (list(fresh.bids), list(fresh.asks))

    kept, shown = asyncio.run(follow())
    assert kept == shown
    assert (keeper.state, keeper.tally.gaps, keeper.tally.late_snapshots) == (BookState.LIVE, 0, 0)
    assert keeper.tally.applied > 10


def test_a_bar_is_told_once_more_when_it_has_closed(simulator: SimulatorProcess):
    control, now = simulator.control(), simulator.clock().now()

    def act() -> None:
        for minutes in (30, 60, 90):
            control.advance(now + timedelta(minutes=minutes))

    messages = asyncio.run(listen(simulator.ready["ws_url"] + "/ws/btcusdt@kline_1h", 4, act))
    start = round(now.timestamp() * 1000)
    told = {(message["k"]["t"] - start, message["k"]["x"]) for message in messages}
    assert (0, True) in told
    assert (3_600_000, False) in told
