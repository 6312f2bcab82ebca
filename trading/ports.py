"""The few openings through which the outside comes in: clock and venue."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Generic, Protocol, TypeVar

from trading.fill import Fill
from trading.instrument import Instrument
from trading.order import Order, OrderState

T = TypeVar("T")


@dataclass(frozen=True)
class Known(Generic[T]):
    """An answer that the venue really gave; an empty list here means empty."""

    value: T


@dataclass(frozen=True)
class Unreachable:
    """A question that was not answered; nothing may be concluded from it."""

    why: str


class Verdict(StrEnum):
    """What is proven about a request that may have reached the venue."""

    ACCEPTED = "ACCEPTED"
    REFUSED = "REFUSED"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True)
class Outcome:
    """The classified answer to one order or cancel request; `code` and `detail` as the venue gave them."""

    verdict: Verdict
    code: str = ""
    detail: str = ""
    venue_order_id: str | None = None
    state: OrderState | None = None
    filled: Decimal = Decimal(0)
    fills: Sequence[Fill] = ()


@dataclass(frozen=True)
class VenueOrder:
    """An order as the venue sees it now."""

    venue_order_id: str
    client_id: str
    symbol: str
    state: OrderState
    filled: Decimal


class Clock(Protocol):
    """The time of the market, in UTC: the simulator's virtual clock, or the wall."""

    def now(self) -> datetime:
        """Return the current market time; Unavailable when its owner does not answer."""
        ...


class Venue(Protocol):
    """One account at one exchange. Reads never raise for transport errors: they answer Unreachable."""

    def instruments(self, symbols: Sequence[str]) -> Known[list[Instrument]] | Unreachable:
        """Return the instruments of `symbols` with their steps and fees."""
        ...

    def send(self, order: Order) -> Outcome:
        """Send `order` once, signed with exactly `order.sent_at` and `order.recv_window_ms`; never retries."""
        ...

    def cancel(self, order: Order) -> Outcome:
        """Ask once for the cancellation of `order` by client id; never retries."""
        ...

    def order(self, symbol: str, client_id: str) -> Known[VenueOrder | None] | Unreachable:
        """Return the order with `client_id`, or Known(None) when the venue says that there is none."""
        ...

    def open_orders(self, symbol: str) -> Known[list[VenueOrder]] | Unreachable:
        """Return the open orders of `symbol`."""
        ...

    def fills(self, symbol: str, since_trade_id: str | None) -> Known[list[Fill]] | Unreachable:
        """Return the account's trades of `symbol` after `since_trade_id`, oldest first; client_id may be empty."""
        ...

    def balances(self) -> Known[dict[str, Decimal]] | Unreachable:
        """Return total balances (free and locked together) by currency, without zeros."""
        ...

    def waits(self) -> bool:
        """Return whether the venue has asked to be left alone for a while; then nothing is sent."""
        ...

    def last_price(self, symbol: str) -> Known[Decimal] | Unreachable:
        """Return the last traded price of `symbol`, quote per base."""
        ...
