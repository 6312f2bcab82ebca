"""What came of a backtest: orders, fills, what moved in the books, and what they were worth at every close."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import Generic, TypeVar, overload

from trading.fill import Fill
from trading.order import Order
from trading.performance.closes import Close
from trading.performance.equity import Valuation
from trading.performance.movement import Movement
from trading.performance.period import Period

T = TypeVar("T")


class Later(Sequence[T], Generic[T]):
    """A sequence that is `made` when somebody first looks into it; equal to any other that holds the same."""

    def __init__(self, made: Callable[[], Sequence[T]]) -> None:
        """Remember how."""
        self._made = made

    @cached_property
    def _all(self) -> Sequence[T]:
        return self._made()

    @overload
    def __getitem__(self, place: int) -> T: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[T]: ...
    def __getitem__(self, place: int | slice) -> T | Sequence[T]:
        """Return one of them, or a part."""
        return self._all[place]

    def __len__(self) -> int:
        """Return how many they are."""
        return len(self._all)

    def __iter__(self) -> Iterator[T]:
        """Go through all of them."""
        return iter(self._all)

    def __eq__(self, other: object) -> bool:
        """Compare what they hold."""
        return isinstance(other, list | Later) and [*self] == [*other]

    __hash__ = None  # pyright: ignore[reportAssignmentType]


@dataclass(frozen=True)
class Placed:
    """One order as it ended, decided at `at` for `reason`; `code` is why the venue refused it, if it did."""

    order: Order
    at: datetime
    reason: str
    code: str = ""


@dataclass(frozen=True)
class Decided:
    """One decision that counts: the `number`th about its signal, at `at`, because of `trigger`. Quantities in base."""

    signal_id: str
    number: int
    trigger: str
    verdict: str
    reason: str
    holding: Decimal
    target: Decimal
    at: datetime


@dataclass(frozen=True)
class Traded:
    """What a book did, wherever it traded: its decisions that count, orders, fills and equity curve, oldest first."""

    decisions: Sequence[Decided]
    orders: Sequence[Placed]
    fills: Sequence[Fill]
    curve: Sequence[Valuation]


@dataclass(frozen=True)
class Backtest:
    """The whole result. Amounts are Decimals in the currency `quote`; all sequences are oldest first.

    `period` goes from the opening of the first traded bar to the close of the last; `curve` has a point at its start
    and one at every close. It and `closes` are made when they are first asked for. `verdicts` counts the decisions by
    what they said (TRADE, HOLD, DENIED and why), `signals` those that were made; `missing` says by symbol of how many
    bars too little was known for one.
    """

    book: str
    venue: str
    quote: str
    symbols: Sequence[str]
    strategies: Sequence[str]
    period: Period
    signals: int
    verdicts: Mapping[str, int]
    missing: Mapping[str, int]
    orders: Sequence[Placed]
    fills: Sequence[Fill]
    decisions: Sequence[Decided]
    movements: Sequence[Movement]
    closes: Sequence[Close]
    curve: Sequence[Valuation]

    @property
    def traded(self) -> Traded:
        """What can be compared with what was done elsewhere."""
        return Traded(self.decisions, self.orders, self.fills, self.curve)
