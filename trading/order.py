"""An order: its identity, its parameters and its states.

INTENT > SENDING > ACKED | REJECTED | UNKNOWN > (ACKED | ABSENT); ACKED > PARTIAL > FILLED | CANCELED | EXPIRED.
PENDING_CANCEL stands beside ACKED and PARTIAL. INTENT may be voided to CANCELED before anything was sent.
"""

import base64
import hashlib
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum


class Side(StrEnum):
    """Which way an order goes."""

    BUY = "BUY"
    SELL = "SELL"

    @property
    def sign(self) -> int:
        """+1 for BUY, -1 for SELL."""
        return 1 if self is Side.BUY else -1


class OrderType(StrEnum):
    """How an order meets the market."""

    MARKET = "MARKET"
    LIMIT = "LIMIT"
    STOP_LOSS = "STOP_LOSS"


class Leg(StrEnum):
    """What an order is for: one decision may need several. Bids and asks are the resting quotes."""

    ENTRY = "entry"
    EXIT = "exit"
    STOP = "stop"
    BID = "bid"
    ASK = "ask"

    @property
    def quoted(self) -> bool:
        """Whether it rests as a quote."""
        return self in (Leg.BID, Leg.ASK)


class OrderState(StrEnum):
    """Where an order stands; see the drawing at the top of this module."""

    INTENT = "INTENT"
    SENDING = "SENDING"
    UNKNOWN = "UNKNOWN"
    ACKED = "ACKED"
    PARTIAL = "PARTIAL"
    PENDING_CANCEL = "PENDING_CANCEL"
    FILLED = "FILLED"
    CANCELED = "CANCELED"
    EXPIRED = "EXPIRED"
    REJECTED = "REJECTED"
    ABSENT = "ABSENT"

    @property
    def terminal(self) -> bool:
        """True when the order never changes state again (late fills are still booked)."""
        return self in TERMINAL

    @property
    def unsettled(self) -> bool:
        """True while the venue's view of the order is not known for certain."""
        return self in UNSETTLED


TERMINAL = frozenset(
    {OrderState.FILLED, OrderState.CANCELED, OrderState.EXPIRED, OrderState.REJECTED, OrderState.ABSENT}
)
UNSETTLED = frozenset({OrderState.INTENT, OrderState.SENDING, OrderState.UNKNOWN, OrderState.PENDING_CANCEL})


@dataclass(frozen=True)
class OrderKey:
    """The identity of an order: at most one accepted venue order per key, for ever.

    `level` counts the quotes of one leg from 1; it is 0 for all other legs, which a decision has once.
    """

    signal_id: str
    decision_no: int
    leg: Leg
    level: int = 0

    @property
    def place(self) -> str:
        """The leg with its level: `entry`, `bid2`."""
        return f"{self.leg}{self.level or ''}"

    @classmethod
    def at(cls, signal_id: str, decision_no: int, place: str) -> "OrderKey":
        """Return the key whose leg and level are written as `place`."""
        leg = place.rstrip("0123456789")
        return cls(signal_id, decision_no, Leg(leg), int(place[len(leg) :] or 0))

    def client_id(self, account: str, attempt: int) -> str:
        """Return the client order id of `attempt` (1, 2, ...): `tw-` + 24 characters + `-a` + attempt."""
        digest = hashlib.sha256(f"{self.signal_id}|{self.decision_no}|{self.place}|{account}".encode()).digest()
        return f"tw-{base64.b32encode(digest).decode().lower()[:24]}-a{attempt}"


@dataclass(frozen=True)
class OrderRequest:
    """What `decide` wants sent. Quantity in base, prices in quote per base; `limit` and `stop` by type."""

    key: OrderKey
    book: str
    strategy: str
    venue: str
    symbol: str
    side: Side
    type: OrderType
    quantity: Decimal
    reference_price: Decimal
    limit: Decimal | None = None
    stop: Decimal | None = None
    reduce_only: bool = False


@dataclass(frozen=True)
class Order:
    """A stored order: the request and how far it has come."""

    request: OrderRequest
    client_id: str
    state: OrderState
    attempt: int
    epoch: int
    sent_at: datetime | None = None
    recv_window_ms: int | None = None
    venue_order_id: str | None = None
    filled: Decimal = Decimal(0)

    @property
    def remaining(self) -> Decimal:
        """Quantity not yet filled, in base."""
        return self.request.quantity - self.filled
