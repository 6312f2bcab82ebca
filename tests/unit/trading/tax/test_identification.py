"""The rules of the United Kingdom by hand, where the cases of others are silent: instants, splits inside a day."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from tests.unit.trading.tax.made import LEDGER, buy, move, sell, split
from trading.errors import BadData
from trading.tax.compute import compute
from trading.tax.countries.uk import UK
from trading.tax.events import Adjustment, DisposalKind
from trading.tax.gain import Rule

MIDNIGHT = datetime(2024, 6, 1, tzinfo=UTC)


def at(hours: int) -> datetime:
    return MIDNIGHT + timedelta(hours=hours)


def test_thirty_days_are_thirty_and_a_pool_takes_what_comes_later() -> None:
    for days, rule in ((30, Rule.THIRTY_DAYS), (31, Rule.POOL)):
        events = [buy(at(0), 10, 100), sell(at(24), 10, 300), buy(at(24 * (1 + days)), 10, 200)]
        (gain,) = compute(events, UK).gains
        assert (gain.rule, gain.cost) == (rule, 200 if rule is Rule.THIRTY_DAYS else 100)


def test_the_earlier_sale_is_served_first_but_the_same_day_before_it() -> None:
    events = [
        buy(at(0), 10, 100),
        sell(at(24), 4, 40),
        sell(at(48), 4, 40),
        buy(at(72), 5, 500),
        sell(at(73), 2, 20),
    ]
    gains = compute(events, UK).gains
    assert [(g.disposal_id, g.rule, g.quantity) for g in gains] == [
        (events[1].event_id, Rule.THIRTY_DAYS, 3),
        (events[1].event_id, Rule.POOL, 1),
        (events[2].event_id, Rule.POOL, 4),
        (events[4].event_id, Rule.SAME_DAY, 2),
    ]


def test_a_day_is_local() -> None:
    """Half past midnight British summer time is the day before by UTC."""
    events = [buy(at(-48), 1, 10), sell(at(12), 1, 50), buy(at(23), 1, 40), buy(at(48 * 20), 1, 1)]
    summer = timezone(timedelta(hours=1))
    assert [g.rule for g in compute(events, UK).gains] == [Rule.SAME_DAY]
    assert [g.rule for g in compute(events, UK, zone=summer).gains] == [Rule.THIRTY_DAYS]


def test_a_split_inside_a_day_is_told_to_what_came_before_it() -> None:
    """One of four coins is sold, they become eight, two of which are sold: equal halves of the day's disposal."""
    events = [buy(at(-24), 4, 80), sell(at(1), 1, 100), split(at(2), 1, 2), sell(at(3), 2, 100), buy(at(4), 2, 60)]
    done = compute(events, UK)
    assert [(g.disposal_id, g.rule, g.quantity, g.cost) for g in done.gains] == [
        (events[1].event_id, Rule.SAME_DAY, Decimal("0.5"), 30),
        (events[1].event_id, Rule.POOL, Decimal("0.5"), 10),
        (events[3].event_id, Rule.SAME_DAY, 1, 30),
        (events[3].event_id, Rule.POOL, 1, 10),
    ]
    assert [(each.lot.quantity, each.lot.cost) for each in done.remaining] == [(6, 60)]


def test_what_a_transfer_costs_is_a_disposal_of_its_day() -> None:
    events = [buy(at(0), 10, 100), move(at(24), 4, "3.5", 20), move(at(25), 1, 1)]
    done = compute(events, UK)
    assert [(g.kind, g.quantity, g.proceeds, g.cost, g.taxable) for g in done.gains] == [
        (DisposalKind.MOVE, Decimal("0.5"), 20, 5, True)
    ]
    assert done.balances[LEDGER, "BTC"] == Decimal("4.5")


def test_charity_and_spouses_are_told_and_not_taxed() -> None:
    events = [
        buy(at(0), 3, 30),
        *(sell(at(24 * n), 1, 50, kind=kind) for n, kind in enumerate(DisposalKind, 1) if n < 4),
    ]
    taxed = {gain.kind: gain.taxable for gain in compute(events, UK).gains}
    assert taxed == {DisposalKind.SELL: True, DisposalKind.DONATE: False, DisposalKind.FEE: True}


def test_an_adjustment_needs_coins_and_leaves_no_negative_cost() -> None:
    with pytest.raises(BadData, match="no BTC is held"):
        compute([Adjustment("a", at(0), "BTC", Decimal(5))], UK)
    with pytest.raises(BadData, match="more is taken off than BTC cost"):
        compute([buy(at(0), 1, 10), Adjustment("a", at(24), "BTC", Decimal(-11))], UK)


def test_an_adjustment_counts_the_coins_bought_back_in_the_units_of_its_day() -> None:
    """Of 200 units held, 100 are the 50 bought back before a split into two: half of the 90 is theirs."""
    events = [
        buy(at(0), 100, 1000),
        sell(at(24), 50, 900),
        buy(at(48), 50, 600),
        split(at(72), 1, 2),
        Adjustment("a", at(96), "BTC", Decimal(90)),
    ]
    done = compute(events, UK)
    assert [(gain.rule, gain.quantity, gain.cost) for gain in done.gains] == [(Rule.THIRTY_DAYS, 50, 645)]
    assert [(each.lot.quantity, each.lot.cost) for each in done.remaining] == [(200, 1045)]
