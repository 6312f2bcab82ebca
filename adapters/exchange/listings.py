"""All markets of an exchange as ccxt describes them, for any exchange that ccxt knows."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from adapters.exchange.ccxt_client import Credentials, Exchange, call, connect
from adapters.exchange.passage import Gate, Opening, guard, opened
from trading.errors import BadData
from trading.listing import Listing
from trading.money import decimal
from trading.timeframe import EPOCH

_ONE = Decimal(1)


def listings(
    exchange_id: str,
    venue: str,
    kinds: Sequence[str],
    rest_url: str | None = None,
    passage: Opening | None = None,
) -> list[Listing]:
    """Return what `exchange_id` lists of `kinds` (spot, swap, future); `venue` is our label of it.

    `rest_url` replaces the address of the exchange, `passage` is as for market data.

    Raises:
        Misconfigured: ccxt knows no such exchange.
        Unavailable: it does not answer.
        BadData: it lists nothing, or what ccxt cannot read.
    """
    exchange = connect(exchange_id, Credentials(), rest_url, rate_limit=rest_url is None)
    try:
        if set(kinds) != {"spot"}:
            list_contracts(exchange, spot="spot" in kinds)
        guard(exchange, opened(passage, exchange), Gate())
        markets = call(exchange, "load_markets")
        found = [_listing(exchange, venue, market) for market in markets.values() if market.get("type") in kinds]
    finally:
        exchange.session.close()
    if not found:
        raise BadData(f"{exchange_id} lists no market of kind {', '.join(kinds)}")
    return found


def list_contracts(exchange: Exchange, *, spot: bool = False) -> None:
    """Let `exchange` list its contracts; our connections ask for spot markets alone."""
    own = type(exchange)().options.get("fetchMarkets")
    types = own.get("types") if isinstance(own, dict) else None
    if types is None:
        exchange.options.pop("fetchMarkets", None)
        return
    unwanted = {"option", "margin"} | (set() if spot else {"spot"})
    exchange.options["fetchMarkets"] = {**own, "types": [kind for kind in types if kind not in unwanted]}


def _listing(exchange: Exchange, venue: str, market: Mapping[str, Any]) -> Listing:
    limits = market["limits"]
    return Listing(
        venue=venue,
        symbol=market["symbol"],
        kind=market["type"],
        base=market["base"],
        quote=market["quote"],
        settle=market.get("settle") or "",
        tick=_step(exchange, market["precision"].get("price")),
        lot=_step(exchange, market["precision"].get("amount")),
        min_quantity=_number((limits.get("amount") or {}).get("min")),
        min_notional=_number((limits.get("cost") or {}).get("min")),
        maker_fee=_number(market.get("maker")),
        taker_fee=_number(market.get("taker")),
        status="HALTED" if market.get("active") is False else "TRADING",
        listed_at=_time(market.get("created")),
        delisted_at=_time(market.get("expiry")),
    )


def _step(exchange: Exchange, precision: object) -> Decimal | None:
    """Return a step; a few exchanges count decimals instead, and some digits, which are no step."""
    import ccxt

    value = _number(precision)
    if value is None or exchange.precisionMode == ccxt.SIGNIFICANT_DIGITS:
        return None
    if exchange.precisionMode == ccxt.DECIMAL_PLACES:
        return _ONE.scaleb(-int(value))
    return value if value > 0 else None


def _number(value: object) -> Decimal | None:
    """Return a number of ccxt's; a few of its constants (fees) are floats, whose shortest text is meant."""
    try:
        return None if value is None else decimal(str(value))
    except BadData:
        return None


def _time(milliseconds: object) -> datetime | None:
    if isinstance(milliseconds, int | float) and 0 < milliseconds < 4e12:
        return EPOCH + timedelta(milliseconds=int(milliseconds))
    return None
