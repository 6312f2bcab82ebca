"""What stands behind local, paper and live: the one place that turns settings into parts."""

import atexit
from functools import cache
from typing import TYPE_CHECKING

from adapters.settings import Settings
from adapters.store.database import Database
from trading.errors import Misconfigured
from trading.ports import Clock, Venue

if TYPE_CHECKING:
    from adapters.exchange.market_data import MarketData
    from adapters.exchange.mass_cancel import MassCancel


def venue(settings: Settings, label: str) -> Venue:
    """Return the venue at which orders of this process go out; `label` names it in our tables."""
    if settings.mode != "local":
        raise Misconfigured(f"TRADEWIND_MODE={settings.mode}: orders go only to the simulator so far; use local")
    from adapters.exchange.ccxt_client import Credentials
    from adapters.exchange.ccxt_venue import CcxtVenue

    return CcxtVenue(
        "binance",
        Credentials(settings.required("venue_api_key"), settings.required("venue_api_secret")),
        clock(settings),
        venue=label,
        account=settings.book,
        rest_url=settings.required("venue_url"),
        rate_limit=False,
    )


def mass_cancel(settings: Settings) -> "MassCancel":
    """Return a connection of its own to the account of this process, which can only cancel."""
    from adapters.exchange.ccxt_client import Credentials
    from adapters.exchange.mass_cancel import MassCancel

    credentials = Credentials(settings.required("venue_api_key"), settings.required("venue_api_secret"))
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

    return _venue_clock(settings.required("venue_url")) if settings.mode == "local" else WallClock()


@cache
def _venue_clock(url: str) -> Clock:
    from adapters.exchange.clock import VenueClock

    return VenueClock(url)


def market_data(settings: Settings, label: str) -> "MarketData":
    """Return the public data of the exchange of the settings; in local mode the simulator answers."""
    local = settings.mode == "local"
    exchange, url = ("binance", settings.required("venue_url")) if local else (settings.exchange, None)
    return _market_data(exchange, clock(settings), label, url)


@cache
def _market_data(exchange: str, time: Clock, label: str, url: str | None) -> "MarketData":
    from adapters.exchange.market_data import MarketData

    # On loopback there is nobody to be polite to; the simulator counts weights all the same.
    return MarketData(exchange, time, venue=label, rest_url=url, rate_limit=url is None)
