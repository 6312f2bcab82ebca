"""The proof that a computation ties: every unit and every grain of cost and proceeds is where it came from."""

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal

from trading.errors import BadData
from trading.money import ZERO
from trading.tax.apportion import GRAIN
from trading.tax.computation import Computation
from trading.tax.events import Acquisition, Adjustment, Disposal, DisposalKind, Event, Split, Transfer
from trading.tax.gain import Gain


def prove(events: Sequence[Event], done: Computation) -> None:
    """Check per asset that lots equal balances and costs in equal costs out, and each disposal against its gains.

    Raises:
        BadData: something does not tie; the message says what, and by how much.
    """
    _quantities(events, done)
    _costs(events, done)
    _disposals(events, done)


def _quantities(events: Sequence[Event], done: Computation) -> None:
    off: dict[str, Decimal] = defaultdict(Decimal)
    # Where a split does not come out even, the pool and the balances each round down, on different totals.
    slack: dict[str, Decimal] = defaultdict(Decimal)
    for each in done.remaining:
        off[each.lot.asset] += each.lot.quantity
    for (_, asset), held in done.balances.items():
        off[asset] -= held
    for event in events:
        if isinstance(event, Split):
            slack[event.asset] += GRAIN * len(events)
    for asset, difference in off.items():
        if abs(difference) > slack[asset]:
            raise BadData(f"{asset}: lots and wallets differ by {difference}")


def _costs(events: Sequence[Event], done: Computation) -> None:
    off: dict[str, Decimal] = defaultdict(Decimal)
    for event in events:
        if isinstance(event, Acquisition):
            off[event.asset] += event.cost
        elif isinstance(event, Adjustment):
            off[event.asset] += event.value
    for gain in done.gains:
        off[gain.asset] -= gain.cost
    for each in done.remaining:
        off[each.lot.asset] -= each.lot.cost
    for asset, difference in off.items():
        if difference != ZERO:
            raise BadData(f"{asset}: cost in and cost out differ by {difference}")


def _disposals(events: Sequence[Event], done: Computation) -> None:
    parts: dict[str, list[Gain]] = defaultdict(list)
    for gain in done.gains:
        parts[gain.disposal_id].append(gain)
    for event in events:
        gains = parts[event.event_id]
        if isinstance(event, Disposal):
            told = event.gone, event.value, event.fee
        elif isinstance(event, Transfer):
            told = event.cost_in_kind, event.value, ZERO
        else:
            continue
        quantity = sum((gain.quantity for gain in gains), ZERO)
        proceeds = sum((gain.proceeds for gain in gains), ZERO)
        fee = sum((gain.fee for gain in gains), ZERO)
        spouse = isinstance(event, Disposal) and event.kind is DisposalKind.SPOUSE
        if quantity != told[0] or (not spouse and (proceeds, fee) != told[1:]):
            raise BadData(f"{event.event_id}: {told} went out, {quantity, proceeds, fee} are explained")
