"""The trader of a backtest: what execution does with signals, answers and fills, at a venue in this very process.

The order of things is that of `services/execution`: a message has its whole effect before the next; after each moment
in which something filled, the living orders are asked about, oldest first; what could not be decided at once waits.
"""

from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from trading.backtest.resting import unwanted
from trading.backtest.result import Decided
from trading.backtest.sub_account import SubAccount, Ticketed, oldest_first
from trading.backtest.wire import Wire
from trading.decide import Market, decide
from trading.errors import Denied
from trading.execution import protocol
from trading.fill import Fill
from trading.limits import Limits
from trading.money import multiply
from trading.order import OrderState
from trading.signal import Signal
from trading.simulation.funds import Trade

Owner = tuple[str, str]

#: So close to the peak, floats do not tell whether it is passed.
_CLOSE = 1e-9


class Trader:
    """Trades for the sub-accounts of one book over `wire`; `closed_by` says by symbol what forbids new risk."""

    def __init__(self, wire: Wire, limits: Limits, subs: Iterable[SubAccount]) -> None:
        """Begin with nothing held and nothing working."""
        self.subs: Mapping[Owner, SubAccount] = {(sub.strategy, sub.instrument.symbol): sub for sub in subs}
        self.closed_by: Mapping[str, str] = {}
        self.fills: list[Fill] = []
        self.decisions: list[Decided] = []
        self.verdicts: Counter[str] = Counter()
        self._wire = wire
        self._limits = limits
        #: What waits for a decision, first come first served, and why.
        self.due: dict[Owner, str] = {}

    def take(self, sub: SubAccount, signal: Callable[[], Signal]) -> None:
        """Take a signal over, with all that follows from it now."""
        sub.take(signal)
        self._act(sub, self._decide(sub, "signal"))

    def pass_over(
        self, sub: SubAccount, signal: Callable[[], Signal], ticks: int, left_at: datetime | None, count: int = 1
    ) -> None:
        """Take a signal over that is known to change no order, as if it had been decided about at a price of `ticks`.

        One that wants nothing has `left_at` that moment: the stop of what is left of a position is then forgotten. Of
        `count` signals in a row this is the last; `ticks` is then the highest of their prices.
        """
        sub.take(signal, number=2)
        if left_at is not None:
            sub.left_at = left_at
        self.verdicts["HOLD"] += count
        stands = sub.standing
        # What holds nothing has the equity that it was last decided about with.
        if stands.holding and stands.cash + stands.holding * ticks * stands.tick >= stands.peak * (1 - _CLOSE):
            base, quote = sub.purse.owned
            sub.rise(quote + multiply(base, multiply(Decimal(ticks), sub.instrument.tick)))

    def hear(self, trades: Sequence[Trade]) -> None:
        """Let what has just filled at the venue have its effect."""
        self._wire.hear(trades)
        self.settle()

    def settle(self) -> None:
        """Ask and decide until nothing is left to do at this moment."""
        working = [(owner, sub) for owner, sub in self.subs.items() if sub.working]
        for owner, sub in working:
            if why := unwanted(sub, self._wire.now, self.closed_by.get(owner[1], "")):
                self.due.setdefault(owner, why)
        moved = bool(self.due) or any(self._wire.stirred(made) for _, sub in working for made in sub.working)
        while moved:
            due = dict(self.due)
            owners = {made: sub for sub in self.subs.values() for made in sub.working}
            asked = [self._ask(owners[made], made) for made in oldest_first(owners)]
            decided = [self._evaluate(owner, reason) for owner, reason in due.items()]
            moved = any(asked) or any(decided)

    def _ask(self, sub: SubAccount, made: Ticketed) -> bool:
        """Take what the venue says of a living order; True when it was news."""
        seen = self._wire.seen(made)
        if made not in sub.working or seen is None or not protocol.news(made.order, seen):
            return False
        self._act(sub, self._settled(sub, made))
        return True

    def _evaluate(self, owner: Owner, reason: str) -> bool:
        """Decide about what waits; True when it waits no more."""
        sub = self.subs[owner]
        del self.due[owner]
        self._act(sub, self._decide(sub, reason))
        return owner not in self.due

    def _act(self, sub: SubAccount, acting: Sequence[Ticketed]) -> None:
        """Send what is to be sent and cancel what is to be cancelled, and so on with what follows."""
        line = deque(acting)
        while line:
            made = line.popleft()
            try:
                if made.order.state is OrderState.SENDING:
                    self._wire.send(sub, made)
                else:
                    self._wire.cancel(made)
            except Denied as denial:
                sub.move(made, OrderState.REJECTED, denial.reason)
                self._remember(sub, "rejected")
                continue
            line.extend(self._settled(sub, made))

    def _settled(self, sub: SubAccount, made: Ticketed) -> Sequence[Ticketed]:
        """Book what the venue says of an order, and decide about what follows from it."""
        seen = self._wire.seen(made)
        if seen is None:
            raise ValueError(f"order {made.order.client_id} never came to the venue")
        after = protocol.after(made.order, seen)
        fresh = list(made.unbooked)
        quantity = sub.settle(made)
        self.fills += fresh
        if after is not made.order.state:
            sub.move(made, after)
        if quantity or after.terminal:
            return self._decide(sub, protocol.cause(after))
        return ()

    def _decide(self, sub: SubAccount, trigger: str) -> Sequence[Ticketed]:
        """Decide about a sub-account and return what is to be acted on; what cannot be decided yet is remembered."""
        signal, price = sub.signal, self._wire.price(sub.instrument.symbol)
        if signal is None:
            return ()
        if price is None or any(made.order.state.unsettled for made in sub.working):
            self._remember(sub, trigger)
            return ()
        now = self._wire.now
        account = sub.account(self.closed_by.get(sub.instrument.symbol, ""))
        decision = decide(signal, account, Market(sub.instrument, price, now), self._limits, sub.number)
        acting: list[Ticketed] = []
        if sub.number == 1 or decision.verdict == "TRADE":
            made = (signal.signal_id, sub.number, trigger, decision.verdict, decision.reason)
            self.decisions.append(Decided(*made, account.holding, decision.target, now))
            self.verdicts[_told(decision.verdict, decision.reason)] += 1
            acting = sub.follow(decision, now)
        sub.rise(account.equity(price))
        return acting

    def _remember(self, sub: SubAccount, reason: str) -> None:
        self.due.setdefault((sub.strategy, sub.instrument.symbol), reason)


def _told(verdict: str, reason: str) -> str:
    """Return a verdict with the rule behind a refusal, without its numbers."""
    return verdict if verdict != "DENIED" else f"{verdict} {reason.partition(':')[0].partition(' ')[0]}"
