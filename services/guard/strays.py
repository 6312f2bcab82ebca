"""Strays: orders that work at the venue and have no right to, seen over the guard's own connection."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from adapters.exchange.mass_cancel import Working
from adapters.store import vigilance
from adapters.store.database import Database
from services.guard.watch import Doubt, Violation
from trading.ports import Known, Unreachable

#: How all our client ids begin.
PREFIX = "tw-"
LOOK_SECONDS = 2.0
#: How long the venue may still show an order that has ended, monotonic seconds: what it shows may lag behind.
LAG_SECONDS = 8.0


class Seer(Protocol):
    """Sees all working orders of an account."""

    def open_orders(self) -> Known[list[Working]] | Unreachable:
        """Return the open orders in all symbols."""
        ...


@dataclass(frozen=True)
class Seen:
    """What one look has found."""

    violations: list[Violation] = field(default_factory=list)
    doubts: list[Doubt] = field(default_factory=list)


class Strays:
    """Compares the venue's open orders with ours; a venue that does not answer is a doubt, never an empty one."""

    def __init__(self, database: Database, book: str, symbols: Sequence[str], seer: Seer) -> None:
        self._database = database
        self._book = book
        self._symbols = frozenset(symbols)
        self._seer = seer
        self._looked = float("-inf")
        self._doubts: list[Doubt] = []
        self._ended: dict[str, float] = {}
        self._entries: set[str] = set()

    def look(self, monotonic: float) -> Seen:
        """Look when it is time; in between, doubts stay as they were. Unavailable when the database does not answer."""
        if monotonic - self._looked < LOOK_SECONDS:
            return Seen(doubts=self._doubts)
        self._looked = monotonic
        # The venue first, then our table: an order is in the table before it is on the wire.
        answer = self._seer.open_orders()
        if isinstance(answer, Unreachable):
            self._doubts = [Doubt("venue silent", f"the venue does not tell its open orders: {answer.why}")]
            return Seen(doubts=self._doubts)
        mine = [order for order in answer.value if order.client_id.startswith(PREFIX)]
        with self._database.transaction() as connection:
            known = vigilance.known_orders(connection, self._book, [order.client_id for order in mine])
        self._entries = {order.symbol for order in mine if (row := known.get(order.client_id)) and row.forbidden}
        self._doubts = [
            Doubt(f"foreign order {order.client_id}", f"order {order.client_id} in {order.symbol} is not ours")
            for order in answer.value
            if not order.client_id.startswith(PREFIX)
        ]
        return Seen(self._violations(mine, known, monotonic), self._doubts)

    def take_entries(self) -> set[str]:
        """Return the symbols in which the last look saw an entry or a quote working; each look tells once."""
        entries, self._entries = self._entries, set()
        return entries

    def _violations(
        self, mine: Sequence[Working], known: dict[str, vigilance.KnownOrder], monotonic: float
    ) -> list[Violation]:
        found: list[Violation] = []
        ended: dict[str, float] = {}
        for order in mine:
            row = known.get(order.client_id)
            symbol = order.symbol if order.symbol in self._symbols else None
            if row is None:
                reason = f"order {order.client_id} is open at the venue and unknown in trading.orders"
                found.append(Violation(symbol, reason))
            elif row.ended:
                ended[order.client_id] = self._ended.get(order.client_id, monotonic)
                if monotonic - ended[order.client_id] >= LAG_SECONDS:
                    reason = f"order {order.client_id} is open at the venue and {row.state} in trading.orders"
                    found.append(Violation(symbol, reason))
        self._ended = ended
        return found
