"""The reading side of any exchange that ccxt knows: instruments and closed bars, page by page."""

from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import stamina

from adapters.exchange.ccxt_client import Credentials, Throttled, Transient, call, connect
from adapters.exchange.ccxt_markets import instrument_of
from adapters.exchange.passage import Gate, Opening, guard, opened
from trading.candle import BARS, TS
from trading.errors import BadData, Misconfigured, Unavailable
from trading.instrument import Instrument
from trading.ports import Clock
from trading.timeframe import EPOCH, Timeframe, milliseconds_of

_PAGE = 1000
_ATTEMPTS = 4
#: Markets that were read longer ago, by the market's clock, are read anew.
_MARKETS_AGE = timedelta(minutes=5)


class MarketData:
    """Public data of one exchange; `clock` says which bars are closed.

    Reads that fail in passing are tried again a few times, after growing waits of random length.
    """

    def __init__(
        self,
        exchange_id: str,
        clock: Clock,
        *,
        venue: str,
        rest_url: str | None = None,
        timeout: float = 10.0,
        rate_limit: bool = True,
        passage: Opening | None = None,
        cache: Path | None = None,
    ) -> None:
        """Prepare the connection; `venue` is our label of the exchange, `timeout` in seconds.

        `passage` makes of what the exchange bears the one who lets requests out; `cache` is a file of answers about
        markets, shared by processes.
        """
        self.venue = venue
        self._clock = clock
        self._exchange = connect(exchange_id, Credentials(), rest_url, timeout=timeout, rate_limit=rate_limit)
        self._gate = _gate(cache, clock)
        self._loaded: datetime | None = None
        # Who was told to stay away may try again where somebody sees to it that it waits.
        self._passing: tuple[type[Exception], ...] = (Transient,) if passage is None else (Transient, Throttled)
        guard(self._exchange, opened(passage, self._exchange), self._gate)

    def instruments(self, symbols: Sequence[str]) -> list[Instrument]:
        """Return the instruments of `symbols`; Misconfigured names the one that the exchange does not have."""
        markets = self._markets()
        return [instrument_of(self.venue, symbol, markets) for symbol in symbols]

    def bars(self, symbol: str, timeframe: Timeframe, start: datetime, end: datetime) -> Iterator[pl.DataFrame]:
        """Yield BARS frames of the closed bars that open in [start, end), oldest first; go on later from the last ts.

        What is no number in them is null; nothing is judged here.

        Raises:
            Misconfigured: the exchange has no such symbol or timeframe.
            Unavailable: no answer, after a few attempts.
            BadData: an answer that is no table of bars, or bars without their times.
        """
        self.instruments([symbol])
        if str(timeframe) not in (self._exchange.timeframes or {}):
            raise Misconfigured(f"{self.venue} has no {timeframe} bars (option --timeframe)")
        end = min(end, timeframe.open_of(self._clock.now()))
        while start < end:
            limit = min(_PAGE, -(-(end - start) // timeframe.delta))
            page = self._page(symbol, timeframe, start, limit)
            wanted = page.filter(pl.col("ts").is_between(start, end, closed="left")).sort("ts", maintain_order=True)
            if wanted.height:
                yield wanted
            # A page may be empty because nothing traded for so long: look behind the gap.
            newest = page["ts"].max()
            seen = newest + timeframe.delta if isinstance(newest, datetime) else start
            start = max(seen, start + timeframe.delta if page.height else start + limit * timeframe.delta)

    def close(self) -> None:
        """Close the connections."""
        self._gate.close()
        self._exchange.session.close()

    def _markets(self) -> Any:
        now = self._clock.now()
        if self._loaded is None or not timedelta(0) <= now - self._loaded < _MARKETS_AGE:
            with getattr(self._gate, "reference", nullcontext)():
                self._ask("load_markets", True)
            self._loaded = now
        return self._exchange.markets

    def _page(self, symbol: str, timeframe: Timeframe, start: datetime, limit: int) -> pl.DataFrame:
        since = milliseconds_of(start)
        rows = self._ask("fetch_ohlcv", symbol, str(timeframe), since, limit)
        try:
            return _frame(rows)
        except (LookupError, TypeError, ValueError, OverflowError) as error:
            why = f"{type(error).__name__} {error}"
            raise BadData(f"{self.venue} answers with what are no {timeframe} bars of {symbol}: {why:.100}") from None

    def _ask(self, method: str, *arguments: Any) -> Any:
        for attempt in stamina.retry_context(on=self._passing, attempts=_ATTEMPTS, timeout=None):
            with attempt:
                return call(self._exchange, method, *arguments)
        raise Unavailable(f"{self.venue} does not answer")


def _frame(rows: Any) -> pl.DataFrame:
    """Return BARS of what ccxt made of an answer: time, open, high, low, close, volume, each a number or nothing."""
    values = {name: [_value(row[place]) for row in rows] for place, name in enumerate(BARS.names()) if place}
    times = [EPOCH + timedelta(milliseconds=int(row[0])) for row in rows]
    return pl.DataFrame({"ts": times} | values, schema=BARS).with_columns(pl.col("ts").cast(TS))


def _value(told: object) -> float | None:
    return None if told is None else float(told)  # pyright: ignore[reportArgumentType] - another type raises


def _gate(cache: Path | None, clock: Clock) -> Gate:
    if cache is None:
        return Gate()
    from adapters.exchange.reference_cache import ReferenceCache

    return ReferenceCache(cache, clock)
