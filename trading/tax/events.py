"""What happens to coins, as the tax office sees it: they come in, go out, move, are split, or their cost changes.

Quantities are in units of the asset, values in the taxpayer's currency, instants UTC; amounts are whole grains.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from trading.errors import BadData
from trading.money import CONTEXT, ZERO
from trading.tax.apportion import representable


class AcquisitionKind(StrEnum):
    """How coins came in. Which of them are income is for the country to say."""

    BUY = "buy"
    AIRDROP = "airdrop"
    FUNDING = "funding"
    GIFT = "gift"
    HARD_FORK = "hard fork"
    INCOME = "income"
    INTEREST = "interest"
    MINING = "mining"
    SPOUSE = "spouse"
    STAKING = "staking"
    WAGES = "wages"


class DisposalKind(StrEnum):
    """How coins went out; MOVE is what a transfer cost in kind, STAKING what a validator was fined."""

    SELL = "sell"
    DONATE = "donate"
    FEE = "fee"
    FUNDING = "funding"
    GIFT = "gift"
    LOST = "lost"
    MOVE = "move"
    SPOUSE = "spouse"
    STAKING = "staking"


@dataclass(frozen=True, order=True)
class Wallet:
    """Where coins are held: an exchange account or a wallet, and whose it is."""

    venue: str
    holder: str = ""


@dataclass(frozen=True)
class Acquisition:
    """Coins that came in: a new lot of cost `value` + `fee`.

    `value` is what was paid, or what income was worth when it came; for a gift or from a spouse the giver's cost.
    `held_since` is the giver's own date where the holding period goes on.
    """

    event_id: str
    ts: datetime
    wallet: Wallet
    asset: str
    quantity: Decimal
    value: Decimal
    fee: Decimal = ZERO
    kind: AcquisitionKind = AcquisitionKind.BUY
    held_since: datetime | None = None

    def __post_init__(self) -> None:
        _instant(self.event_id, self.ts)
        _instant(self.event_id, self.held_since or self.ts)
        _amounts(self.event_id, [self.quantity], [self.value, self.fee])
        if (self.held_since or self.ts) > self.ts:
            raise BadData(f"{self.event_id}: held since {self.held_since}, after it came in")

    @property
    def cost(self) -> Decimal:
        """What the lot costs, fee included."""
        return CONTEXT.add(self.value, self.fee)


@dataclass(frozen=True)
class Disposal:
    """Coins that went out for `value`, less `fee`.

    `fee_quantity` leaves with them and brings nothing: a fee taken in the coin that is sold. `lots` names the
    acquisitions it is to come from, in order; only specific identification listens.
    """

    event_id: str
    ts: datetime
    wallet: Wallet
    asset: str
    quantity: Decimal
    value: Decimal
    fee: Decimal = ZERO
    fee_quantity: Decimal = ZERO
    kind: DisposalKind = DisposalKind.SELL
    lots: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _instant(self.event_id, self.ts)
        _amounts(self.event_id, [self.quantity], [self.value, self.fee, self.fee_quantity])

    @property
    def gone(self) -> Decimal:
        """All that left the wallet, the fee in kind included."""
        return CONTEXT.add(self.quantity, self.fee_quantity)


@dataclass(frozen=True)
class Transfer:
    """Coins that moved between two wallets of the taxpayer; `value` is what the coins lost on the way were worth.

    `lots` names the acquisitions that move, the fee's first; only specific identification listens.
    """

    event_id: str
    ts: datetime
    source: Wallet
    target: Wallet
    asset: str
    sent: Decimal
    received: Decimal
    value: Decimal = ZERO
    lots: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _instant(self.event_id, self.ts)
        _amounts(self.event_id, [self.sent], [self.received, self.value])
        if self.received > self.sent:
            raise BadData(f"{self.event_id}: {self.received} received of {self.sent} sent")
        if self.source == self.target:
            raise BadData(f"{self.event_id}: a transfer from {self.source} to itself")
        if self.value and self.received == self.sent:
            raise BadData(f"{self.event_id}: nothing was lost on the way, so it is worth nothing")

    @property
    def cost_in_kind(self) -> Decimal:
        """What was lost on the way, in units of the asset."""
        return CONTEXT.subtract(self.sent, self.received)


@dataclass(frozen=True)
class Split:
    """From this instant `new` units stand where `old` did, in every wallet; costs and dates stay."""

    event_id: str
    ts: datetime
    asset: str
    old: Decimal
    new: Decimal

    def __post_init__(self) -> None:
        _instant(self.event_id, self.ts)
        _amounts(self.event_id, [self.old, self.new], [])


@dataclass(frozen=True)
class Adjustment:
    """The cost of what is held changes by `value`: up by income that stays inside, down by capital given back."""

    event_id: str
    ts: datetime
    asset: str
    value: Decimal

    def __post_init__(self) -> None:
        _instant(self.event_id, self.ts)
        _amounts(self.event_id, [], [abs(self.value)])


Event = Acquisition | Disposal | Transfer | Split | Adjustment
# At one instant: a split first, for what comes in is counted in new units; what comes in before what goes out.
_RANK: dict[type[Event], int] = {Split: 0, Acquisition: 1, Adjustment: 2, Transfer: 3, Disposal: 4}


def in_order(events: Iterable[Event]) -> list[Event]:
    """Return the events by time; at one instant split, acquisition, adjustment, transfer, disposal, then as given.

    Raises:
        BadData: two events have one id.
    """
    known = list(events)
    seen: set[str] = set()
    for event in known:
        if event.event_id in seen:
            raise BadData(f"two events are called {event.event_id}")
        seen.add(event.event_id)
    return sorted(known, key=lambda event: (event.ts, _RANK[type(event)]))


def _instant(event_id: str, ts: datetime) -> None:
    if ts.utcoffset() != timedelta(0):
        raise BadData(f"{event_id}: {ts} is not UTC")


def _amounts(event_id: str, positive: Iterable[Decimal], others: Iterable[Decimal]) -> None:
    for amount in positive:
        if not representable(amount) or amount <= ZERO:
            raise BadData(f"{event_id}: {amount} is no quantity")
    for amount in others:
        if not representable(amount) or amount < ZERO:
            raise BadData(f"{event_id}: {amount} is no amount")
