"""The income table: what came in for nothing, at its worth when it came; funding that was paid is negative."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from trading.tax.events import Acquisition, AcquisitionKind, Disposal, DisposalKind, Event, Wallet


@dataclass(frozen=True)
class Income:
    """`quantity` units of `asset`, worth `value` in the taxpayer's currency."""

    event_id: str
    kind: AcquisitionKind
    ts: datetime
    wallet: Wallet
    asset: str
    quantity: Decimal
    value: Decimal


def income(events: Iterable[Event], kinds: frozenset[AcquisitionKind]) -> list[Income]:
    """Return a row for each acquisition of one of `kinds`, and for funding that was paid where funding is income."""
    rows: list[Income] = []
    for event in events:
        if isinstance(event, Acquisition) and event.kind in kinds:
            kind, sign = event.kind, 1
        elif isinstance(event, Disposal) and event.kind is DisposalKind.FUNDING and AcquisitionKind.FUNDING in kinds:
            kind, sign = AcquisitionKind.FUNDING, -1
        else:
            continue
        quantity, value = event.quantity * sign, event.value * sign
        rows.append(Income(event.event_id, kind, event.ts, event.wallet, event.asset, quantity, value))
    return rows
