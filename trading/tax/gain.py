"""A gain: one part of a disposal against one acquisition, or against the pool."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from decimal import Decimal
from enum import StrEnum

from trading.money import CONTEXT, ZERO
from trading.tax.apportion import apportion
from trading.tax.country import Country
from trading.tax.events import Disposal, DisposalKind, Transfer, Wallet
from trading.tax.holding_period import Term


class Rule(StrEnum):
    """By what the acquisition was found."""

    LOT = "lot"
    POOL = "pool"
    SAME_DAY = "same day"
    THIRTY_DAYS = "thirty days"


@dataclass(frozen=True)
class Outgoing:
    """What went out at once: a disposal, or what a transfer cost in kind."""

    event_id: str
    ts: datetime
    wallet: Wallet
    asset: str
    kind: DisposalKind
    quantity: Decimal
    value: Decimal
    fee: Decimal

    @classmethod
    def of(cls, event: Disposal | Transfer) -> "Outgoing":
        """Return what left the wallet for good; nothing did when no unit was lost on the way."""
        if isinstance(event, Transfer):
            wallet, kind, quantity, fee = event.source, DisposalKind.MOVE, event.cost_in_kind, ZERO
        else:
            wallet, kind, quantity, fee = event.wallet, event.kind, event.gone, event.fee
        return cls(event.event_id, event.ts, wallet, event.asset, kind, quantity, event.value, fee)


@dataclass
class Piece:
    """A part of what went out that is identified: `quantity` units of the asset, and what they had cost."""

    rule: Rule
    quantity: Decimal
    cost: Decimal
    lot_id: str
    acquired: datetime | None


@dataclass(frozen=True)
class Gain:
    """`quantity` units that brought `proceeds`, less `fee`, and had cost `cost`; money in the taxpayer's currency.

    `lot_id` names the acquisition (a day's acquisitions joined by `+`), `acquired` is None for a pool. What is not
    `taxable` is told and not counted.
    """

    disposal_id: str
    kind: DisposalKind
    ts: datetime
    wallet: Wallet
    asset: str
    quantity: Decimal
    proceeds: Decimal
    fee: Decimal
    cost: Decimal
    rule: Rule
    lot_id: str
    acquired: datetime | None
    term: Term | None
    taxable: bool

    @property
    def amount(self) -> Decimal:
        """What was gained; negative is lost."""
        return CONTEXT.subtract(CONTEXT.subtract(self.proceeds, self.fee), self.cost)


def realised(gone: Outgoing, pieces: Sequence[Piece], country: Country, zone: tzinfo) -> list[Gain]:
    """Return the gain of each piece of `gone`; proceeds and fee are shared in proportion to the units.

    Between spouses there is neither gain nor loss, whatever the coins were worth: the proceeds are the cost.
    """
    quantities = [piece.quantity for piece in pieces]
    spouse = gone.kind is DisposalKind.SPOUSE
    proceeds = [piece.cost for piece in pieces] if spouse else apportion(gone.value, quantities)
    fees = [ZERO] * len(pieces) if spouse else apportion(gone.fee, quantities)
    return [
        Gain(
            disposal_id=gone.event_id,
            kind=gone.kind,
            ts=gone.ts,
            wallet=gone.wallet,
            asset=gone.asset,
            quantity=piece.quantity,
            proceeds=brought,
            fee=paid,
            cost=piece.cost,
            rule=piece.rule,
            lot_id=piece.lot_id,
            acquired=piece.acquired,
            term=country.term(piece.acquired, gone.ts, zone),
            taxable=gone.kind not in country.exempt,
        )
        for piece, brought, paid in zip(pieces, proceeds, fees, strict=True)
    ]
