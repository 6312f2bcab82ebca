"""The annual exempt amount of the United Kingdom, and losses carried forward against what is above it.

Source: section 1K of the Taxation of Chargeable Gains Act 1992 and the orders that set the amount, by tax year.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from trading.errors import Misconfigured
from trading.money import ZERO
from trading.tax.tax_year import TaxYear
from trading.tax.totals import YearTotal

#: Pounds for an individual, by the calendar year in which the tax year begins.
AMOUNTS = {
    2013: 10_900,
    2014: 11_000,
    2015: 11_100,
    2016: 11_100,
    2017: 11_300,
    2018: 11_700,
    2019: 12_000,
    2020: 12_300,
    2021: 12_300,
    2022: 12_300,
    2023: 6_000,
    2024: 3_000,
    2025: 3_000,
}


@dataclass(frozen=True)
class Chargeable:
    """Pounds: what is `taxable` of the year's `gain`, and the losses carried on to the next."""

    year: TaxYear
    gain: Decimal
    exempt: Decimal
    losses_carried: Decimal
    taxable: Decimal


def chargeable(years: Iterable[YearTotal], losses_carried: Decimal = ZERO) -> list[Chargeable]:
    """Return what is taxable of each of `years`, in order, from the filed gains.

    A loss of the year itself counts in full; losses of earlier years only as far as they bring the gain down to the
    exempt amount.

    Raises:
        Misconfigured: the exempt amount of a year is not known here.
    """
    rows: list[Chargeable] = []
    for total in years:
        if total.year.first.year not in AMOUNTS:
            raise Misconfigured(f"the exempt amount of {total.year} is not known: add it to AMOUNTS")
        exempt = Decimal(AMOUNTS[total.year.first.year])
        used = min(losses_carried, max(total.filed - exempt, ZERO))
        losses_carried += max(-total.filed, ZERO) - used
        taxable = max(total.filed - used - exempt, ZERO)
        rows.append(Chargeable(total.year, total.filed, exempt, losses_carried, taxable))
    return rows
