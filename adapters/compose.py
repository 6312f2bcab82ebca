"""What stands behind local, paper and live: the one place that turns settings into parts."""

import atexit
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from adapters.repeat import repeated
from adapters.settings import Settings
from adapters.store.database import Database
from trading.errors import Misconfigured
from trading.ports import Clock, Known, Unreachable, Venue

if TYPE_CHECKING:
    from random import Random

    from adapters.exchange.ccxt_stream import Heard, Stream, Trouble
    from adapters.exchange.market_data import MarketData
    from adapters.exchange.mass_cancel import MassCancel
    from adapters.exchange.passage import Allowance, Opening
    from adapters.resilience.liaison import Liaison


def venues(settings: Settings, label: str, number: int, liaison: "Liaison | None" = None) -> list[Venue]:
    """Return `number` connections to the venue at which orders of this process go out, for as many threads.

    They share what the venue asks of their key; `label` names it in our tables; `liaison` tells other processes what
    these ask, and what others were told.
    """
    if settings.mode != "local":
        raise Misconfigured(f"TRADEWIND_MODE={settings.mode}: orders go only to the simulator so far; use local")
    from adapters.exchange.ccxt_client import Credentials
    from adapters.exchange.ccxt_venue import CcxtVenue
    from adapters.exchange.pause import Pause

    time = clock(settings)
    pause = Pause(time) if liaison is None else Pause(time, liaison.waits)
    credentials = Credentials(settings.required("venue_api_key"), settings.required("venue_api_secret"))
    return [
        CcxtVenue(
            "binance",
            credentials,
            time,
            venue=label,
            account=settings.book,
            rest_url=settings.required("venue_url"),
            rate_limit=False,
            pause=pause,
            passage=liaison,
        )
        for _ in range(number)
    ]


@contextmanager
def liaison(settings: Settings, label: str) -> "Iterator[Liaison]":
    """Yield what keeps this process in touch with all others about the venue; a thread of its own talks to them."""
    from adapters.exchange.ccxt_client import Credentials, connect
    from adapters.exchange.passage import allowance
    from adapters.resilience.budget import Budget
    from adapters.resilience.liaison import EVERY_SECONDS, Liaison

    exchange, url = _exchange(settings)
    borne = allowance(connect(exchange, Credentials())).times(settings.venue_load)
    with Database(settings.required("database_url"), size=1, statement_timeout="5s") as own:
        made = Liaison(_counted_as(label, url), borne, own, Budget(own, _redis_url(settings)))
        with repeated(made.look, EVERY_SECONDS, "liaison"):
            yield made


def mass_cancel(settings: Settings) -> "MassCancel":
    """Return a connection of its own to the account of this process, which sees and cancels orders and sends none.

    It signs with the guard's own key where there is one, so that it works when the trading key is revoked or banned.
    """
    from adapters.exchange.ccxt_client import Credentials
    from adapters.exchange.mass_cancel import MassCancel

    owner = "venue" if settings.guard_api_key is None else "guard"
    credentials = Credentials(settings.required(f"{owner}_api_key"), settings.required(f"{owner}_api_secret"))
    return MassCancel("binance", credentials, clock(settings), settings.required("venue_url"))


@cache
def database(url: str) -> Database:
    """Return this process's connections to the database at `url`: the steps of a run share them."""
    found = Database(url)
    atexit.register(found.close)
    return found


def clock(settings: Settings) -> Clock:
    """Return the clock of the market: the simulator's in local mode, the wall otherwise."""
    from adapters.exchange.clock import WallClock

    if settings.mode != "local":
        return WallClock()
    return _venue_clock(settings.required("venue_url"), running=settings.market_time == "running")


@cache
def _venue_clock(url: str, *, running: bool) -> Clock:
    from adapters.exchange.clock import AlignedClock, VenueClock

    return AlignedClock(VenueClock(url)) if running else VenueClock(url)


@contextmanager
def quotes(
    settings: Settings, symbols: Sequence[str], liaison: "Liaison | None" = None
) -> Iterator[Callable[[str], Known[Decimal] | Unreachable]]:
    """Yield what tells the last price of a symbol; a thread keeps the prices fresh, over a connection of its own.

    No circuit stands before it: who holds a position wants its price the moment that it can be had.
    """
    from adapters.exchange.binance_wire import BinanceWire
    from adapters.exchange.ccxt_client import Credentials, connect
    from adapters.exchange.passage import Gate, guard
    from adapters.exchange.pause import Pause
    from adapters.exchange.quotes import EVERY_SECONDS, Quotes, last_prices

    exchange = connect("binance", Credentials(), settings.required("venue_url"), rate_limit=False)
    time = clock(settings)
    pause = Pause(time)
    if liaison is not None:
        guard(exchange, liaison, Gate())
        pause = Pause(time, liaison.waits)
    wire = BinanceWire(exchange, time, pause)
    prices = Quotes(lambda: last_prices(wire, symbols))
    with repeated(prices.look, EVERY_SECONDS, "quotes"):
        yield prices.last


def market_data(settings: Settings, label: str) -> "MarketData":
    """Return this process's public data of the exchange of the settings; in local mode the simulator answers."""
    exchange, url = _exchange(settings)
    shared = database(settings.required("database_url"))
    kept, load = _cache(settings), settings.venue_load
    return _market_data(exchange, clock(settings), label, url, shared, _redis_url(settings), kept, load)


@contextmanager
def history(settings: Settings, label: str, shared: Database, patience: float) -> "Iterator[MarketData]":
    """Yield the same for one who reads in bulk: it waits `patience` seconds for its turn and leaves more to others."""
    from adapters.resilience.budget import BULK

    exchange, url = _exchange(settings)
    redis_url, time = _redis_url(settings), clock(settings)
    kept, load = _cache(settings), settings.venue_load
    data = _reader(exchange, time, label, url, shared, redis_url, kept, load, patience=patience, share=BULK)
    try:
        yield data
    finally:
        data.close()


def references(settings: Settings) -> "dict[str, MarketData]":
    """Return the public data of the venues that ours is compared with, by ccxt id, or by the name given to an address.

    Raises:
        Misconfigured: ccxt knows no such exchange.
    """
    time, shared = clock(settings), database(settings.required("database_url"))
    redis_url, kept = _redis_url(settings), _cache(settings)
    named = (one.partition("=") for one in settings.references)
    return {
        name: _market_data("binance" if url else name, time, name, url or None, shared, redis_url, kept, 1.0)
        for name, _, url in named
    }


def market_stream(
    settings: Settings,
    label: str,
    symbols: Sequence[str],
    timeframe: str,
    hear: "Callable[[Heard | Trouble], None]",
    chance: "Random",
) -> "Stream":
    """Return the streams of the exchange of the settings; in local mode the simulator sends them.

    What they have to ask besides is counted with the reads of all processes.
    """
    from adapters.exchange.async_passage import guard
    from adapters.exchange.ccxt_stream import Stream, connect

    named, url = _exchange(settings)
    exchange = connect(named, url, settings.required("stream_url") if url else None)
    # A process that is to end waits for no turn: who was held tries again by himself.
    shared, redis_url = database(settings.required("database_url")), _redis_url(settings)
    guard(exchange, _opening(_counted_as(label, url), shared, redis_url, settings.venue_load, patience=2.0))
    return Stream(exchange, symbols, timeframe, hear, chance)


def _exchange(settings: Settings) -> tuple[str, str | None]:
    """Return ccxt's name of the exchange and its address, None for its own."""
    return ("binance", settings.required("venue_url")) if settings.mode == "local" else (settings.exchange, None)


def _counted_as(label: str, url: str | None) -> str:
    """Return under which name requests are counted: a simulator is not the venue whose label it bears."""
    return label if url is None else f"{label}@{urlsplit(url).netloc}"


def _redis_url(settings: Settings) -> str | None:
    return None if settings.redis_url is None else settings.redis_url.get_secret_value()


def _cache(settings: Settings) -> Path:
    return settings.data_dir.resolve() / "cache" / "reference.sqlite"


def passage(settings: Settings, label: str, url: str | None) -> "Opening":
    """Return what lets reads out to a declared venue called `label`, at `url` if not at its own address."""
    shared = database(settings.required("database_url"))
    return _opening(_counted_as(label, url), shared, _redis_url(settings), 1.0)


def _opening(
    counted_as: str,
    shared: Database,
    redis_url: str | None,
    load: float,
    patience: float = 20.0,
    share: float | None = None,
) -> "Opening":
    from adapters.resilience.budget import READS, Budget
    from adapters.resilience.circuits import Circuits
    from adapters.resilience.reading import Reading

    def opening(borne: "Allowance") -> Reading:
        circuits, budget = Circuits(shared), Budget(shared, redis_url)
        return Reading(counted_as, borne.times(load), circuits, budget, patience=patience, share=share or READS)

    return opening


def _reader(
    exchange: str,
    time: Clock,
    label: str,
    url: str | None,
    shared: Database,
    redis_url: str | None,
    kept: Path,
    load: float,
    *,
    patience: float = 20.0,
    share: float | None = None,
) -> "MarketData":
    from adapters.exchange.market_data import MarketData

    opening = _opening(_counted_as(label, url), shared, redis_url, load, patience, share)
    # On loopback there is nobody to spread requests for; the simulator counts weights all the same.
    return MarketData(exchange, time, venue=label, rest_url=url, rate_limit=url is None, passage=opening, cache=kept)


_market_data = cache(_reader)
