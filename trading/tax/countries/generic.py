"""No country in particular: every method that needs no law of its own, nothing exempt."""

from datetime import date

from trading.tax.country import Country
from trading.tax.methods.method import Method


def generic(currency: str, per_wallet: bool = False, terms: bool = False) -> Country:
    """Return rules for `currency` that allow every lot method and the average; `terms` tells short from long."""
    return Country(
        code="generic",
        currency=currency,
        methods=(Method.FIFO, Method.LIFO, Method.HIFO, Method.LOFO, Method.AVERAGE, Method.SPECIFIC),
        terms=terms,
        per_wallet_from=date.min if per_wallet else None,
        limits=("what this country's law says is not known here",),
    )
