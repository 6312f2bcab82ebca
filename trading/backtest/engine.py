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
from typing import Any

from trading.accounting.shares import shares
from trading.backtest.idle import Idle
from trading.backtest.resting import rests
from trading.backtest.result import Backtest, Later, Placed
from trading.backtest.source import Source
from trading.backtest.sub_account import SubAccount
from trading.backtest.trader import Trader
from trading.backtest.venue import Venue
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
from trading.simulation.grid import GridBars
from trading.strategies.knowledge import Knowledge, Place, Shown, held_exposure, signal
from trading.strategies.registry import strategy
from trading.strategies.strategy import Desire, Parameters, Row
from trading.timeframe import Timeframe, milliseconds_of, moment_of

#: Who looks on a terminal sees no more than this.
_TELL_EVERY = 50
#: So many bars are asked of the source at a time.
_STRETCH = 500
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


@dataclass(frozen=True, slots=True)
class _Lane:
    """One strategy on one symbol: where its signals go, whose they are, what it wants, and what is idle there."""

    place: Place
    symbol: str
    sub: SubAccount
    wanted: Callable[[Row, Any], Desire]
    values: Parameters
    idle: Idle


#: The place of a bar in its stretch, the time at which it opened, that of its close, and the same in ms.
_Moment = tuple[int, datetime, datetime, int]


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
        self._exchange = Venue(
            instruments=setup.instruments,
            bars=bars,
            length=setup.timeframe.milliseconds,
            start=milliseconds_of(setup.start),
            half_spread_bps=setup.half_spread_bps,
        )
        self._exchange.admit(setup.book, {setup.quote: setup.capital})
        subs = self._subs = [
            SubAccount(setup.book, name, instrument, self._share, setup.limits.cash_buffer)
            for name in setup.strategies
            for instrument in setup.instruments
        ]
        self._wire = Wire(self._exchange, setup.venue)
        self._trader = Trader(self._wire, setup.limits, subs)
        self._lanes = [[_lane(setup, sub) for sub in subs if sub.strategy == name] for name in setup.strategies]
        self._symbols = [instrument.symbol for instrument in setup.instruments]
        self._shown: Mapping[str, Shown] = {}
        self._signals = 0
        self._missing: Counter[str] = Counter()

    def run(self, told: Told | None = None) -> Backtest:
        """Return what came of it; `told` hears (bars done, bars in all).

        Raises:
            BadData: the source lacks a column that a strategy reads.
        """
        setup, exchange, length = self._setup, self._exchange, self._setup.timeframe.milliseconds
        start, bars = milliseconds_of(setup.start), list[datetime]()
        for step in range(setup.steps):
            if told is not None and step % _TELL_EVERY == 0:
                told(step, setup.steps)
            if (place := step % _STRETCH) == 0:
                bars = self._look(step)
            at, now = start + step * length, bars[place + 1]
            # What stopped at the very end of the bar leaves the venue a few microseconds later, unless it sleeps.
            moment = exchange.moment if exchange.now == at else now
            if self._signal((place, bars[place], moment, at)) and setup.brief and exchange.sleeps(at):
                continue
            exchange.catch_up(at)
            while trades := exchange.advance(at + length):
                self._trader.hear(trades)
            self._trader.settle()
        return self._result()

    def _look(self, first: int) -> list[datetime]:
        """Ask what is shown of the stretch of bars that close at step `first` and at the steps after it.

        Returned are the times at which they open, and the time at which the last one closes.
        """
        setup, begins = self._setup, self._setup.opens(first - 1)
        count = min(_STRETCH, setup.steps - first)
        times = [begins + place * setup.timeframe.delta for place in range(count + 1)]
        self._shown = self._source.shown(times[:-1], setup.timeframe)
        for symbol in self._symbols:
            told = self._shown.get(symbol)
            if missing := count if told is None else told.rows.count(None):
                self._missing[symbol] += missing
        return times

    def _signal(self, moment: _Moment) -> bool:
        """Take the signals that follow from a bar at its close, strategy by strategy; True when that moves nothing."""
        trader, taken = self._trader, False
        trader.closed_by = self._source.closed_by(moment[1])
        for lanes in self._lanes:
            for sub, made in self._desired(lanes, moment):
                self._exchange.catch_up(moment[3])
                trader.take(sub, made)
                taken = True
        if taken or self._watchful():
            trader.settle()
            return False
        return True

    def _desired(self, lanes: Sequence[_Lane], moment: _Moment) -> list[tuple[SubAccount, Callable[[], Signal]]]:
        """Return the signals of one strategy that are to be taken; what it holds is what it held before any of them."""
        made: list[tuple[SubAccount, Callable[[], Signal]]] = []
        place, _, now, at = moment
        shown, trader = self._shown, self._trader
        calm = not (trader.due or trader.closed_by)
        for lane in lanes:
            told = shown.get(lane.symbol)
            row = None if told is None else told.rows[place]
            if told is None or row is None:
                continue
            self._signals += 1
            sub, close = lane.sub, row["close"]
            stands = sub.standing
            row["held_exposure"] = held_exposure((stands.holding, stands.cash), close) if stands.holding else 0.0
            desire = lane.wanted(row, lane.values)
            one = partial(_signal_of, lane.place, moment, row, told.models[place], desire)
            free = self._setup.brief and ((calm and sub.stopped_at is None) or self._free(lane, now))
            ticks = self._bars.shows(lane.symbol, at) if free else None
            if ticks is not None and lane.idle.sure(stands, desire, row["volatility_24"], close, ticks * stands.tick):
                trader.pass_over(sub, one, ticks, left_at=None if desire.exposure else now)
            else:
                made.append((sub, one))
        return made

    def _watchful(self) -> bool:
        """Whether time alone may bring something to do: a decision waits, or a quote rests that may have to go."""
        if self._trader.due:
            return True
        for sub in self._subs:  # noqa: SIM110 - a generator would cost more than what it asks
            if sub.working and rests(sub):
                return True
        return False

    def _free(self, lane: _Lane, now: datetime) -> bool:
        """Whether no closed gate, no stop just filled and nothing that waits has a say in what becomes of a signal."""
        stopped, due = lane.sub.stopped_at, self._trader.due
        if lane.symbol in self._trader.closed_by or (stopped is not None and stopped >= now):
            return False
        return not due or (lane.place.strategy, lane.symbol) not in due

    def _result(self) -> Backtest:
        setup, trader = self._setup, self._trader
        end = setup.opens(setup.steps)
        period = Period(setup.start, setup.start, end, setup.timeframe)
        movements = [*self._deposits(), *(self._movement(fill) for fill in trader.fills)]
        closes = Later(lambda: [close for one in setup.instruments for close in self._closes(one, end)])
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
            Later(lambda: equity_curve(movements, closes, period.times, setup.start)),
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


def _lane(setup: Setup, sub: SubAccount) -> _Lane:
    place = Place(setup.book, sub.strategy, setup.venue, sub.instrument.symbol, setup.timeframe)
    idle = Idle.of(sub.instrument, setup.limits, setup.timeframe)
    return _Lane(place, place.symbol, sub, strategy(sub.strategy).desire, setup.strategies[sub.strategy], idle)


def _signal_of(place: Place, moment: _Moment, row: Mapping[str, Any], model: str, desire: Desire) -> Signal:
    """Return a signal that is acted on at once and stored nowhere: its lineage names no rows."""
    lineage = Lineage("backtest", "", model, "", "", 0, None, row["regime"])
    return signal(place, *moment[1:3], Knowledge(row, row), desire, lineage)
