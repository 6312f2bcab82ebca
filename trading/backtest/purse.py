"""The purse of a sub-account: what journals have put into its accounts, and what orders hold of it."""

from collections import defaultdict
from decimal import Decimal

from trading.accounting.journal import Journal
from trading.instrument import Instrument
from trading.money import CONTEXT, ZERO


class Purse:
    """The amounts of one sub-account by (account, currency), exact."""

    def __init__(self, instrument: Instrument) -> None:
        """Begin with nothing."""
        self._base, self._quote = instrument.base, instrument.quote
        self._amounts: dict[tuple[str, str], Decimal] = defaultdict(Decimal)

    def post(self, entry: Journal) -> Decimal:
        """Take a journal in and return what it changed of the reserved amounts."""
        reserved = ZERO
        for line in entry.lines:
            place = line.account, line.currency
            self._amounts[place] = CONTEXT.add(self._amounts[place], line.amount)
            if line.account == "reserved":
                reserved = CONTEXT.add(reserved, line.amount)
        return reserved

    @property
    def cash(self) -> tuple[Decimal, Decimal]:
        """What is free of the quote currency, and what is reserved of it."""
        return self._amounts["cash", self._quote], self._amounts["reserved", self._quote]

    @property
    def position(self) -> tuple[Decimal, Decimal]:
        """What is free of the base currency, and what is reserved of it."""
        return self._amounts["position", self._base], self._amounts["reserved", self._base]

    @property
    def owned(self) -> tuple[Decimal, Decimal]:
        """Base held and quote owned, what is reserved included."""
        return CONTEXT.add(*self.position), CONTEXT.add(*self.cash)
