"""What stands behind local, paper and live: the one place that turns settings into parts."""

from typing import TYPE_CHECKING

from adapters.settings import Settings
from trading.errors import Misconfigured
from trading.ports import Clock, Venue

if TYPE_CHECKING:
    from adapters.exchange.market_data import MarketData


def venue(settings: Settings, label: str) -> Venue:
    """Return the venue at which orders of this process go out; `label` names it in our tables."""
    if settings.mode != "local":
        raise Misconfigured(f"TRADEWIND_MODE={settings.mode}: orders go only to the simulator so far; use local")
    from adapters.exchange.ccxt_venue import CcxtVenue

    return CcxtVenue(
        exchange_id="binance",
        api_key=settings.required("venue_api_key"),
        secret=settings.required("venue_api_secret"),
        rest_url=settings.required("venue_url"),
        venue=label,
    )


def clock(settings: Settings) -> Clock:
    """Return the clock of the market: the simulator's in local mode, the wall otherwise."""
    from adapters.exchange.clock import VenueClock, WallClock

    return VenueClock(settings.required("venue_url")) if settings.mode == "local" else WallClock()


def market_data(settings: Settings, label: str) -> "MarketData":
    """Return the public data of the exchange of the settings; in local mode the simulator answers."""
    from adapters.exchange.market_data import MarketData

    if settings.mode == "local":
        return MarketData("binance", rest_url=settings.required("venue_url"), venue=label)
    return MarketData(settings.exchange, rest_url=None, venue=label)
