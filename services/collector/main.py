"""The collector process: `python -m services.collector.main`, configured by the environment."""

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable
from threading import Event
from time import monotonic

import structlog

from adapters.bus.market_topics import market_topics
from adapters.bus.signal_topic import SignalProducer, ensure_topic
from adapters.compose import clock, market_stream
from adapters.exchange.ccxt_stream import Stream
from adapters.settings import Settings, load
from adapters.store import books
from adapters.store.database import Database
from services.collector.rounds import Rounds
from services.collector.vigil import Vigil
from services.process import main
from trading.errors import Misconfigured, Unavailable
from trading.timeframe import Timeframe

_log = structlog.get_logger()

EVERY_SECONDS = 1.0


def run(stop: Event) -> None:
    """Collect the market of the settings' book until `stop` is set."""
    settings = load()
    with contextlib.ExitStack() as parts:
        database = parts.enter_context(Database(settings.required("database_url"), size=3, statement_timeout="10s"))
        with database.transaction() as connection:
            row = books.get(connection, settings.book)
        if row is None:
            raise Misconfigured(f"setting TRADEWIND_BOOK: table ops.books has no row {settings.book}")
        configuration = row["configuration"]
        keys = {"book": settings.book} | {name: configuration[name] for name in ("venue", "timeframe")}
        producer = _producer(settings)
        parts.callback(producer.close)
        symbols = configuration["symbols"]
        timeframe = Timeframe.parse(keys["timeframe"])
        vigil = Vigil(symbols, timeframe, settings.stale_seconds, settings.spike_move, monotonic())
        rounds = Rounds(database, producer, clock(settings), keys, symbols, vigil, settings.market_topic)
        chance = random.Random(settings.book)  # noqa: S311 - it spreads retries and is no secret
        stream = market_stream(settings, keys["venue"], symbols, keys["timeframe"], rounds.collector.hear, chance)
        _log.info("collecting", book=settings.book, exchange=settings.exchange, symbols=symbols)
        asyncio.run(collect(stream, rounds, stop))


async def collect(stream: Stream, rounds: Rounds, stop: Event) -> None:
    """Listen, and take the turns each second, until `stop` is set; write what waits and close the connections.

    Raises:
        Misconfigured: the venue does not have what is asked of it.
    """
    listening = asyncio.create_task(stream.run())
    watch = asyncio.create_task(_again(lambda: rounds.watch(stream.keeper), stop))
    turns = [watch, *(asyncio.create_task(_again(turn, stop)) for turn in (rounds.store, rounds.send))]
    while not stop.is_set() and not any(task.done() for task in (listening, *turns)):
        await asyncio.sleep(0.05)
    stop.set()
    await asyncio.gather(*turns)
    listening.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await listening
    await rounds.finish()


async def _again(turn: Callable[[], Awaitable[None]], stop: Event) -> None:
    """Take `turn` each second until `stop` is set; who does not answer is asked again."""
    while not stop.is_set():
        try:
            await turn()
        except Unavailable as error:
            _log.warning("unavailable", why=str(error))
        await asyncio.sleep(EVERY_SECONDS)


def _producer(settings: Settings) -> SignalProducer:
    bootstrap, version = settings.required("kafka"), settings.kafka_api_version
    if version is None:
        for topic in market_topics(settings.market_topic):
            ensure_topic(bootstrap, version, topic, settings.signal_partitions)
    return SignalProducer(bootstrap, version)


if __name__ == "__main__":
    main(run)
