"""Funding rates of any exchange that ccxt knows: what longs pay shorts, as the exchange has settled it."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import stamina

from adapters.exchange.ccxt_client import Credentials, call, connect
from adapters.exchange.listings import list_contracts
from adapters.exchange.passage import Gate, Opening, guard, opened
from trading.errors import BadData, Misconfigured, Unavailable
from trading.money import decimal
from trading.timeframe import EPOCH, milliseconds_of, moment_of

_ATTEMPTS = 4
#: Exchanges give 100 rates or more at once; in so long none settles more often than that.
_WINDOW, _LIMIT = timedelta(days=4), 100
#: Stamps carry a few milliseconds of jitter around the minute that is meant.
_JITTER = timedelta(seconds=5)
_MINUTE = timedelta(minutes=1)

Rate = tuple[datetime, Decimal]
Refused = tuple[str, str]


class FundingRates:
    """The funding history of one exchange; reads are tried a few times before they fail."""

    def __init__(self, exchange_id: str, rest_url: str | None = None, passage: Opening | None = None) -> None:
        """Prepare the connection; `rest_url` replaces the address of the exchange, `passage` is as for market data.

        Raises:
            Misconfigured: ccxt knows no such exchange, or not its funding history.
        """
        self._exchange = connect(exchange_id, Credentials(), rest_url, rate_limit=rest_url is None)
        if not self._exchange.has.get("fetchFundingRateHistory"):
            raise Misconfigured(f"exchange {exchange_id}: ccxt does not read its funding history")
        list_contracts(self._exchange)
        guard(self._exchange, opened(passage, self._exchange), Gate())

    def history(self, symbol: str, start: datetime, end: datetime) -> Iterator[tuple[list[Rate], list[Refused]]]:
        """Yield the rates settled in [start, end), oldest first, window by window, and what could not be believed.

        Raises:
            Misconfigured: the exchange has no such perpetual.
            Unavailable: no answer, after a few attempts.
            BadData: an answer that ccxt cannot read.
        """
        market = self._ask("load_markets").get(symbol)
        if market is None or not market.get("swap"):
            raise Misconfigured(f"{self._exchange.id} has no perpetual {symbol!r}; they are written BTC/USDT:USDT")
        while start < end:
            until = min(start + _WINDOW, end)
            rows = self._ask(
                "fetch_funding_rate_history", symbol, milliseconds_of(start), _LIMIT, {"until": milliseconds_of(until)}
            )
            yield _judged(rows, start, until)
            start = until

    def close(self) -> None:
        """Close the connections."""
        self._exchange.session.close()

    def _ask(self, method: str, *arguments: Any) -> Any:
        for attempt in stamina.retry_context(on=Unavailable, attempts=_ATTEMPTS, timeout=60.0):
            with attempt:
                return call(self._exchange, method, *arguments)
        raise Unavailable(f"{self._exchange.id} does not answer")


def _judged(rows: list[Any], start: datetime, until: datetime) -> tuple[list[Rate], list[Refused]]:
    found: dict[datetime, Decimal] = {}
    refused: list[Refused] = []
    for row in rows:
        try:
            ts, rate = _settled(int(row["timestamp"])), decimal(row["fundingRate"])
        except (BadData, TypeError, ValueError, KeyError, OverflowError):
            refused.append(("no rate", str(row.get("info", row))))
            continue
        if not -1 < rate < 1:
            refused.append(("absurd rate", str(row.get("info", row))))
        elif not start <= ts < until:
            continue
        elif found.setdefault(ts, rate) != rate:
            refused.append(("two rates for one time", str(row.get("info", row))))
    return sorted(found.items()), refused


def _settled(milliseconds: int) -> datetime:
    ts = moment_of(milliseconds)
    minute = EPOCH + round((ts - EPOCH) / _MINUTE) * _MINUTE
    return minute if abs(ts - minute) <= _JITTER else ts
