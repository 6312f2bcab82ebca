"""A target: the quantity that a decision wants to hold, and why it differs from what was asked."""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True)
class Target:
    """A wanted holding in base currency. `reasons` names every step that changed it, in order."""

    quantity: Decimal
    reasons: tuple[str, ...] = ()

    def capped(self, quantity: Decimal, reason: str) -> "Target":
        """Return the target limited to `quantity`, noting `reason` when that changed it."""
        if self.quantity <= quantity:
            return self
        return Target(quantity, (*self.reasons, reason))
