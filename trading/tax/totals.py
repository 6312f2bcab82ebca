"""Totals: by year, asset, kind and term; by disposal, as it is filed; by year, what is taxed."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, localcontext

from trading.money import CONTEXT, ZERO
from trading.tax.computation import Computation
from trading.tax.events import AcquisitionKind, DisposalKind
from trading.tax.gain import Gain
from trading.tax.holding_period import Term
from trading.tax.income import Income
from trading.tax.tax_year import TaxYear


@dataclass(frozen=True)
class AssetTotal:
    """Gains of one kind and term in an asset in a year; what is exempt is told as well."""

    year: TaxYear
    asset: str
    kind: DisposalKind
    term: Term | None
    quantity: Decimal
    proceeds: Decimal
    fees: Decimal
    cost: Decimal
    gain: Decimal
    taxable: bool


@dataclass(frozen=True)
class IncomeTotal:
    """Income of one kind in an asset in a year."""

    year: TaxYear
    asset: str
    kind: AcquisitionKind
    quantity: Decimal
    value: Decimal


@dataclass(frozen=True)
class Filed:
    """One taxable disposal as the country counts it; `ids` are more than one where a whole day is one disposal.

    `gain` is exact, `filed` is what is written down.
    """

    day: date
    asset: str
    ids: tuple[str, ...]
    quantity: Decimal
    proceeds: Decimal
    costs: Decimal
    gain: Decimal
    filed: Decimal


@dataclass(frozen=True)
class YearTotal:
    """What is taxed of a year: exact sums, and `filed`, the sum of the gains as they are written down.

    `costs` are costs and fees of disposals. `gains` and `losses` are both positive; `short` and `long` are net.
    """

    year: TaxYear
    disposals: int
    proceeds: Decimal
    costs: Decimal
    gains: Decimal
    losses: Decimal
    filed: Decimal
    short: Decimal
    long: Decimal
    income: Decimal

    @property
    def net(self) -> Decimal:
        """Gains less losses."""
        return self.gains - self.losses


def by_asset(done: Computation) -> list[AssetTotal]:
    """Return the gains by year, asset, kind and term."""
    grouped: dict[tuple[TaxYear, str, DisposalKind, str], list[Gain]] = defaultdict(list)
    for gain in done.gains:
        grouped[_year(done, gain.ts), gain.asset, gain.kind, gain.term or ""].append(gain)
    with localcontext(CONTEXT):
        return [
            AssetTotal(
                year=year,
                asset=asset,
                kind=kind,
                term=gains[0].term,
                quantity=_sum(gain.quantity for gain in gains),
                proceeds=_sum(gain.proceeds for gain in gains),
                fees=_sum(gain.fee for gain in gains),
                cost=_sum(gain.cost for gain in gains),
                gain=_sum(gain.amount for gain in gains),
                taxable=gains[0].taxable,
            )
            for (year, asset, kind, _), gains in sorted(grouped.items())
        ]


def income_by_asset(done: Computation) -> list[IncomeTotal]:
    """Return the income by year, asset and kind."""
    grouped: dict[tuple[TaxYear, str, AcquisitionKind], list[Income]] = defaultdict(list)
    for row in done.income:
        grouped[_year(done, row.ts), row.asset, row.kind].append(row)
    with localcontext(CONTEXT):
        return [
            IncomeTotal(year, asset, kind, _sum(row.quantity for row in rows), _sum(row.value for row in rows))
            for (year, asset, kind), rows in sorted(grouped.items())
        ]


def by_disposal(done: Computation) -> list[Filed]:
    """Return the taxable disposals in the order of their days; where the country says so, one for a day and asset."""
    grouped: dict[tuple[date, str, str], list[Gain]] = defaultdict(list)
    for gain in done.gains:
        if gain.taxable:
            one = "" if done.country.whole_days else gain.disposal_id
            grouped[gain.ts.astimezone(done.zone).date(), gain.asset, one].append(gain)
    with localcontext(CONTEXT):
        return [_filed(done, day, asset, gains) for (day, asset, _), gains in sorted(grouped.items())]


def by_year(done: Computation) -> list[YearTotal]:
    """Return what is taxed, for each year in which something was."""
    disposals: dict[TaxYear, list[Filed]] = defaultdict(list)
    gains: dict[TaxYear, list[Gain]] = defaultdict(list)
    earned: dict[TaxYear, list[Income]] = defaultdict(list)
    for row in by_disposal(done):
        disposals[done.country.tax_year(row.day)].append(row)
    for gain in done.gains:
        if gain.taxable:
            gains[_year(done, gain.ts)].append(gain)
    for each in done.income:
        earned[_year(done, each.ts)].append(each)
    with localcontext(CONTEXT):
        return [
            YearTotal(
                year=year,
                disposals=len(disposals[year]),
                proceeds=_sum(row.proceeds for row in disposals[year]),
                costs=_sum(row.costs for row in disposals[year]),
                gains=_sum(row.gain for row in disposals[year] if row.gain > ZERO),
                losses=-_sum(row.gain for row in disposals[year] if row.gain < ZERO),
                filed=_sum(row.filed for row in disposals[year]),
                short=_sum(gain.amount for gain in gains[year] if gain.term is Term.SHORT),
                long=_sum(gain.amount for gain in gains[year] if gain.term is Term.LONG),
                income=_sum(row.value for row in earned[year]),
            )
            for year in sorted({*disposals, *earned})
        ]


def _filed(done: Computation, day: date, asset: str, gains: list[Gain]) -> Filed:
    gain = _sum(each.amount for each in gains)
    return Filed(
        day=day,
        asset=asset,
        ids=tuple(dict.fromkeys(each.disposal_id for each in gains)),
        quantity=_sum(each.quantity for each in gains),
        proceeds=_sum(each.proceeds for each in gains),
        costs=_sum(each.cost + each.fee for each in gains),
        gain=gain,
        filed=done.country.filed(gain),
    )


def _year(done: Computation, ts: datetime) -> TaxYear:
    return done.country.tax_year(ts.astimezone(done.zone).date())


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, ZERO)
