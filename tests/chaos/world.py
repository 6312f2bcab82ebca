"""One simulated world: its seed decides market, faults, messages and who runs when; the same seed, the same world."""

import random
from collections import Counter
from collections.abc import Generator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal

from tests.chaos import world_truth
from tests.chaos.world_shell import MARKETS, Executor, Topic
from tests.chaos.world_store import BOOK, Database, Owner, living, post
from tests.chaos.world_truth import Violation
from tests.chaos.world_venue import ACCOUNT, BAR_MS, CASH, INSTRUMENTS, LIES, START, Venue, Walk
from trading.accounting.journal import deposit
from trading.errors import Interrupted
from trading.order import Side
from trading.ports import Known
from trading.quote import Quote
from trading.signal import Lineage, Signal
from trading.simulation.exchange import Exchange

#: What happens around the wire: to processes, to messages, to the way of new risk.
TROUBLES = ("crash", "freeze", "duplicate", "replay", "late_message", "other_body", "halt", "gate", "stall")
FAULTS = (*LIES, *TROUBLES)
OWNERS: tuple[Owner, ...] = (("one", "A/Q"), ("two", "A/Q"), ("one", "B/Q"))
EVENTS = 180
#: Rounds without faults within which a world must have come to rest.
_ROUNDS = 120
_FOR_GOOD = START + 10**10
#: The share of the signals that want quotes to rest.
_QUOTING = 0.3
_LINEAGE = Lineage("run", "code", "model", "features", "candle", 1)


@dataclass
class World:
    """Everything of one seed; `events` is its story, `told` counts its faults."""

    seed: int
    chance: random.Random = field(init=False)
    database: Database = field(init=False)
    topic: Topic = field(default_factory=Topic)
    events: list[str] = field(default_factory=list)
    told: Counter[str] = field(default_factory=Counter)
    closed: list[tuple[str, int, int]] = field(default_factory=list)
    signals: list[Signal] = field(default_factory=list)
    frozen: list[Generator[str, None, None]] = field(default_factory=list)
    delayed: list[Signal] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Draw the faults of this world and open its market."""
        self.chance = random.Random(self.seed)
        chance = self.chance
        chosen = [fault for fault in FAULTS if chance.random() < 0.3]
        self.faults = {fault: chance.uniform(0.03, 0.35) for fault in chosen}
        self.troubles = [fault for fault in TROUBLES if fault in self.faults and fault != "stall"]
        exchange = Exchange(
            instruments=INSTRUMENTS,
            bars=Walk(self.seed, chance.choice((4, 40, 200))),
            length=BAR_MS,
            start=START,
            half_spread_bps=Decimal(2),
        )
        exchange.admit(ACCOUNT, {"Q": CASH * len(OWNERS)})
        self.venue = Venue(random.Random(self.seed + 1), self.faults, exchange)
        self.database = Database(lambda: self.venue.exchange.now)
        with self.database.transaction() as store:
            for strategy, symbol in OWNERS:
                entry = replace(deposit(BOOK, strategy, symbol, "Q", CASH), journal_id=f"deposit:{strategy}:{symbol}")
                post(store, entry, strategy, symbol)
                store.peaks[strategy, symbol] = CASH
        self._start()

    def run(self) -> int:
        """Live through the faults, come to rest without them, hold every invariant; return the accepted orders.

        Raises:
            Violation: something does not hold; the message says what.
        """
        while len(self.events) < EVENTS:
            self._event()
        self.quiet()
        return world_truth.check(self.database.store, self.venue, self.closed, rested=not self.told["stranded"])

    def _event(self) -> None:
        draw = self.chance.random()
        if draw < 0.06:
            self._publish()
        elif draw < 0.10:
            self._pass(self.chance.choice((1, 20, 300, 600, 2000, 7000, 20_000, 40_000)))
        elif draw < 0.14 and self.troubles:
            self._trouble(self.chance.choice(self.troubles))
        elif draw < 0.15 and self.venue.strikes("late_fill"):
            self._say(f"a fill that nobody expects: {self.venue.fill_late()}")
        elif draw < 0.16 and self.venue.strikes("foreign"):
            self._say("a stranger trades")
            self.venue.trade_as_stranger(self.chance.choice(INSTRUMENTS).symbol)
        elif draw < 0.19 and self.frozen:
            self._wake(self.chance.randrange(len(self.frozen)))
        else:
            self._step()

    def _say(self, what: str) -> None:
        self.events.append(f"{(self.venue.exchange.now - START) / 1000:9.3f} {what}")

    def _start(self, *, replay: bool = False) -> None:
        with self.database.transaction() as store:
            store.epoch += 1
        self.executor = Executor(self.database, self.venue, self.topic, self.database.store.epoch, replay=replay)
        self.life = self.executor.run()
        self._say(f"executor {self.executor.epoch} starts")

    def _step(self) -> None:
        at = next(self.life)
        self._say(f"{self.executor.epoch}: {at}")
        if self.faults.get("stall") and self.chance.random() < self.faults["stall"] / 4:
            self.told["stall"] += 1
            self._pass(self.chance.choice((30, 400, 501, 1600)))

    def _pass(self, milliseconds: int) -> None:
        self._say(f"{milliseconds} ms pass")
        self.venue.pass_time(milliseconds)

    def _trouble(self, what: str) -> None:
        self.told[what] += 1
        if what == "crash":
            self._say("crash")
            self._start(replay=self.chance.random() < 0.3)
        elif what == "freeze":
            self._say("freeze")
            self.frozen.append(self.life)
            self._start()
        elif what == "replay":
            self._say("the topic is read again")
            self.executor.read = dict.fromkeys(self.executor.read, 0)
        elif what == "halt":
            self._halt()
        elif what == "gate":
            self._gate()
        elif self.signals:
            self._message(what)

    def _wake(self, number: int) -> None:
        """Let a former owner go on for a few steps, or to its end."""
        life = self.frozen[number]
        try:
            for _ in range(self.chance.randint(1, 6)):
                self._say(f"a former owner: {next(life)}")
        except (Interrupted, StopIteration):
            self._say("a former owner ends")
            self.frozen.remove(life)

    def _halt(self) -> None:
        what = self.chance.choice(("*", *MARKETS))
        with self.database.transaction() as store:
            lifted = store.halts.pop(what, None)
            if lifted is None:
                store.halts[what] = "by hand"
        self._closed(f"halt {what}", begins=lifted is None)
        self._say(f"halt {what} {'lifted' if lifted else 'set'}")

    def _gate(self) -> None:
        symbol = self.chance.choice(INSTRUMENTS).symbol
        with self.database.transaction() as store:
            opened = store.gates.pop(symbol, None)
            if opened is None:
                store.gates[symbol] = "data"
        self._closed(symbol, begins=opened is None)
        self._say(f"gate of {symbol} {'opened' if opened else 'closed'}")

    def _closed(self, what: str, *, begins: bool) -> None:
        """Note from when to when something closed the way to new risk."""
        now = self.venue.exchange.now
        if begins:
            self.closed.append((what, now, _FOR_GOOD))
        else:
            self.closed = [(w, a, now if (w, b) == (what, _FOR_GOOD) else b) for w, a, b in self.closed]

    def _message(self, what: str) -> None:
        told = self.chance.choice(self.signals)
        if what == "other_body":
            told = replace(told, reference_price=told.reference_price + 1)
        if what == "late_message":
            self.delayed.append(self._signal())
            return
        self._send(told)

    def _publish(self) -> None:
        signal = self._signal()
        if signal is not None:
            self._send(signal)
        if self.delayed and self.chance.random() < 0.5:
            self._send(self.delayed.pop())

    def _signal(self) -> Signal:
        """Make a signal of some sub-account for now."""
        chance, now = self.chance, self.venue.now()
        strategy, symbol = chance.choice(OWNERS)
        ticks = self.venue.exchange.books[symbol].walk.price or 10_000
        price = ticks * MARKETS[symbol].tick
        made = Signal(
            f"signal-{len(self.signals) + len(self.delayed):04}",
            BOOK,
            strategy,
            "venue",
            symbol,
            "1m",
            now - timedelta(minutes=1),
            now,
            now + timedelta(milliseconds=chance.choice((900, 4000, 60_000, 3_600_000, 3_600_000))),
            Decimal(chance.choice(("0", "0", "0.3", "0.6", "1"))),
            chance.choice((None, Decimal("0.001"), Decimal("0.01"), Decimal("0.05"), Decimal("0.1"))),
            Decimal("0.001"),
            price * chance.choice((Decimal(1), Decimal(1), Decimal("1.01"), Decimal("0.99"), Decimal(2))),
            "",
            _LINEAGE,
        )
        if chance.random() < _QUOTING:
            made = replace(made, exposure=None, stop=None, quotes=_quotes(price))
        self.signals.append(made)
        return made

    def _send(self, signal: Signal) -> None:
        number = list(MARKETS).index(signal.symbol)
        self.topic.partitions[number].append(signal)
        wanted = f"{signal.exposure} {signal.stop} {len(signal.quotes)}"
        self._say(f"message {signal.signal_id} {signal.strategy} {signal.symbol} {wanted}")

    def quiet(self) -> None:
        """Take all faults away and let the world come to rest; Violation when it does not."""
        self._say("the faults end")
        self.told += self.venue.told
        self.faults.clear()
        for life in self.frozen:
            for _ in range(20):
                try:
                    next(life)
                except (Interrupted, StopIteration):
                    break
        self.frozen.clear()
        for signal in self.delayed:
            self._send(signal)
        rested = 0
        for _ in range(_ROUNDS):
            self._round()
            rested = rested + 1 if self.at_rest() else 0
            if rested >= 2:
                return
            self._pass(250 if rested else 1500)
        if not self.stranded():
            raise Violation(f"no rest: {[o for o in living(self.database.store) if o.state.unsettled]}")
        self.told["stranded"] += 1

    def _round(self) -> None:
        turns = self.executor.turns
        while self.executor.turns == turns:
            self._say(f"{self.executor.epoch}: {next(self.life)}")
        for symbol, state in self.database.store.symbols.items():
            if state != "RECONCILING":
                for _ in self.executor.reconcile(symbol, "OPEN"):
                    pass

    def at_rest(self) -> bool:
        """Whether nothing is left to be done: no doubt, no trigger, no message, nothing on the wire."""
        store, priced = self.database.store, self.venue.last_price
        read = all(store.offsets.get(n, 0) == len(rows) for n, rows in enumerate(self.topic.partitions) if rows)
        due = [one for one in store.triggers if isinstance(priced(one[2]), Known)]
        open_late = any(o.open and o.late for o in self.venue.exchange.orders.values())
        doubt = any(order.state.unsettled for order in store.orders.values())
        reconciled = "RECONCILING" not in store.symbols.values()
        hidden = any(until > self.venue.exchange.now for until in self.venue.lag.values())
        busy = due or doubt or open_late or hidden or self.venue.flying or self.venue.waits()
        return read and reconciled and not busy

    def stranded(self) -> bool:
        """Whether an order in doubt has strangers' trades beside it: nobody can tell yet whose they are.

        Execution then waits for a person, and so does its symbol; what was sent must be right nevertheless.
        """
        store, ours = self.database.store, {o.venue_order_id for o in self.database.store.orders.values()}
        strangers = {
            trade.symbol
            for trade in self.venue.exchange.trades
            if str(trade.order_id) not in ours and (trade.symbol, str(trade.trade_id)) not in store.foreign
        }
        return any(order.state.unsettled and order.request.symbol in strangers for order in living(store))


def _quotes(price: Decimal) -> tuple[Quote, ...]:
    """Return a small grid around `price`: two units below it, each sold one step higher."""
    step = price / 200
    bids = [Quote(Side.BUY, price - unit * step, Decimal(unit) * 3 / 10) for unit in (1, 2)]
    asks = [Quote(Side.SELL, price - (unit - 1) * step, Decimal(unit - 1) * 3 / 10) for unit in (1, 2)]
    return (*bids, *asks)
