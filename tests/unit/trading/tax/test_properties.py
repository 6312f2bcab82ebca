"""Random histories under every method: all ties, and a naive recount in fractions finds the same lots and costs."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.trading.tax.histories import histories
from tests.unit.trading.tax.made import KRAKEN, START
from trading.money import CONTEXT
from trading.tax.computation import Computation
from trading.tax.compute import compute
from trading.tax.countries.generic import generic
from trading.tax.countries.uk import UK
from trading.tax.country import Country
from trading.tax.events import Acquisition, Adjustment, Disposal, DisposalKind, Event, Split, Transfer, Wallet, in_order
from trading.tax.gain import Rule
from trading.tax.methods.method import Method
from trading.tax.totals import by_asset, by_disposal, by_year

SHARED, APART = generic("USD"), generic("USD", per_wallet=True)
METHODS = (Method.FIFO, Method.LIFO, Method.HIFO, Method.LOFO, Method.AVERAGE, Method.SPECIFIC)
RUNS = [(country, method) for country in (SHARED, APART) for method in METHODS]
ALL_RUNS = [*RUNS, (UK, Method.SECTION_104)]
#: A thousand grains: each piece of a cost is rounded down to one.
CLOSE = Fraction(1, 10**15)
NAMES = [f"{method}-{'apart' if country is APART else 'shared'}" for country, method in ALL_RUNS]
each_run = pytest.mark.parametrize(("country", "method"), RUNS, ids=NAMES[:-1])
every_run = pytest.mark.parametrize(("country", "method"), ALL_RUNS, ids=NAMES)
FEW = settings(max_examples=20)


def total(amounts: Any) -> Decimal:
    with localcontext(CONTEXT):
        return sum(amounts, Decimal(0))


def asset_events(events: Sequence[Event], asset: str) -> list[Event]:
    return [event for event in events if event.asset == asset]


@every_run
@FEW
@given(events=histories(splits=False))
def test_units_and_money_are_conserved(country: Country, method: Method, events: list[Event]) -> None:
    done = compute(events, country, method)
    for asset in ("BTC", "ETH"):
        known = asset_events(events, asset)
        came = [event for event in known if isinstance(event, Acquisition)]
        went = [event for event in known if isinstance(event, Disposal)]
        moved = [event for event in known if isinstance(event, Transfer)]
        left = [each.lot for each in done.remaining if each.lot.asset == asset]
        gains = [gain for gain in done.gains if gain.asset == asset]
        out = total(event.gone for event in went) + total(event.cost_in_kind for event in moved)
        assert total(event.quantity for event in came) == out + total(lot.quantity for lot in left)
        assert out == total(gain.quantity for gain in gains)
        assert total(lot.quantity for lot in left) == total(u for (_, a), u in done.balances.items() if a == asset)
        assert total(e.cost for e in came) == total(g.cost for g in gains) + total(lot.cost for lot in left)
        sold = [event for event in went if event.kind is not DisposalKind.SPOUSE]
        brought = total(g.proceeds for g in gains if g.kind is not DisposalKind.SPOUSE)
        assert brought == total(e.value for e in sold) + total(e.value for e in moved)
        assert all(lot.quantity > 0 and lot.cost >= 0 for lot in left)
        assert all(gain.quantity > 0 and gain.cost >= 0 for gain in gains)


@every_run
@FEW
@given(events=histories(adjustments=False))
def test_totals_are_sums_of_the_rows(country: Country, method: Method, events: list[Event]) -> None:
    done = compute(events, country, method)
    taxed = [gain for gain in done.gains if gain.taxable]
    net = total(gain.amount for gain in taxed)
    assert total(row.gain for row in by_asset(done) if row.taxable) == net
    assert total(row.gain for row in by_disposal(done)) == net
    years = by_year(done)
    assert total(year.net for year in years) == net
    assert total(year.income for year in years) == total(row.value for row in done.income)
    assert all(year.proceeds - year.costs == year.net for year in years)


@dataclass
class Coin:
    """A lot of the recount, in fractions."""

    name: str
    acquired: datetime
    number: int
    quantity: Fraction
    cost: Fraction


KEYS: dict[Method, Callable[[Coin], Any]] = {
    Method.FIFO: lambda lot: (lot.acquired, lot.number),
    Method.SPECIFIC: lambda lot: (lot.acquired, lot.number),
    Method.LIFO: lambda lot: (-lot.acquired.timestamp(), -lot.number),
    Method.HIFO: lambda lot: (-lot.cost / lot.quantity, lot.acquired, lot.number),
    Method.LOFO: lambda lot: (lot.cost / lot.quantity, lot.acquired, lot.number),
    Method.AVERAGE: lambda lot: lot.number,
}
Found = list[tuple[str, str, Fraction, Fraction]]


class Recount:
    """The methods in the plainest words: a list, searched from end to end for each unit that leaves."""

    def __init__(self, method: Method, apart: bool) -> None:
        self.method, self.apart = method, apart
        self.lots: dict[tuple[str, Wallet | None], list[Coin]] = defaultdict(list)
        self.found: Found = []
        self.number = 0

    def place(self, asset: str, wallet: Wallet) -> list[Coin]:
        return self.lots[asset, wallet if self.apart else None]

    def put(self, lots: list[Coin], lot: Coin) -> None:
        same = [each for each in lots if self.method is Method.AVERAGE or each.name == lot.name]
        if same:
            same[0].quantity += lot.quantity
            same[0].cost += lot.cost
        else:
            name = "pool" if self.method is Method.AVERAGE else lot.name
            lots.append(replace(lot, name=name))

    def take(self, lots: list[Coin], quantity: Fraction) -> list[Coin]:
        off: list[Coin] = []
        while quantity:
            lot = min(lots, key=KEYS[self.method])
            units = min(quantity, lot.quantity)
            cost = lot.cost * units / lot.quantity
            off.append(Coin(lot.name, lot.acquired, lot.number, units, cost))
            lot.quantity -= units
            lot.cost -= cost
            quantity -= units
            if not lot.quantity:
                lots.remove(lot)
        return off

    def apply(self, event: Event) -> None:
        if isinstance(event, Acquisition):
            self.number += 1
            lot = Coin(event.event_id, event.ts, self.number, Fraction(event.quantity), Fraction(event.cost))
            self.put(self.place(event.asset, event.wallet), lot)
        elif isinstance(event, Disposal):
            self.lose(event.event_id, self.take(self.place(event.asset, event.wallet), Fraction(event.gone)))
        elif isinstance(event, Transfer):
            source = self.place(event.asset, event.source)
            self.lose(event.event_id, self.take(source, Fraction(event.cost_in_kind)))
            if self.apart:
                for lot in self.take(source, Fraction(event.received)):
                    self.put(self.place(event.asset, event.target), lot)
        else:
            self.change(event)

    def lose(self, name: str, lots: list[Coin]) -> None:
        self.found += [(name, lot.name, lot.quantity, lot.cost) for lot in lots]

    def change(self, event: Split | Adjustment) -> None:
        known = [lot for (asset, _), lots in self.lots.items() for lot in lots if asset == event.asset]
        units = sum(lot.quantity for lot in known)
        for lot in known:
            if isinstance(event, Split):
                lot.quantity *= Fraction(event.new) / Fraction(event.old)
            else:
                lot.cost += Fraction(event.value) * lot.quantity / units


def near(left: Decimal, right: Fraction) -> bool:
    return abs(Fraction(left) - right) <= CLOSE


@each_run
@settings(max_examples=40)
@given(events=histories())
def test_a_naive_recount_finds_the_same_lots(country: Country, method: Method, events: list[Event]) -> None:
    done = compute(events, country, method)
    recount = Recount(method, country is APART)
    for event in in_order(events):
        recount.apply(event)
    assert [(gain.disposal_id, gain.lot_id) for gain in done.gains] == [row[:2] for row in recount.found]
    for gain, (_, _, quantity, cost) in zip(done.gains, recount.found, strict=True):
        assert Fraction(gain.quantity) == quantity
        assert near(gain.cost, cost)
    left = {(asset, wallet, lot.name): lot for (asset, wallet), lots in recount.lots.items() for lot in lots}
    assert {(each.lot.asset, each.wallet, each.lot.lot_id) for each in done.remaining} == set(left)
    for each in done.remaining:
        naive = left[each.lot.asset, each.wallet, each.lot.lot_id]
        assert Fraction(each.lot.quantity) == naive.quantity
        assert near(each.lot.cost, naive.cost)


# --- The United Kingdom, coin by coin -------------------------------------------------------------------------------


@st.composite
def whole_coins(draw: Callable[..., Any]) -> list[Event]:
    """Draw purchases and sales of whole coins over eighty days; what is sold before it is held may be refused."""
    events: list[Event] = [Acquisition("opening", START - timedelta(days=1), KRAKEN, "BTC", Decimal(30), Decimal(300))]
    for number in range(draw(st.integers(1, 14))):
        ts = START + timedelta(days=draw(st.integers(0, 80)), minutes=draw(st.integers(0, 600)))
        units, value = Decimal(draw(st.integers(1, 6))), Decimal(draw(st.integers(0, 10**4))) / 100
        if draw(st.booleans()):
            events.append(Acquisition(f"b{number}", ts, KRAKEN, "BTC", units, value, Decimal(1)))
        else:
            events.append(Disposal(f"s{number}", ts, KRAKEN, "BTC", units, value, Decimal(1)))
    return events


Costs = dict[date, dict[Rule, list[Fraction]]]


def coin_by_coin(events: Sequence[Event]) -> tuple[Costs, list[Fraction]] | None:
    """Return what each day's sold coins had cost, by rule, and the cost of each coin left; None when one is missing."""
    bought: dict[date, list[Fraction]] = defaultdict(list)
    sold: dict[date, int] = defaultdict(int)
    for day in {event.ts.date() for event in events}:
        came = [e for e in events if isinstance(e, Acquisition) and e.ts.date() == day]
        units = int(total(event.quantity for event in came))
        bought[day] = [Fraction(total(event.cost for event in came)) / units] * units if units else []
        sold[day] = int(total(e.gone for e in events if isinstance(e, Disposal) and e.ts.date() == day))
    costs: Costs = defaultdict(lambda: defaultdict(list))
    for rule, window in ((Rule.SAME_DAY, range(1)), (Rule.THIRTY_DAYS, range(1, 31))):
        for day in sorted(sold):
            for later in (day + timedelta(days=ahead) for ahead in window):
                while sold[day] and bought[later]:
                    costs[day][rule].append(bought[later].pop())
                    sold[day] -= 1
    pool: list[Fraction] = []
    for day in sorted({*sold, *bought}):
        pool += bought[day]
        average = sum(pool, Fraction(0)) / max(len(pool), 1)
        pool = [average] * len(pool)
        if sold[day] > len(pool):
            return None
        costs[day][Rule.POOL] += [pool.pop() for _ in range(sold[day])]
    return {day: {rule: each for rule, each in rules.items() if each} for day, rules in costs.items()}, pool


@settings(max_examples=150)
@given(events=whole_coins())
def test_the_united_kingdom_coin_by_coin(events: list[Event]) -> None:
    expected = coin_by_coin(events)
    if expected is None:
        with pytest.raises(Exception, match="neither the pool nor 30 days explain"):
            compute(events, UK)
        return
    costs, pool = expected
    done = compute(events, UK)
    found: dict[date, dict[Rule, list[Decimal]]] = defaultdict(lambda: defaultdict(lambda: [Decimal(0), Decimal(0)]))
    for gain in done.gains:
        sums = found[gain.ts.date()][gain.rule]
        sums[0] += gain.quantity
        sums[1] = CONTEXT.add(sums[1], gain.cost)
    assert {day: set(rules) for day, rules in found.items()} == {
        day: set(rules) for day, rules in costs.items() if rules
    }
    for day, rules in found.items():
        for rule, (units, cost) in rules.items():
            assert units == len(costs[day][rule])
            assert near(cost, sum(costs[day][rule], Fraction(0)))
    assert total(each.lot.quantity for each in done.remaining) == len(pool)
    assert near(total(each.lot.cost for each in done.remaining), sum(pool, Fraction(0)))


@settings(max_examples=40)
@given(events=whole_coins(), day=st.integers(0, 80), new=st.integers(2, 7))
def test_a_split_changes_no_gain_in_the_united_kingdom(events: list[Event], day: int, new: int) -> None:
    """The same trades told in new units from a midnight on gain the same."""
    moment = (START + timedelta(days=day)).replace(hour=0)
    told: list[Event] = [Split("split", moment, "BTC", Decimal(1), Decimal(new))]
    for event in events:
        scale = new if event.ts >= moment else 1
        assert isinstance(event, Acquisition | Disposal)
        told.append(replace(event, quantity=event.quantity * scale))
    if coin_by_coin(events) is None:
        return
    before, after = by_disposal(compute(events, UK)), by_disposal(compute(told, UK))
    assert [row.ids for row in before] == [row.ids for row in after]
    assert all(near(a.gain, Fraction(b.gain)) for a, b in zip(before, after, strict=True))


@settings(max_examples=40)
@given(events=histories(), order=st.randoms(use_true_random=False))
def test_the_order_in_which_events_are_given_matters_only_at_one_instant(events: list[Event], order: Any) -> None:
    """Shuffled groups of other instants give the same computation."""
    groups: dict[datetime, list[Event]] = defaultdict(list)
    for event in events:
        groups[event.ts].append(event)
    mixed = list(groups.values())
    order.shuffle(mixed)
    first: Computation = compute(events, APART, Method.HIFO)
    assert compute([event for group in mixed for event in group], APART, Method.HIFO) == first
