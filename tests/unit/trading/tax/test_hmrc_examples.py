"""The seven worked examples of HMRC's Cryptoassets Manual, CRYPTO22251 to CRYPTO22257: exact, beside its whole pounds.

The manual rounds costs to pounds on the way (937.50 to 938, so a gain of 462.50 is printed as 462): the exact gain is
asserted, and that it is less than a pound from the printed one.
"""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from tests.unit.trading.tax.reference import archive, xlsx
from trading.tax.computation import Computation
from trading.tax.compute import compute
from trading.tax.countries.uk import UK
from trading.tax.events import Acquisition, Disposal, Event, Wallet
from trading.tax.gain import Rule
from trading.tax.totals import by_disposal, by_year

pytestmark = pytest.mark.data
EXAMPLES = tuple(f"CRYPTO{number}" for number in range(22251, 22258))
FIRST_DAY = datetime(1899, 12, 30, tzinfo=UTC)


def events_of(example: str) -> list[Event]:
    """Return a sheet's trades as a disposal of what was given and an acquisition of what was got, pounds left out."""
    events: list[Event] = []
    for number, row in enumerate(xlsx("hmrc_crypto_examples", f"{example}.xlsx")):
        if row[0] != "Trade":
            continue
        got, coin, worth, gave, given, value = row[1:7]
        moment = next(cell for cell in row[7:] if cell.startswith(("43", "44")))
        ts = FIRST_DAY + timedelta(minutes=round(float(moment) * 1440))
        wallet = Wallet(example)
        if coin != "GBP":
            paid = Decimal(gave if given == "GBP" else worth)
            events.append(Acquisition(f"{number}:in", ts, wallet, coin, Decimal(got), paid))
        if given != "GBP":
            brought = Decimal(got if coin == "GBP" else value)
            events.append(Disposal(f"{number}:out", ts, wallet, given, Decimal(gave), brought))
    return events


def done(example: str) -> Computation:
    return compute(events_of(example), UK)


def gains(example: str) -> list[tuple[str, str, Decimal]]:
    """Return day, coin and exact gain to six places of each disposal."""
    return [(f"{row.day:%d %b}", row.asset, round(row.gain, 6)) for row in by_disposal(done(example))]


def near(example: str, printed: list[int]) -> bool:
    """Return whether each gain is less than a pound from what the manual prints."""
    rows = by_disposal(done(example))
    return len(rows) == len(printed) and all(abs(row.gain - told) < 1 for row, told in zip(rows, printed, strict=True))


def pools(example: str) -> dict[str, tuple[Decimal, Decimal]]:
    return {each.lot.asset: (each.lot.quantity, round(each.lot.cost, 6)) for each in done(example).remaining}


def test_every_example_of_the_archive_is_here() -> None:
    sheets = {path.removesuffix(".xlsx") for path in archive("hmrc_crypto_examples") if path.endswith(".xlsx")}
    assert sheets == set(EXAMPLES)


def test_1_the_pool() -> None:
    assert gains("CRYPTO22251") == [("01 Dec", "TOKENA", 258_000)]
    assert near("CRYPTO22251", [258_000])
    assert pools("CRYPTO22251") == {"TOKENA": (100, 84_000)}


def test_2_the_same_day() -> None:
    assert gains("CRYPTO22252") == [("23 Jun", "TOKENB", Decimal("462.5"))]
    assert near("CRYPTO22252", [462])
    assert pools("CRYPTO22252") == {"TOKENB": (5_100, Decimal("562.5"))}
    assert {gain.rule for gain in done("CRYPTO22252").gains} == {Rule.SAME_DAY}


def test_3_the_thirty_days() -> None:
    assert gains("CRYPTO22253") == [("31 Mar", "TOKENC", 165), ("20 Apr", "TOKENC", 20)]
    assert near("CRYPTO22253", [165, 20])
    assert pools("CRYPTO22253") == {"TOKENC": (2_200, 1_060)}
    assert [(gain.quantity, gain.cost, gain.rule) for gain in done("CRYPTO22253").gains] == [
        (700, 175, Rule.THIRTY_DAYS),
        (300, 60, Rule.THIRTY_DAYS),
        (200, 40, Rule.THIRTY_DAYS),
        (300, 90, Rule.THIRTY_DAYS),
    ]


def test_4_the_same_day_and_the_pool() -> None:
    assert gains("CRYPTO22254") == [("31 Jan", "TOKEND", Decimal("79.5"))]
    assert near("CRYPTO22254", [79])
    assert pools("CRYPTO22254") == {"TOKEND": (7_500, Decimal("937.5"))}


def test_5_the_thirty_days_and_the_pool() -> None:
    assert gains("CRYPTO22255") == [("30 Aug", "TOKENE", 92_500)]
    assert near("CRYPTO22255", [92_500])
    assert pools("CRYPTO22255") == {"TOKENE": (10_500, 150_000)}


def test_6_all_three_rules() -> None:
    assert gains("CRYPTO22256") == [
        ("31 Jul", "TOKENF", 15_000),
        ("05 Aug", "TOKENF", 10_000),
        ("07 Aug", "TOKENF", Decimal("-163636.363636")),
    ]
    assert pools("CRYPTO22256") == {"TOKENF": (10_000, Decimal("31363.636364"))}


def test_7_coins_for_coins() -> None:
    assert gains("CRYPTO22257") == [
        ("31 Aug", "TOKENG", 280),
        ("31 Aug", "TOKENH", Decimal("266.666667")),
        ("04 Sep", "TOKENH", 18),
        ("16 Sep", "TOKENG", -120),
        ("27 Oct", "TOKENH", Decimal("-1416.666667")),
    ]
    assert near("CRYPTO22257", [280, 267, 18, -120, -1417])
    assert pools("CRYPTO22257") == {"TOKENG": (99_730, 298_890)}
    (year,) = by_year(done("CRYPTO22257"))
    assert (str(year.year), year.disposals) == ("2020/2021", 5)
    assert round(year.net, 6) == -972
