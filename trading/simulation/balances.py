"""The balances of one account at the venue: free and locked amounts by currency, never negative."""

from collections.abc import Mapping
from decimal import Decimal

from trading.errors import Denied
from trading.money import ZERO


class Balances:
    """Amounts by currency; every change keeps both parts of each at zero or above."""

    def __init__(self, free: Mapping[str, Decimal]) -> None:
        self.free = dict(free)
        self.locked: dict[str, Decimal] = {}

    def credit(self, currency: str, amount: Decimal) -> None:
        """Add `amount` to the free part."""
        self.free[currency] = self.free.get(currency, ZERO) + amount

    def debit(self, currency: str, amount: Decimal) -> None:
        """Take `amount` from the free part; Denied INSUFFICIENT_BALANCE when it is not there."""
        self.require(currency, amount)
        self.free[currency] -= amount

    def lock(self, currency: str, amount: Decimal) -> None:
        """Move `amount` from free to locked; Denied INSUFFICIENT_BALANCE when it is not there."""
        self.debit(currency, amount)
        self.locked[currency] = self.locked.get(currency, ZERO) + amount

    def unlock(self, currency: str, amount: Decimal) -> None:
        """Move `amount` from locked back to free."""
        if amount > self.locked.get(currency, ZERO):
            raise ValueError(f"unlocking {amount} {currency} of {self.locked.get(currency, ZERO)}")
        self.locked[currency] = self.locked.get(currency, ZERO) - amount
        self.credit(currency, amount)

    def require(self, currency: str, amount: Decimal) -> None:
        """Deny INSUFFICIENT_BALANCE unless `amount` is free."""
        free = self.free.setdefault(currency, ZERO)
        if amount > free:
            raise Denied("INSUFFICIENT_BALANCE", f"{amount} {currency} needed, {free} free")

    def currencies(self) -> list[str]:
        """Return every currency ever held, sorted."""
        return sorted(self.free.keys() | self.locked.keys())
