"""The United States: lots by standing order or by name, per wallet since 2025, long after more than a year.

Source: Treasury Regulation 1.1012-1(j), Revenue Procedure 2024-28, Notice 2014-21, Revenue Rulings 2019-24, 2023-14.
"""

from datetime import date

from trading.tax.country import Country
from trading.tax.events import DisposalKind
from trading.tax.methods.method import Method

US = Country(
    code="US",
    currency="USD",
    methods=(Method.FIFO, Method.LIFO, Method.HIFO, Method.LOFO, Method.SPECIFIC),
    exempt=frozenset({DisposalKind.GIFT, DisposalKind.DONATE, DisposalKind.SPOUSE}),
    terms=True,
    per_wallet_from=date(2025, 1, 1),
    limits=(
        "a gift below the giver's cost keeps that cost for a loss as well",
        "whether the loss of stolen or lost coins may be deducted is not decided here",
        "funding of regulated futures (section 1256) is income here, not marked to market",
    ),
)
