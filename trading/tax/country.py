"""A country as data: what it allows, what it counts, when its year begins, and what is not done for it here."""

from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from decimal import ROUND_HALF_UP, Decimal

from trading.errors import Misconfigured
from trading.money import CONTEXT, round_to
from trading.tax.events import AcquisitionKind, DisposalKind
from trading.tax.holding_period import Term, more_than_a_year
from trading.tax.methods.method import Method
from trading.tax.tax_year import TaxYear, year_of

ALL_INCOME = frozenset(
    {
        AcquisitionKind.AIRDROP,
        AcquisitionKind.FUNDING,
        AcquisitionKind.HARD_FORK,
        AcquisitionKind.INCOME,
        AcquisitionKind.INTEREST,
        AcquisitionKind.MINING,
        AcquisitionKind.STAKING,
        AcquisitionKind.WAGES,
    }
)

# The grains that sharing costs leaves over must not carry a gain of 20 down to 19.
_NOISE = Decimal("1e-12")


@dataclass(frozen=True)
class Country:
    """`methods` are allowed, the first is the default; `income` is taxed as income, `exempt` not at all.

    `terms`: long is more than a year. `per_wallet_from`: the local day from which each wallet has its own lots; None
    is never. `whole_days`: the disposals of an asset on one day are one. A filed gain is whole `step`s, by `rounding`.
    `limits` says what the law knows and this package does not.
    """

    code: str
    currency: str
    methods: tuple[Method, ...]
    income: frozenset[AcquisitionKind] = ALL_INCOME
    exempt: frozenset[DisposalKind] = frozenset()
    year_starts: tuple[int, int] = (1, 1)
    terms: bool = False
    per_wallet_from: date | None = None
    whole_days: bool = False
    step: Decimal = Decimal("0.01")
    rounding: str = ROUND_HALF_UP
    limits: tuple[str, ...] = ()

    def method(self, asked: Method | None) -> Method:
        """Return the method to use: the one `asked` for, or the country's default.

        Raises:
            Misconfigured: the country forbids it.
        """
        if asked is None:
            return self.methods[0]
        if asked not in self.methods:
            raise Misconfigured(f"{self.code} does not allow {asked}: choose one of {', '.join(self.methods)}")
        return asked

    def tax_year(self, day: date) -> TaxYear:
        """Return the tax year that the local `day` falls into."""
        month, start = self.year_starts
        return year_of(day, month, start)

    def term(self, acquired: datetime | None, disposed: datetime, zone: tzinfo) -> Term | None:
        """Return how long it was held; None for a pool and where the country does not ask."""
        if not self.terms or acquired is None:
            return None
        long = more_than_a_year(acquired.astimezone(zone).date(), disposed.astimezone(zone).date())
        return Term.LONG if long else Term.SHORT

    def filed(self, gain: Decimal) -> Decimal:
        """Return the gain of one disposal as it is written down: in the country's steps, rounded as it allows."""
        return round_to(gain, _NOISE).quantize(self.step, rounding=self.rounding, context=CONTEXT)
