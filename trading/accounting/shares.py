"""How capital is shared out: evenly, in whole cents; what is left over belongs to no one."""

from decimal import Decimal

from trading.money import floor_to

_CENT = Decimal("0.01")


def shares(total: Decimal, owners: int) -> tuple[Decimal, Decimal]:
    """Return what each of `owners` gets of `total`, and the rest."""
    share = floor_to(total / owners, _CENT)
    return share, total - share * owners
