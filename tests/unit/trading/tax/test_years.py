"""Tax years, the holding period, what is filed, and the exempt amount with losses carried on."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from tests.unit.trading.tax.made import buy, sell
from trading.errors import Misconfigured
from trading.tax.annual_exempt_amount import chargeable
from trading.tax.compute import compute
from trading.tax.countries.uk import UK
from trading.tax.countries.us import US
from trading.tax.events import AcquisitionKind, DisposalKind
from trading.tax.holding_period import more_than_a_year
from trading.tax.tax_year import year_of
from trading.tax.totals import YearTotal, by_asset, by_year, income_by_asset


@pytest.mark.parametrize(
    ("acquired", "disposed", "long"),
    [
        (date(2023, 5, 1), date(2024, 5, 1), False),  # the anniversary: rp2 counts 366 days here and calls it long
        (date(2023, 5, 1), date(2024, 5, 2), True),
        (date(2024, 2, 29), date(2025, 2, 28), False),
        (date(2024, 2, 29), date(2025, 3, 1), True),
        (date(2023, 2, 28), date(2024, 2, 29), False),  # from the last day of a month to the first of the thirteenth
        (date(2023, 2, 28), date(2024, 3, 1), True),
        (date(2024, 2, 28), date(2025, 3, 1), True),
        (date(2024, 2, 28), date(2025, 2, 28), False),
        (date(2023, 12, 31), date(2025, 1, 1), True),
        (date(2023, 12, 31), date(2024, 12, 31), False),
    ],
)
def test_long_is_more_than_a_year(acquired: date, disposed: date, long: bool) -> None:
    assert more_than_a_year(acquired, disposed) is long


def test_years_begin_where_the_country_says() -> None:
    assert str(year_of(date(2024, 12, 31))) == "2024"
    assert str(UK.tax_year(date(2024, 4, 5))) == "2023/2024"
    assert str(UK.tax_year(date(2024, 4, 6))) == "2024/2025"
    assert UK.tax_year(date(2024, 4, 6)).last == date(2025, 4, 5)


def test_totals_of_a_year_leave_out_what_is_exempt() -> None:
    done = compute(
        [
            buy(0, 10, 1000),
            buy(1, 1, 50, kind=AcquisitionKind.STAKING),
            sell(2, 1, 150, 5),
            sell(3, 1, 80),
            sell(4, 1, 500, kind=DisposalKind.GIFT),
            sell(500, 1, 300),
        ],
        US,
        zone=UTC,
    )
    first, second = by_year(done)
    assert (first.disposals, first.proceeds, first.costs, first.gains, first.losses) == (2, 230, 205, 45, 20)
    assert (first.net, first.short, first.long, first.income, first.filed) == (25, 25, 0, 50, 25)
    assert (second.net, second.short, second.long, second.income) == (200, 0, 200, 0)
    assert [(row.kind, row.gain, row.taxable) for row in by_asset(done)] == [
        (DisposalKind.GIFT, 400, False),
        (DisposalKind.SELL, 25, True),
        (DisposalKind.SELL, 200, True),
    ]
    assert [(row.kind, row.quantity, row.value) for row in income_by_asset(done)] == [(AcquisitionKind.STAKING, 1, 50)]


def test_a_year_of_income_alone_is_a_year() -> None:
    (year,) = by_year(compute([buy(0, 1, 50, kind=AcquisitionKind.MINING)], US))
    assert (year.disposals, year.income, year.net) == (0, 50, 0)


def test_cents_are_rounded_half_up_and_pounds_down() -> None:
    assert US.filed(Decimal("1.005")) == Decimal("1.01")
    assert US.filed(Decimal("-1.005")) == Decimal("-1.01")
    assert UK.filed(Decimal("-0.01")) == -1
    assert UK.filed(Decimal("1.99")) == 1


def total(begins: int, filed: int) -> YearTotal:
    nothing = Decimal(0)
    year = UK.tax_year(date(begins, 6, 1))
    return YearTotal(year, 1, nothing, nothing, nothing, nothing, Decimal(filed), nothing, nothing, nothing)


def test_earlier_losses_bring_a_gain_down_to_the_exempt_amount_and_not_below() -> None:
    rows = chargeable([total(2023, -5000), total(2024, 4000), total(2025, 9000)], Decimal(100))
    assert [(row.exempt, row.losses_carried, row.taxable) for row in rows] == [
        (6000, 5100, 0),
        (3000, 4100, 0),
        (3000, 0, 1900),
    ]
    with pytest.raises(Misconfigured, match="the exempt amount of 2099/2100 is not known"):
        chargeable([replace(total(2025, 1), year=UK.tax_year(date(2099, 6, 1)))])


def test_days_are_those_of_the_zone() -> None:
    late = datetime(2024, 12, 31, 23, 30, tzinfo=UTC)
    done = compute([buy(0, 1, 1), sell(late, 1, 2)], UK)
    assert [str(row.year) for row in by_year(done)] == ["2024/2025"]
