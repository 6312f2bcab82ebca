"""Ireland: first in, first out over all wallets, no long term.

Source: section 580 of the Taxes Consolidation Act 1997.
"""

from trading.tax.country import Country
from trading.tax.events import DisposalKind
from trading.tax.methods.method import Method

IE = Country(
    code="IE",
    currency="EUR",
    methods=(Method.FIFO,),
    exempt=frozenset({DisposalKind.DONATE, DisposalKind.SPOUSE}),
    limits=("the four weeks' rule of section 581 is not applied",),
)
