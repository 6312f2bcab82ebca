"""The reading side of any exchange that ccxt knows: instruments and closed bars, page by page."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import polars as pl
import stamina

from adapters.exchange.ccxt_client import Credentials, call, connect
from adapters.exchange.ccxt_markets import instrument_of
from trading.candle import BARS, TS
from trading.errors import Misconfigured, Unavailable
from trading.instrument import Instrument
from trading.ports import Clock
from trading.timeframe import EPOCH, Timeframe

_PAGE = 1000
_ATTEMPTS = 4


class MarketData:
    """Public data of one exchange; `clock` says which bars are closed. Reads are tried a few times before they fail."""

    def __init__(
        self,
        exchange_id: str,
        clock: Clock,
        *,
        venue: str,
        rest_url: str | None = None,
        timeout: float = 10.0,
        rate_limit: bool = True,
    ) -> None:
        """Prepare the connection; `venue` is our label of the exchange, `timeout` in seconds."""
        self.venue = venue
        self._clock = clock
        self._exchange = connect(exchange_id, Credentials(), rest_url, timeout=timeout, rate_limit=rate_limit)

    def instruments(self, symbols: Sequence[str]) -> list[Instrument]:
        """Return the instruments of `symbols`; Misconfigured names the one that the exchange does not have."""
        markets = self._ask("load_markets")
        return [instrument_of(self.venue, symbol, markets) for symbol in symbols]

    def bars(self, symbol: str, timeframe: Timeframe, start: datetime, end: datetime) -> Iterator[pl.DataFrame]:
        """Yield BARS frames of the closed bars that open in [start, end), oldest first; go on later from the last ts.

        Raises:
            Misconfigured: the exchange has no such symbol or timeframe.
            Unavailable: no answer, after a few attempts.
        """
        self.instruments([symbol])
        if str(timeframe) not in (self._exchange.timeframes or {}):
            raise Misconfigured(f"{self.venue} has no {timeframe} bars (option --timeframe)")
        end = min(end, timeframe.open_of(self._clock.now()))
        while start < end:
            limit = min(_PAGE, -(-(end - start) // timeframe.delta))
            page = self._page(symbol, timeframe, start, limit)
            wanted = (
                page.filter(pl.col("ts").is_between(start, end, closed="left")).unique("ts", keep="last").sort("ts")
            )
            if wanted.height:
                yield wanted
            # A page may be empty because nothing traded for so long: look behind the gap.
            newest = page["ts"].max()
            seen = newest + timeframe.delta if isinstance(newest, datetime) else start
            start = max(seen, start + timeframe.delta if page.height else start + limit * timeframe.delta)

    def close(self) -> None:
        """Close the connections."""
        self._exchange.session.close()

    def _page(self, symbol: str, timeframe: Timeframe, start: datetime, limit: int) -> pl.DataFrame:
        since = round((start - EPOCH).total_seconds() * 1000)
        rows = self._ask("fetch_ohlcv", symbol, str(timeframe), since, limit)
        columns: dict[str, list[Any]] = {
            name: [float(row[place]) for row in rows] for place, name in enumerate(BARS.names()) if place
        }
        times = [EPOCH + timedelta(milliseconds=int(row[0])) for row in rows]
        return pl.DataFrame({"ts": times} | columns, schema=BARS).with_columns(pl.col("ts").cast(TS))

    def _ask(self, method: str, *arguments: Any) -> Any:
        for attempt in stamina.retry_context(on=Unavailable, attempts=_ATTEMPTS, timeout=60.0):
            with attempt:
                return call(self._exchange, method, *arguments)
        raise Unavailable(f"{self.venue} does not answer")
