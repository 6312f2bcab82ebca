"""What all handlers of the simulator share: the exchange, its market, the limits, the faults and the listeners."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from aiohttp import web

from services.simulator.config import AccountConfig, SimulatorConfig
from services.simulator.faults import Faults
from services.simulator.limits import Limits
from services.simulator.market import Market, resample
from services.simulator.queue import Queue
from services.simulator.recorded_exchange import RecordedExchange
from services.simulator.refusals import BAD_API_KEY, UNKNOWN_INTERVAL, UNKNOWN_SYMBOL, missing
from services.simulator.signing import account_of
from trading.errors import Misconfigured
from trading.instrument import Instrument
from trading.ports import Clock
from trading.simulation.funds import Trade
from trading.simulation.interventions import DELISTED
from trading.simulation.matching import Book
from trading.simulation.path import TickBar
from trading.timeframe import Timeframe


@dataclass
class Venue:
    """One running simulator."""

    config: SimulatorConfig
    market: Market
    recorded: RecordedExchange
    limits: Limits
    wall: Clock | None = None
    faults: Faults = field(default_factory=Faults)
    queue: Queue = field(default_factory=Queue)
    _trades: dict[tuple[str, str], list[Trade]] = field(default_factory=dict)
    _indexed: int = 0

    @property
    def now(self) -> int:
        """The venue's time in ms."""
        return self.recorded.now

    @property
    def shown_time(self) -> int:
        """The time in ms that the venue shows and checks, which may be off."""
        return self.now + self.recorded.conditions.clock_offset_ms

    @property
    def instruments(self) -> list[Instrument]:
        """What is listed here, on the grid that the venue counts in."""
        exchange = self.recorded.exchange
        return [one for symbol, one in exchange.instruments.items() if exchange.rules[symbol].status != DELISTED]

    def catch_up(self) -> None:
        """Bring a venue that lives on wall time to the present; a stepped one stands."""
        if self.wall is not None:
            self.recorded.follow(round(self.wall.now().timestamp() * 1000))
            self.queue.release(self.now)

    def account(self, key: str | None) -> AccountConfig:
        """Return the account of an API key; refused when there is none or it was revoked."""
        account = account_of(key, self.config.accounts)
        if account.name in self.recorded.conditions.revoked:
            raise BAD_API_KEY
        return account

    def trades(self, account: str, symbol: str) -> Sequence[Trade]:
        """Return all fills of `account` in `symbol`, oldest first."""
        known = self.recorded.exchange.trades
        for trade in known[self._indexed :]:
            self._trades.setdefault((trade.account, trade.symbol), []).append(trade)
        self._indexed = len(known)
        return self._trades.get((account, symbol), [])

    def instrument(self, name: str | None) -> Instrument:
        """Return the instrument that the venue calls `name` (BTCUSDT); refused when there is none."""
        if not name:
            raise missing("symbol")
        for instrument in self.instruments:
            if instrument.symbol.replace("/", "") == name:
                return instrument
        raise UNKNOWN_SYMBOL

    def book(self, instrument: Instrument) -> Book:
        """Return the book of `instrument`."""
        return self.recorded.exchange.books[instrument.symbol]

    def interval(self, name: str | None) -> Timeframe:
        """Return the timeframe `name`; refused unless it is a whole multiple of the market's own bars."""
        if not name:
            raise missing("interval")
        try:
            timeframe = Timeframe.parse(name)
        except Misconfigured:
            raise UNKNOWN_INTERVAL from None
        if timeframe.seconds % self.config.bar.seconds or timeframe.seconds > 86_400:
            raise UNKNOWN_INTERVAL
        return timeframe

    def bars(self, instrument: Instrument, timeframe: Timeframe, start: int, end: int) -> list[TickBar]:
        """Return the bars that open in [start, end) ms, the open one as far as its path has come."""
        length = self.config.bar.milliseconds
        opened = self.now - self.now % length
        past = [*self.market.window(instrument.symbol, start, min(end, opened))]
        current = self.book(instrument).walk.so_far()
        if current is not None and start <= current.opened == opened < end:
            past.append(current)
        return resample(past, timeframe)

    def last_bars(self, instrument: Instrument, timeframe: Timeframe, count: int, end: int) -> Sequence[TickBar]:
        """Return the last `count` bars that open before `end` ms."""
        length = timeframe.milliseconds
        last = (min(end, self.now + 1) - 1) // length * length
        return self.bars(instrument, timeframe, last - length * (count - 1), last + length)


VENUE = web.AppKey("venue", Venue)
