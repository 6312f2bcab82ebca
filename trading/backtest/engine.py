"""The engine: bar by bar through the strategies, the decision path and the venue's own rules, as a paper run goes.

At each close the signals come first, from what was known then; they meet the open of the next bar. Then time goes on to
its close, stopping wherever something fills, so that stops are placed inside the bar.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import partial

from trading.accounting.shares import shares
from trading.backtest.idle import Idle
from trading.backtest.result import Backtest, Placed
from trading.backtest.source import Source
from trading.backtest.sub_account import SubAccount
from trading.backtest.trader import Trader
from trading.backtest.wire import Wire
from trading.errors import Misconfigured
from trading.fill import Fill
from trading.instrument import Instrument
from trading.limits import Limits
from trading.money import ZERO, multiply
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
from trading.strategies.strategy import Desire, Parameters
from trading.timeframe import Timeframe, milliseconds_of, moment_of

#: Who looks on a terminal sees no more than this.
_TELL_EVERY = 50
#: Where the capital lies that no strategy has.
_TREASURY = ("treasury", "-")
Told = Callable[[int, int], None]


@dataclass(frozen=True)
class Setup:
    """What a backtest is made of; amounts in the quote currency that all `instruments` share.

    `capital` is shared out evenly to each (strategy, symbol). Bars that open in [start, start + steps) are traded.
    A `brief` backtest passes over bars on which nothing can change, and keeps no decisions to HOLD.
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
    brief: bool = False

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
        """Prepare it; Misconfigured when there is nothing to trade, or several quote currencies."""
        quotes = {instrument.quote for instrument in setup.instruments}
        if not setup.strategies or len(quotes) != 1:
            raise Misconfigured(
                f"a backtest needs a strategy and one quote currency, not {', '.join(quotes) or 'none'}"
            )
        self._setup = setup
        self._bars = bars
        self._source = source
        self._share, self._rest = shares(setup.capital, len(setup.strategies) * len(setup.instruments))
        self._exchange = Exchange(
            instruments=setup.instruments,
            bars=bars,
            length=setup.timeframe.milliseconds,
            start=milliseconds_of(setup.start),
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
        self._wanted = {name: (strategy(name), values) for name, values in setup.strategies.items()}
        self._subs = {
            name: [(sub, _place(setup, sub)) for sub in subs if sub.strategy == name] for name in self._wanted
        }
        self._idle = {one.symbol: Idle.of(one, setup.limits, setup.timeframe) for one in setup.instruments}
        self._signals = 0
        self._missing: Counter[str] = Counter()

    def run(self, told: Told | None = None) -> Backtest:
        """Return what came of it; `told` hears (bars done, bars in all).

        Raises:
            BadData: the source lacks a column that a strategy reads.
        """
        setup = self._setup
        for step in range(setup.steps):
            if told is not None and step % _TELL_EVERY == 0:
                told(step, setup.steps)
            opens = setup.opens(step)
            self._signal(opens - setup.timeframe.delta, opens)
            closes = milliseconds_of(opens + setup.timeframe.delta)
            while trades := self._exchange.advance(closes):
                self._trader.hear(trades)
            self._trader.settle()
        return self._result()

    def _signal(self, bar: datetime, now: datetime) -> None:
        """Take the signals that follow from `bar`, strategy by strategy."""
        trader = self._trader
        trader.closed_by = self._source.closed_by(bar)
        known = self._source.at(bar)
        for instrument in self._setup.instruments:
            told = known.get(instrument.symbol)
            if told is None or told.lacking:
                self._missing[instrument.symbol] += 1
        for name in self._setup.strategies:
            for sub, made in self._desired(name, bar, now, known):
                trader.take(sub, made)
        trader.settle()

    def _desired(
        self, name: str, bar: datetime, now: datetime, known: Mapping[str, Knowledge]
    ) -> list[tuple[SubAccount, Callable[[], Signal]]]:
        """Return the signals of one strategy that are to be taken; what it holds is what it held before any of them."""
        setup, (wanted, values) = self._setup, self._wanted[name]
        made: list[tuple[SubAccount, Callable[[], Signal]]] = []
        for sub, place in self._subs[name]:
            told = known.get(place.symbol)
            if told is None or told.lacking:
                continue
            self._signals += 1
            stands = sub.standing
            desire = wanted(told.row((stands.holding, stands.cash), bar, setup.timeframe), values)
            one = partial(_signal_of, place, bar, now, told, desire)
            if not (setup.brief and self._passed_over(sub, told, desire, now, one)):
                made.append((sub, one))
        return made

    def _passed_over(
        self, sub: SubAccount, told: Knowledge, desire: Desire, now: datetime, made: Callable[[], Signal]
    ) -> bool:
        """Pass over a signal that can change nothing; False when it has to be decided about."""
        symbol, price = sub.instrument.symbol, self._wire.price(sub.instrument.symbol)
        stopped = sub.stopped_at is not None and sub.stopped_at >= now
        if price is None or stopped or symbol in self._trader.closed_by or (sub.strategy, symbol) in self._trader.due:
            return False
        volatility, close = told.features["volatility_24"], told.candle["close"]
        sure = self._idle[symbol].sure(sub.standing, desire, volatility, close, float(price))
        if sure:
            self._trader.pass_over(sub, made, price, leaves=desire.exposure == 0)
        return sure

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
            [one for one in trader.decisions if not setup.brief or one.verdict != "HOLD"],
            movements,
            closes,
            equity_curve(movements, closes, period.times, setup.start),
        )

    def _deposits(self) -> list[Movement]:
        setup = self._setup
        paid = dict.fromkeys(self._trader.subs, self._share) | ({_TREASURY: self._rest} if self._rest else {})
        return [Movement(setup.start, *owner, setup.book, ZERO, share, capital=share) for owner, share in paid.items()]

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
        start, until = milliseconds_of(self._setup.start), milliseconds_of(end)
        before = self._bars.last_before(instrument.symbol, start)
        bars = [*([] if before is None else [before]), *self._bars.window(instrument.symbol, start, until)]
        return [
            Close(instrument.symbol, opened, opened + delta, multiply(Decimal(bar.close), instrument.tick))
            for bar in bars
            for opened in (moment_of(bar.opened),)
        ]


def _place(setup: Setup, sub: SubAccount) -> Place:
    return Place(setup.book, sub.strategy, setup.venue, sub.instrument.symbol, setup.timeframe)


def _signal_of(place: Place, bar: datetime, now: datetime, known: Knowledge, desire: Desire) -> Signal:
    """Return a signal that is acted on at once and stored nowhere: its lineage names no rows."""
    lineage = Lineage("backtest", "", known.forecast.get("model_id", ""), "", "", 0, None, known.regime.get("regime"))
    return signal(place, bar, now, known, desire, lineage)
