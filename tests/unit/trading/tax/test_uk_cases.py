"""The 26 cases of cgtcalc: each match of each disposal, the pools that are left, the figures of the tax return."""

import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import ROUND_DOWN, ROUND_FLOOR, Decimal

import pytest

from tests.unit.trading.tax.reference import archive
from trading.tax.annual_exempt_amount import chargeable
from trading.tax.computation import Computation
from trading.tax.compute import compute
from trading.tax.countries.uk import UK
from trading.tax.events import (
    Acquisition,
    AcquisitionKind,
    Adjustment,
    Disposal,
    DisposalKind,
    Event,
    Split,
    Wallet,
)
from trading.tax.gain import Gain, Rule
from trading.tax.totals import YearTotal, by_disposal, by_year

pytestmark = pytest.mark.data
BROKER = Wallet("broker")
RULES = {"SAME DAY": Rule.SAME_DAY, "BED & BREAKFAST": Rule.THIRTY_DAYS, "SECTION 104": Rule.POOL}
NAMES = (
    *("2024_2025_SpecialYear", "AssetEventsNotFullSale", "BBCapReturnAfterMatchedRebuyBeforeNextOutbound"),
    *("BBDividendAfterSplitScalesMatchedQuantity", "BBMultiplePostBuyEventsStopsAtNextOutbound", "Blank", "CarryLoss"),
    *("Day30BoundaryInclusive", "FutureDayProRataExpenses", "GroupIICapitalReturnUsesAttributableCost"),
    *("MultipleMatches", "RepeatingCapitalReturnAllocation", "SameDateDividendAndCapitalReturn"),
    *("SameDayMergeInterleaved", "SameDaySellAndSpouseOutSellFirst", "Simple", "SplitBetweenSellAndFutureBuyDay"),
    *("SpouseOutWithPostBuyEventBoundedByNextOutbound", "SpouseTransferReservedForLaterSameDaySell"),
    *("SpouseTransferThirtyDayPriority", "ToleratedAssetEventAmountConservesValue", "WithAssetEvents"),
    *("WithAssetEventsMultipleYears", "WithRestructS104", "WithSplitS104", "WithUnsplitS104"),
)
each_case = pytest.mark.parametrize("name", NAMES)


@dataclass
class Sale:
    """A numbered disposal of a report: its whole pounds, and what it was matched with."""

    day: date
    asset: str
    quantity: Decimal
    pounds: Decimal
    matches: list[tuple[Rule, Decimal, Decimal]] = field(default_factory=list[tuple[Rule, Decimal, Decimal]])


def read_events(name: str) -> list[Event]:
    lines = archive("uk_cgt_cases")[f"Inputs/{name}.txt"].decode().splitlines()
    return [
        read_line(f"line {number}", line.split())
        for number, line in enumerate(lines, 1)
        if line.strip() and not line.startswith("#")
    ]


def read_line(name: str, words: list[str]) -> Event:
    kind, told, asset, *rest = words
    ts = datetime.strptime(told, "%d/%m/%Y").replace(hour=12, tzinfo=UTC)
    if kind == "RESTRUCT":
        old, new = rest[0].split(":")
        return Split(name, ts, asset, Decimal(old), Decimal(new))
    amount, *more = map(Decimal, rest)
    if kind in {"SPLIT", "UNSPLIT"}:
        old_new = (Decimal(1), amount) if kind == "SPLIT" else (amount, Decimal(1))
        return Split(name, ts, asset, *old_new)
    if kind in {"DIVIDEND", "CAPRETURN"}:
        return Adjustment(name, ts, asset, more[0] if kind == "DIVIDEND" else -more[0])
    if kind == "SPOUSEOUT":
        return Disposal(name, ts, BROKER, asset, amount, Decimal(0), kind=DisposalKind.SPOUSE)
    price, fee = more
    if kind == "BUY":
        return Acquisition(name, ts, BROKER, asset, amount, amount * price, fee, AcquisitionKind.BUY)
    assert kind == "SELL"
    return Disposal(name, ts, BROKER, asset, amount, amount * price, fee)


def report(name: str) -> str:
    return archive("uk_cgt_cases")[f"Outputs/{name}.txt"].decode()


def sales(name: str) -> list[Sale]:
    found: list[Sale] = []
    for line in report(name).splitlines():
        if sold := re.match(r"\d+\) SOLD (\S+) of (\S+) on (\S+) for (GAIN|LOSS) of £(\S+)", line):
            quantity, asset, told, kind, pounds = sold.groups()
            day = datetime.strptime(told, "%d/%m/%Y").replace(tzinfo=UTC).date()
            found.append(Sale(day, asset, Decimal(quantity), Decimal(pounds) * (1 if kind == "GAIN" else -1)))
        elif line.startswith("Calculation:"):
            found[-1].matches = matches(line, kinds(name, len(found)))
    return found


def kinds(name: str, number: int) -> list[Rule]:
    """Return the rules of the `number`-th disposal, in order."""
    block = re.split(r"^\d+\) SOLD", report(name), flags=re.MULTILINE)
    lines = block[number].split("Calculation:")[0].splitlines()
    return [RULES[line.split("- ")[1].split(":")[0]] for line in lines if line.startswith("  - ")]


def matches(line: str, rules: list[Rule]) -> list[tuple[Rule, Decimal, Decimal]]:
    """Return the rule, the units and the cost of each bracket of a calculation: (a * b - c) - ( (q * p + f) ... )."""
    costs = line.split(" - ( ", 1)[1].rsplit(" ) = ", 1)[0]
    brackets = re.findall(r"\(([^()]*)\)", costs)
    found: list[tuple[Rule, Decimal, Decimal]] = []
    for rule, bracket in zip(rules, brackets, strict=True):
        units, price, *more = re.split(r" \* | \+ ", bracket)
        cost = Decimal(units) * Decimal(price) + sum((Decimal(each) for each in more), Decimal(0))
        found.append((rule, Decimal(units), cost))
    return found


def done(name: str) -> Computation:
    return compute(read_events(name), UK)


def whole(amount: Decimal, rounding: str = ROUND_DOWN) -> Decimal:
    return amount.quantize(Decimal("1e-12")).quantize(Decimal(1), rounding=rounding)


def test_every_case_is_here() -> None:
    inputs = {path for path in archive("uk_cgt_cases") if path.startswith("Inputs/")}
    assert inputs == {f"Inputs/{name}.txt" for name in NAMES}
    assert len(NAMES) == 26


@each_case
def test_each_disposal_is_matched_as_the_report_says(name: str) -> None:
    computation = done(name)
    told = sales(name)
    filed = by_disposal(computation)
    assert [(row.day, row.asset, row.quantity, row.filed) for row in filed] == [
        (sale.day, sale.asset, sale.quantity, sale.pounds) for sale in told
    ]
    for row, sale in zip(filed, told, strict=True):
        gains = [gain for gain in computation.gains if gain.disposal_id in row.ids]
        assert by_rule([(g.rule, units_of(g, name), g.cost) for g in gains]) == pytest.approx(
            by_rule(sale.matches), abs=Decimal("0.0002")
        )


def units_of(gain: Gain, name: str) -> Decimal:
    """Return the units as the report prints them: matched after a split of two, in the units of the later day."""
    later = name == "SplitBetweenSellAndFutureBuyDay" and gain.rule is Rule.THIRTY_DAYS
    return gain.quantity * 2 if later else gain.quantity


def by_rule(rows: list[tuple[Rule, Decimal, Decimal]]) -> dict[str, Decimal]:
    """Return units and cost by rule: a report has a line for each purchase of a day, we have one for the day."""
    found: dict[str, Decimal] = {}
    for rule, units, cost in rows:
        found[f"{rule} units"] = found.get(f"{rule} units", Decimal(0)) + units
        found[f"{rule} cost"] = found.get(f"{rule} cost", Decimal(0)) + cost
    return found


@each_case
def test_the_pools_that_are_left_are_those_of_the_report(name: str) -> None:
    told = re.findall(r"^(\S+): (\S+) units acquired at £(\S+) cost basis", report(name), re.MULTILINE)
    left = [(each.lot.asset, each.lot.quantity, each.lot.unit_cost) for each in done(name).remaining]
    assert [(asset, quantity) for asset, quantity, _ in left] == [(a, Decimal(q)) for a, q, _ in told]
    for (_, _, cost), (_, _, printed) in zip(left, told, strict=True):
        assert cost.quantize(Decimal("0.00001")) == Decimal(printed)


@each_case
def test_what_a_spouse_gets_costs_what_the_report_says(name: str) -> None:
    told = re.findall(r"SPOUSEOUT (\S+) of (\S+) at transferred cost basis £(\S+) ", report(name))
    gains = [gain for gain in done(name).gains if gain.kind is DisposalKind.SPOUSE]
    given: dict[str, list[Gain]] = {}
    for gain in gains:
        given.setdefault(gain.disposal_id, []).append(gain)
    assert [
        (sum(g.quantity for g in parts), parts[0].asset, sum(g.cost for g in parts)) for parts in given.values()
    ] == [(Decimal(quantity), asset, Decimal(cost)) for quantity, asset, cost in told]
    assert all(gain.amount == 0 and not gain.taxable for gain in gains)


@each_case
def test_the_tax_return_has_the_figures_of_the_report(name: str) -> None:
    """The report prints whole pounds, cut off; the year's gain is the sum of the disposals, each rounded down."""
    years = by_year(done(name))
    returned = re.findall(
        r"^(\d+/\d+): Disposals = (\d+), proceeds = (\d+), allowable costs = (\d+), "
        r"total gains = (\d+), total losses = (\d+)$",
        report(name),
        re.MULTILINE,
    )
    assert [figures(total) for total in years] == [(year, *map(int, rest)) for year, *rest in returned]
    summary = re.findall(r"^(\d+/\d+) +£(\S+) +£(\S+) +£(\S+) +£(\S+) +£(\S+)", report(name), re.MULTILINE)
    assert [
        (str(row.year), row.gain, whole(total.proceeds), row.exempt, row.losses_carried, row.taxable)
        for row, total in zip(chargeable(years), years, strict=True)
    ] == [(year, *map(Decimal, rest)) for year, *rest in summary]


def figures(total: YearTotal) -> tuple[object, ...]:
    amounts = (total.proceeds, total.costs, total.gains, total.losses)
    return str(total.year), total.disposals, *(int(whole(amount)) for amount in amounts)


def test_a_year_of_two_rates_can_be_told_apart() -> None:
    """The rates changed on 30 October 2024: gains to and with the 29th, gains after, straight from the disposals."""
    rows = by_disposal(done("2024_2025_SpecialYear"))
    before = sum(row.filed for row in rows if row.gain > 0 and row.day <= date(2024, 10, 29))
    after = sum(row.filed for row in rows if row.gain > 0 and row.day > date(2024, 10, 29))
    assert (before, after) == (4980, 2980)
    assert "Gains to (and inc.) 29th October = 4980, gains after 29th October = 2980" in report("2024_2025_SpecialYear")


def test_a_filed_loss_grows_and_a_filed_gain_shrinks() -> None:
    assert UK.filed(Decimal("-19.863")) == -20
    assert UK.filed(Decimal("417.11")) == 417
    assert whole(Decimal("-19.863"), ROUND_FLOOR) == -20
    assert UK.filed(Decimal("19.999999999999999998")) == 20
