"""What stands behind local, paper and live: the one place that turns settings into parts."""

import atexit
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING

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


def venues(settings: Settings, label: str, number: int) -> list[Venue]:
    """Return `number` connections to the venue at which orders of this process go out, for as many threads.

    They share what the venue asks of their key; `label` names it in our tables.
    """
    if settings.mode != "local":
        raise Misconfigured(f"TRADEWIND_MODE={settings.mode}: orders go only to the simulator so far; use local")
    from adapters.exchange.ccxt_client import Credentials
    from adapters.exchange.ccxt_venue import CcxtVenue
    from adapters.exchange.pause import Pause

    time = clock(settings)
    pause = Pause(time)
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
        )
        for _ in range(number)
    ]


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
def quotes(settings: Settings, symbols: Sequence[str]) -> Iterator[Callable[[str], Known[Decimal] | Unreachable]]:
    """Yield what tells the last price of a symbol; a thread keeps the prices fresh, over a connection of its own."""
    from adapters.exchange.binance_wire import BinanceWire
    from adapters.exchange.ccxt_client import Credentials, connect
    from adapters.exchange.quotes import EVERY_SECONDS, Quotes, last_prices

    exchange = connect("binance", Credentials(), settings.required("venue_url"), rate_limit=False)
    wire = BinanceWire(exchange, clock(settings))
    prices = Quotes(lambda: last_prices(wire, symbols))
    with repeated(prices.look, EVERY_SECONDS, "quotes"):
        yield prices.last


def market_data(settings: Settings, label: str) -> "MarketData":
    """Return the public data of the exchange of the settings; in local mode the simulator answers."""
    local = settings.mode == "local"
    exchange, url = ("binance", settings.required("venue_url")) if local else (settings.exchange, None)
    return _market_data(exchange, clock(settings), label, url)


def references(settings: Settings) -> "dict[str, MarketData]":
    """Return the public data of the venues that ours is compared with, by ccxt id, or by the name given to an address.

    Raises:
        Misconfigured: ccxt knows no such exchange.
    """
    named = (one.partition("=") for one in settings.references)
    return {
        name: _market_data("binance" if url else name, clock(settings), name, url or None) for name, _, url in named
    }


def market_stream(
    settings: Settings,
    symbols: Sequence[str],
    timeframe: str,
    hear: "Callable[[Heard | Trouble], None]",
    chance: "Random",
) -> "Stream":
    """Return the streams of the exchange of the settings; in local mode the simulator sends them."""
    from adapters.exchange.ccxt_stream import Stream, connect

    local = settings.mode == "local"
    if local:
        exchange = connect("binance", settings.required("venue_url"), settings.required("stream_url"))
    else:
        exchange = connect(settings.exchange)
    return Stream(exchange, symbols, timeframe, hear, chance)


@cache
def _market_data(exchange: str, time: Clock, label: str, url: str | None) -> "MarketData":
    from adapters.exchange.market_data import MarketData

    # On loopback there is nobody to be polite to; the simulator counts weights all the same.
    return MarketData(exchange, time, venue=label, rest_url=url, rate_limit=url is None)
