"""The engine: bar by bar through the strategies, the decision path and the venue's own rules, as a paper run goes.

At each close the signals come first, from what was known then; they meet the open of the next bar. Then time goes on to
its close, stopping wherever something fills, so that stops are placed inside the bar.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import chain

from trading.accounting.shares import shares
from trading.backtest.filled import filled
from trading.backtest.idle import Idle
from trading.backtest.lane import BLOCK, Lane, Moment
from trading.backtest.resting import rests
from trading.backtest.result import Backtest, Later, Placed
from trading.backtest.slots import Slots, slots
from trading.backtest.source import Source
from trading.backtest.sub_account import SubAccount
from trading.backtest.trader import Trader
from trading.backtest.venue import Venue
from trading.backtest.wire import Wire
from trading.errors import Misconfigured
from trading.instrument import Instrument
from trading.limits import Limits
from trading.money import ZERO, multiply
from trading.performance.closes import Close
from trading.performance.equity import equity_curve
from trading.performance.movement import Movement
from trading.performance.period import Period
from trading.signal import Signal
from trading.simulation.grid import GridBars
from trading.strategies.knowledge import Place
from trading.strategies.registry import strategy
from trading.strategies.strategy import Parameters
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
        self._slots: Mapping[str, Slots] = {}
        self._symbols = [instrument.symbol for instrument in setup.instruments]
        self._signals = 0
        self._missing: Counter[str] = Counter()

    def run(self, told: Told | None = None) -> Backtest:
        """Return what came of it; `told` hears (bars done, bars in all).

        Raises:
            BadData: the source lacks a column that a strategy reads.
        """
        setup, exchange, length = self._setup, self._exchange, self._setup.timeframe.milliseconds
        start, bars, step, calm = milliseconds_of(setup.start), list[datetime](), 0, False
        while step < setup.steps:
            if told is not None and step % _TELL_EVERY == 0:
                told(step, setup.steps)
            if (place := step % _STRETCH) == 0:
                bars = self._look(step)
            if calm and (passed := self._pass_over(bars, place)):
                step += passed
                continue
            at, now = start + step * length, bars[place + 1]
            # What stopped at the very end of the bar leaves the venue a few microseconds later, unless it sleeps.
            moment = exchange.moment if exchange.now == at else now
            step += 1
            calm = self._signal((place, bars[place], moment), at) and setup.brief and exchange.sleeps(at)
            if calm:
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
        setup, begins, delta = self._setup, self._setup.opens(first - 1), self._setup.timeframe.delta
        count = min(_STRETCH, setup.steps - first)
        times = [begins]
        for _ in range(count):
            times.append(times[-1] + delta)
        shown = self._source.shown(times[:-1], setup.timeframe)
        if setup.brief:
            length = setup.timeframe.milliseconds
            since = milliseconds_of(times[1])
            self._slots = {one: slots(self._bars, one, since, length, count) for one in self._symbols}
        for symbol in self._symbols:
            told = shown.get(symbol)
            if missing := count if told is None else told.rows.count(None):
                self._missing[symbol] += missing
        for lane in chain.from_iterable(self._lanes):
            lane.begin(shown.get(lane.place.symbol), self._slots.get(lane.place.symbol))
        return times

    def _pass_over(self, bars: Sequence[datetime], place: int) -> int:
        """Pass over bars from `place` on that surely change nothing, all at once; return how many."""
        trader, lanes = self._trader, list(chain.from_iterable(self._lanes))
        if trader.due or any(
            lane.sub.stopped_at is not None and lane.sub.stopped_at >= bars[place + 1] for lane in lanes
        ):
            return 0
        count = min(len(bars) - 1 - place, BLOCK)
        for lane in lanes:
            count = lane.calm(place, count)
        for symbol, book in self._exchange.books.items():
            for order in book.resting.values():
                count = self._slots[symbol].untouched(order, place, count)
        count = next((one for one in range(count) if self._source.closed_by(bars[place + one])), count)
        if count:
            trader.closed_by = {}
            self._signals += sum(lane.pass_over(trader, bars, place, count) for lane in lanes)
        return count

    def _signal(self, moment: Moment, at: int) -> bool:
        """Take the signals that follow from a bar at its close, strategy by strategy; True when that moves nothing."""
        trader, taken = self._trader, False
        trader.closed_by = self._source.closed_by(moment[1])
        for lanes in self._lanes:
            for sub, made in self._desired(lanes, moment, at):
                self._exchange.catch_up(at)
                trader.take(sub, made)
                taken = True
        if taken or self._watchful():
            trader.settle()
            return False
        return True

    def _desired(self, lanes: Sequence[Lane], moment: Moment, at: int) -> list[tuple[SubAccount, Callable[[], Signal]]]:
        """Return the signals of one strategy that are to be taken; what it holds is what it held before any of them."""
        made: list[tuple[SubAccount, Callable[[], Signal]]] = []
        place, _, now = moment
        trader = self._trader
        calm = not (trader.due or trader.closed_by)
        for lane in lanes:
            row = lane.row(place)
            if row is None:
                continue
            self._signals += 1
            sub = lane.sub
            desire = lane.wanted(row, lane.values)
            one = lane.signal(moment, row, desire)
            free = self._setup.brief and ((calm and sub.stopped_at is None) or self._free(lane, now))
            ticks = self._bars.shows(lane.place.symbol, at) if free else None
            stands = sub.standing
            sure = lane.idle.sure
            if ticks is not None and sure(stands, desire, row["volatility_24"], row["close"], ticks * stands.tick):
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

    def _free(self, lane: Lane, now: datetime) -> bool:
        """Whether no closed gate, no stop just filled and nothing that waits has a say in what becomes of a signal."""
        stopped, due = lane.sub.stopped_at, self._trader.due
        if lane.place.symbol in self._trader.closed_by or (stopped is not None and stopped >= now):
            return False
        return not due or (lane.place.strategy, lane.place.symbol) not in due

    def _result(self) -> Backtest:
        setup, trader = self._setup, self._trader
        end = setup.opens(setup.steps)
        period = Period(setup.start, setup.start, end, setup.timeframe)
        movements = [
            *self._deposits(),
            *(filled(fill, self._wire.placed(fill).order.request, setup.quote) for fill in trader.fills),
        ]
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


def _lane(setup: Setup, sub: SubAccount) -> Lane:
    place = Place(setup.book, sub.strategy, setup.venue, sub.instrument.symbol, setup.timeframe)
    idle = Idle.of(sub.instrument, setup.limits, setup.timeframe)
    return Lane(place, sub, strategy(sub.strategy).desire, setup.strategies[sub.strategy], idle)
