"""One asset on one local day, as the United Kingdom sees it: its acquisitions are one, its disposals are one."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, tzinfo
from decimal import Decimal

from trading.money import ZERO
from trading.tax.apportion import part
from trading.tax.events import Acquisition, Adjustment, Disposal, Event, Split
from trading.tax.gain import Outgoing, Piece


@dataclass
class TradingDay:
    """`free` of what `came` in and `due` of what went out are not identified yet, in units after the day's splits."""

    day: date
    acquisitions: list[Acquisition] = field(default_factory=list[Acquisition])
    outgoings: list[Outgoing] = field(default_factory=list[Outgoing])
    #: The quantity of each of `outgoings`, in units after the day's splits.
    units: list[Decimal] = field(default_factory=list[Decimal])
    splits: list[Split] = field(default_factory=list[Split])
    adjustments: list[Adjustment] = field(default_factory=list[Adjustment])
    pieces: list[Piece] = field(default_factory=list[Piece])
    #: What later days' rules took from this day's acquisitions: the piece, and how many of this day's units it is.
    lent: list[tuple[Piece, Decimal]] = field(default_factory=list[tuple[Piece, Decimal]])
    came: Decimal = ZERO
    free: Decimal = ZERO
    free_cost: Decimal = ZERO
    due: Decimal = ZERO

    def add(self, event: Event) -> None:
        """Book one event of the day's asset; a split is told to what was booked before it."""
        if isinstance(event, Acquisition):
            self.acquisitions.append(event)
            self.came += event.quantity
            self.free_cost += event.cost
        elif isinstance(event, Split):
            self.splits.append(event)
            self.came = part(self.came, event.new, event.old)
            self.units = [part(units, event.new, event.old) for units in self.units]
        elif isinstance(event, Adjustment):
            self.adjustments.append(event)
        elif isinstance(event, Disposal) or event.cost_in_kind:
            gone = Outgoing.of(event)
            self.outgoings.append(gone)
            self.units.append(gone.quantity)
        self.free, self.due = self.came, self.went

    @property
    def went(self) -> Decimal:
        """All that went out, in units after the day's splits."""
        return sum(self.units, ZERO)

    @property
    def lot_id(self) -> str:
        """The day's acquisitions as one: their ids, joined."""
        return "+".join(acquisition.event_id for acquisition in self.acquisitions)


def trading_days(events: Iterable[Event], zone: tzinfo) -> dict[str, list[TradingDay]]:
    """Return the days of each asset on which something happened to it, in order; days are those of `zone`."""
    known: dict[str, dict[date, TradingDay]] = {}
    for event in events:
        day = event.ts.astimezone(zone).date()
        known.setdefault(event.asset, {}).setdefault(day, TradingDay(day)).add(event)
    return {asset: [days[day] for day in sorted(days)] for asset, days in sorted(known.items())}
