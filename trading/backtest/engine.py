"""The engine: bar by bar through the strategies, the decision path and the venue's own rules, as a paper run goes.

At each close the signals come first, from what was known then; they meet the open of the next bar. Then time goes on to
its close, stopping wherever something fills, so that stops are placed inside the bar.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Protocol

from trading.backtest.result import Backtest, Placed
from trading.backtest.sub_account import SubAccount
from trading.backtest.trader import Trader
from trading.backtest.wire import Wire
from trading.fill import Fill
from trading.instrument import Instrument
from trading.limits import Limits
from trading.money import ZERO, floor_to, multiply
from trading.order import Side
from trading.performance.closes import Close
from trading.performance.equity import equity_curve
from trading.performance.movement import Movement, fee_value
from trading.performance.period import Period
from trading.signal import Lineage, Signal
from trading.simulation.exchange import Exchange
from trading.simulation.grid import GridBars
from trading.strategies.knowledge import Knowledge, Place, signal
from trading.strategies.registry import strategy
from trading.strategies.strategy import Parameters
from trading.timeframe import EPOCH, Timeframe

_CENT = Decimal("0.01")
#: Where the capital lies that no strategy has.
_TREASURY = ("treasury", "-")
Told = Callable[[int, int], None]


class Source(Protocol):
    """What is known at each close of a bar, as it was known then."""

    def at(self, bar: datetime) -> Mapping[str, Knowledge]:
        """Return by symbol what is known when the bar that opens at `bar` closes."""
        ...

    def closed_by(self, bar: datetime) -> Mapping[str, str]:
        """Return by symbol which check of the data up to `bar` forbids new risk; no entry where none does."""
        ...


@dataclass(frozen=True)
class Setup:
    """What a backtest is made of; amounts in the quote currency that all `instruments` share.

    `capital` is shared out evenly to each (strategy, symbol). Bars that open in [start, start + steps) are traded.
    """

    book: str
    venue: str
    timeframe: Timeframe
    instruments: Sequence[Instrument]
    strategies: Mapping[str, Parameters]
    start: datetime
    steps: int
    capital: Decimal
    limits: Limits
    half_spread_bps: Decimal = Decimal(1)

    @property
    def quote(self) -> str:
        """The quote currency."""
        return self.instruments[0].quote

    def opens(self, step: int) -> datetime:
        """Return the time at which the bar of `step` opens."""
        return self.start + step * self.timeframe.delta


class Engine:
    """One backtest; `run` does it."""

    def __init__(self, setup: Setup, bars: GridBars, source: Source) -> None:
        self._setup = setup
        self._bars = bars
        self._source = source
        owners = len(setup.strategies) * len(setup.instruments)
        self._share = floor_to(setup.capital / owners, _CENT)
        self._exchange = Exchange(
            instruments=setup.instruments,
            bars=bars,
            length=setup.timeframe.milliseconds,
            start=_milliseconds(setup.start),
            half_spread_bps=setup.half_spread_bps,
        )
        self._exchange.admit(setup.book, {setup.quote: setup.capital})
        subs = [
            SubAccount(setup.book, name, instrument, self._share, setup.limits.cash_buffer)
            for name in setup.strategies
            for instrument in setup.instruments
        ]
        self._wire = Wire(self._exchange, setup.venue)
        self._trader = Trader(self._wire, setup.limits, subs)
        self._signals = 0
        self._missing: Counter[str] = Counter()

    def run(self, told: Told | None = None) -> Backtest:
        """Return what came of it; `told` hears (bars done, bars in all).

        Raises:
            BadData: the source lacks a column that a strategy reads.
        """
        for step in range(self._setup.steps):
            if told is not None:
                told(step, self._setup.steps)
            opens = self._setup.opens(step)
            self._signal(opens - self._setup.timeframe.delta, opens)
            closes = _milliseconds(opens + self._setup.timeframe.delta)
            while not self._exchange.settled(closes):
                self._trader.hear(self._exchange.advance(closes))
        return self._result()

    def _signal(self, bar: datetime, now: datetime) -> None:
        """Take the signals that follow from `bar`, strategy by strategy."""
        trader = self._trader
        trader.closed_by = dict(self._source.closed_by(bar))
        found = self._source.at(bar)
        known = {symbol: told for symbol, told in found.items() if not told.lacking}
        self._missing.update(one.symbol for one in self._setup.instruments if one.symbol not in known)
        for name in self._setup.strategies:
            for one in self._desired(name, bar, now, known):
                self._signals += 1
                trader.take(one)
        trader.settle()

    def _desired(self, name: str, bar: datetime, now: datetime, known: Mapping[str, Knowledge]) -> list[Signal]:
        """Return the signals of one strategy; what it holds is what it held before any of them."""
        setup, values, made = self._setup, self._setup.strategies[name], list[Signal]()
        for symbol in (instrument.symbol for instrument in setup.instruments if instrument.symbol in known):
            told = known[symbol]
            desire = strategy(name)(told.row(self._trader.subs[name, symbol].owned, bar, setup.timeframe), values)
            place = Place(setup.book, name, setup.venue, symbol, setup.timeframe)
            made.append(signal(place, bar, now, told, desire, _lineage(told)))
        return made

    def _result(self) -> Backtest:
        setup, trader = self._setup, self._trader
        end = setup.opens(setup.steps)
        period = Period(setup.start, setup.start, end, setup.timeframe)
        movements = [*self._deposits(), *(self._movement(fill) for fill in trader.fills)]
        closes = [close for one in setup.instruments for close in self._closes(one, end)]
        orders = [
            Placed(made.order, made.at, made.reason, made.code) for sub in trader.subs.values() for made in sub.orders
        ]
        return Backtest(
            setup.book,
            setup.venue,
            setup.quote,
            [instrument.symbol for instrument in setup.instruments],
            [*setup.strategies],
            period,
            self._signals,
            dict(trader.verdicts),
            dict(self._missing),
            sorted(orders, key=lambda placed: (placed.at, placed.order.client_id)),
            trader.fills,
            trader.decisions,
            movements,
            closes,
            equity_curve(movements, closes, period.times, setup.start),
        )

    def _deposits(self) -> list[Movement]:
        setup = self._setup
        rest = setup.capital - self._share * len(self._trader.subs)
        shares = dict.fromkeys(self._trader.subs, self._share) | ({_TREASURY: rest} if rest else {})
        return [
            Movement(setup.start, *owner, setup.book, ZERO, share, capital=share) for owner, share in shares.items()
        ]

    def _movement(self, fill: Fill) -> Movement:
        request = self._wire.placed(fill).order.request
        sign, value = (1 if fill.side is Side.BUY else -1), multiply(fill.price, fill.quantity)
        in_base = fill.fee_currency != self._setup.quote
        fee_base, fee_quote = (fill.fee, ZERO) if in_base else (ZERO, fill.fee)
        return Movement(
            fill.ts,
            request.strategy,
            fill.symbol,
            fill.client_id,
            sign * fill.quantity - fee_base,
            -sign * value - fee_quote,
            fee_value(fee_base, fee_quote, fill.quantity, value),
            value,
        )

    def _closes(self, instrument: Instrument, end: datetime) -> list[Close]:
        """Return the closes of the traded bars, and the one before them."""
        delta = self._setup.timeframe.delta
        start = _milliseconds(self._setup.start)
        before = self._bars.last_before(instrument.symbol, start)
        bars = [*([] if before is None else [before]), *self._bars.window(instrument.symbol, start, _milliseconds(end))]
        return [
            Close(instrument.symbol, opened, opened + delta, multiply(Decimal(bar.close), instrument.tick))
            for bar in bars
            for opened in (EPOCH + timedelta(milliseconds=bar.opened),)
        ]


def _lineage(known: Knowledge) -> Lineage:
    """Return the lineage of a signal that is acted on at once and stored nowhere: it names no rows."""
    return Lineage("backtest", "", known.forecast.get("model_id", ""), "", "", 0, None, known.regime.get("regime"))


def _milliseconds(at: datetime) -> int:
    return round((at - EPOCH).total_seconds() * 1000)
