"""The state of one sub-account: what (book, strategy, symbol) owns and has working at the venue."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from trading.instrument import Instrument
from trading.money import ONE, ZERO, multiply
from trading.order import Leg, Order


@dataclass(frozen=True)
class Account:
    """Balances in their own currency; `reserved_*` is held by open orders. `peak_equity` in quote.

    `stopped_at` is the time of the last stop fill and `taken_at` that of the last ask that filled; `stop_floor` is the
    level below which the position's stop never goes,
    `legs` how many entries have filled since it was last to hold nothing, `leg_price` what the market was at when the
    newest of them was decided (quote per base),
    `refused` how many orders of the present signal the venue has refused, `stops_refused` those of them that are stops.
    """

    book: str
    strategy: str
    symbol: str
    cash: Decimal
    reserved_cash: Decimal
    position: Decimal
    reserved_position: Decimal
    peak_equity: Decimal
    entry_gate_open: bool
    gate_reason: str
    stopped_at: datetime | None = None
    stop_floor: Decimal | None = None
    refused: int = 0
    stops_refused: int = 0
    taken_at: datetime | None = None
    legs: int = 0
    leg_price: Decimal | None = None
    working: tuple[Order, ...] = ()

    @property
    def holding(self) -> Decimal:
        """Base currency owned, reserved or not."""
        return self.position + self.reserved_position

    def equity(self, price: Decimal) -> Decimal:
        """Return the value of the sub-account at `price`, in quote."""
        return self.cash + self.reserved_cash + multiply(self.holding, price)

    def stop_level(self, reference: Decimal, distance: Decimal, instrument: Instrument) -> Decimal:
        """Return where a stop `distance` (a fraction) below `reference` belongs, in quote.

        A long's stop never moves down while the position lives.
        """
        level = instrument.price(multiply(reference, ONE - distance))
        if self.stop_floor is not None and level < self.stop_floor:
            # The venue's tick may have changed since.
            return instrument.price_above(self.stop_floor)
        return level

    def working_of(self, leg: Leg) -> tuple[Order, ...]:
        """Return the working orders of one leg."""
        return tuple(order for order in self.working if order.request.key.leg is leg)


def flat(book: str, strategy: str, symbol: str, cash: Decimal) -> Account:
    """Return a sub-account that holds only `cash`."""
    return Account(book, strategy, symbol, cash, ZERO, ZERO, ZERO, cash, entry_gate_open=True, gate_reason="")
