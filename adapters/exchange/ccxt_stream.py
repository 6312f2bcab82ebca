"""Streams of any exchange that ccxt.pro knows: it subscribes and connects, we read what really came over the wire.

Where we have a reader for the venue, each message goes through it as text, exact to the last digit; elsewhere ccxt's
own parsed trades, bars and books are taken over.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from adapters.exchange.ccxt_tap import tap
from adapters.exchange.precision import bound
from adapters.exchange.streams.books import Books
from adapters.exchange.streams.message import Event, Reading
from adapters.exchange.streams.reader import READERS
from adapters.exchange.streams.unified import unified
from trading.errors import Misconfigured
from trading.market.book_keeper import BookKeeper
from trading.order_book import BookState

KINDS = ("trades", "candles", "books")
_SHORTEST_WAIT, _LONGEST_WAIT = 0.25, 30.0
_DEPTH = 1000
#: Where a snapshot answers a request, and its number says where it belongs; elsewhere only a new connection helps.
_ANSWERS_SNAPSHOTS = frozenset({"binance", "binanceus", "binanceusdm", "binancecoinm"})


@dataclass(frozen=True, slots=True)
class Heard:
    """One event about `symbol`, our name of its market."""

    symbol: str
    event: Event


@dataclass(frozen=True, slots=True)
class Trouble:
    """A stream that failed, or a message that could not be read; `symbol` empty when it may concern all."""

    kind: str
    symbol: str
    why: str
    raw: str = ""


class Stream:
    """Trades, bars and books of `symbols`, told to `hear` as they come, until `run` is cancelled."""

    def __init__(
        self,
        exchange: Any,
        symbols: Sequence[str],
        timeframe: str,
        hear: Callable[[Heard | Trouble], None],
        chance: random.Random,
    ) -> None:
        self._exchange, self._symbols, self._timeframe, self._hear = exchange, symbols, timeframe, hear
        self._chance, self._reads = chance, exchange.id in READERS
        self._keepers: dict[str, BookKeeper] = {}
        self._books = Books(self._keepers)
        self._names: dict[str, str] = {}
        if self._reads:
            tap(exchange, self._keepers, self._take)

    async def run(self) -> None:
        """Keep all streams going; each that fails is begun anew after a while. Closes the connections at its end.

        Raises:
            Misconfigured: the venue has no market of one of the symbols.
        """
        try:
            await self._again("markets", "", self._load, once=True)
            async with asyncio.TaskGroup() as tasks:
                for symbol in self._symbols:
                    tasks.create_task(self._heal(symbol))
                    for kind in KINDS:
                        tasks.create_task(self._again(kind, symbol, lambda k=kind, s=symbol: self._watch(k, s)))
        finally:
            await self._exchange.close()

    def keeper(self, symbol: str) -> BookKeeper | None:
        """Return the book of `symbol`, None before its first message."""
        return next((keeper for market, keeper in self._keepers.items() if self._names.get(market) == symbol), None)

    async def _again(self, kind: str, symbol: str, work: Callable[[], Awaitable[None]], *, once: bool = False) -> None:
        """Do `work` for ever, or until it succeeds `once`; after each failure wait longer."""
        failures = 0
        while True:
            try:
                await work()
                if once:
                    return
                failures = 0
            except Misconfigured:
                raise
            except (Exception, asyncio.CancelledError) as error:
                task = asyncio.current_task()
                if isinstance(error, asyncio.CancelledError) and task is not None and task.cancelling():
                    raise
                # ccxt cancels those who wait when it closes a connection; that is a failure like any other.
                failures += 1
                keeper = self.keeper(symbol) if kind == "books" else None
                if keeper is not None:
                    keeper.restart("the connection was lost")
                self._hear(Trouble(kind, symbol, f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"))
                await asyncio.sleep(self._wait(failures))

    async def _load(self) -> None:
        await self._exchange.load_markets()
        self._names = _names(self._exchange, self._symbols)

    async def _watch(self, kind: str, symbol: str) -> None:
        match kind:
            case "trades":
                answer = await self._exchange.watch_trades(symbol)
            case "candles":
                answer = await self._exchange.watch_ohlcv(symbol, self._timeframe)
            case _:
                answer = await self._exchange.watch_order_book(symbol)
        if not self._reads:
            reading = Reading(tuple(unified(kind, symbol, self._timeframe, answer)))
            self._books.take(reading)
            self._take(reading)

    async def _heal(self, symbol: str) -> None:
        """Ask for a snapshot, or connect anew, while the book of `symbol` is broken or misses its snapshot."""
        failures = 0
        while True:
            await asyncio.sleep(self._wait(failures))
            keeper = self.keeper(symbol)
            if not self._reads or keeper is None or keeper.state is BookState.LIVE:
                failures = 0
                continue
            failures += 1
            try:
                if self._exchange.id in _ANSWERS_SNAPSHOTS:
                    await self._exchange.fetch_order_book(symbol, _DEPTH)
                elif keeper.state is BookState.BROKEN:
                    await self._exchange.close_ws_clients()
            except Exception as error:
                self._hear(Trouble("snapshot", symbol, f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"))

    def _wait(self, failures: int) -> float:
        """Return how many seconds to wait: twice as long after each failure, by chance not all at once."""
        return min(_SHORTEST_WAIT * 2 ** min(failures, 10), _LONGEST_WAIT) * self._chance.uniform(0.5, 1.0)

    def _take(self, reading: Reading) -> None:
        if reading.reason:
            named = {symbol for name, symbol in self._names.items() if name in reading.raw}
            self._hear(Trouble("unreadable", named.pop() if len(named) == 1 else "", reading.reason, reading.raw))
        for event in reading.events:
            symbol = self._names.get(getattr(event, "market", ""))
            if symbol is not None:
                self._hear(Heard(symbol, event))


def connect(exchange_id: str, rest_url: str | None = None, stream_url: str | None = None) -> Any:
    """Return the ccxt.pro exchange `exchange_id`; with the URLs all its requests and streams go there.

    Raises:
        Misconfigured: ccxt.pro knows no such exchange.
    """
    import ccxt.pro

    if exchange_id not in ccxt.pro.exchanges:
        raise Misconfigured(f"exchange {exchange_id!r} has no streams in ccxt.pro (setting TRADEWIND_EXCHANGE)")
    options = {"fetchMarkets": {"types": ["spot"]}, "fetchMargins": False, "fetchCurrencies": False}
    exchange = getattr(ccxt.pro, exchange_id)({"enableRateLimit": rest_url is None, "options": options})
    exchange.has["fetchCurrencies"] = False
    bound(exchange)
    addresses = exchange.urls["api"]
    if rest_url is not None:
        addresses |= {name: rest_url + urlsplit(url).path for name, url in addresses.items() if isinstance(url, str)}
    if stream_url is not None and isinstance(addresses.get("ws"), dict):
        streams = addresses["ws"].items()
        addresses["ws"] = {name: stream_url + urlsplit(url).path for name, url in streams if isinstance(url, str)}
    return exchange


def _names(exchange: Any, symbols: Sequence[str]) -> dict[str, str]:
    """Return our symbol of each name that the venue may give to its market."""
    named: dict[str, str] = {}
    for symbol in symbols:
        market = exchange.markets.get(symbol)
        if market is None:
            raise Misconfigured(f"{exchange.id} has no market {symbol!r} (option --symbols)")
        info = market.get("info")
        own = info.get("wsname") if isinstance(info, dict) else None
        named |= dict.fromkeys((symbol, market["id"], *([own] if own else [])), symbol)
    return named
