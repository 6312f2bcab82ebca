"""Spain: first in, first out over all wallets.

Source: article 37.2 of Law 35/2006. Since 2015 the term has no effect on the rate; it is told for information.
"""

from trading.tax.country import Country
from trading.tax.events import DisposalKind
from trading.tax.methods.method import Method

ES = Country(
    code="ES",
    currency="EUR",
    methods=(Method.FIFO,),
    exempt=frozenset({DisposalKind.DONATE}),
    terms=True,
    limits=("the two months' rule against losses on coins bought back is not applied",),
)
