"""The United Kingdom: same day, thirty days, section 104 pool; the year begins on 6 April.

Source: Taxation of Chargeable Gains Act 1992, sections 104 to 106A; HMRC's Cryptoassets Manual, CRYPTO22200 on.
A fork is no income: its cost is taken off the old coins (an adjustment) and given to the new.
"""

from decimal import ROUND_FLOOR, Decimal

from trading.tax.country import ALL_INCOME, Country
from trading.tax.events import AcquisitionKind, DisposalKind
from trading.tax.methods.method import Method

UK = Country(
    code="UK",
    currency="GBP",
    methods=(Method.SECTION_104,),
    income=ALL_INCOME - {AcquisitionKind.HARD_FORK},
    exempt=frozenset({DisposalKind.DONATE, DisposalKind.SPOUSE}),
    year_starts=(4, 6),
    whole_days=True,
    step=Decimal(1),
    rounding=ROUND_FLOOR,  # gains in whole pounds down, losses up: in the taxpayer's favour
    limits=(
        "a disposal that neither the day, the thirty days nor the pool explain is refused",
        "the thirty days assume a resident",
    ),
)
