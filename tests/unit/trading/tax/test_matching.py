"""Lots by hand: orders, wallets, the day on which wallets get their own, names, splits, adjustments, spouses."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from tests.unit.trading.tax.made import BINANCE, KRAKEN, LEDGER, buy, move, sell, split
from trading.errors import BadData, Misconfigured
from trading.tax.computation import Computation
from trading.tax.compute import compute
from trading.tax.countries.es import ES
from trading.tax.countries.generic import generic
from trading.tax.countries.ie import IE
from trading.tax.countries.uk import UK
from trading.tax.countries.us import US
from trading.tax.country import Country
from trading.tax.events import Acquisition, AcquisitionKind, Adjustment, Disposal, DisposalKind, Event
from trading.tax.gain import Rule
from trading.tax.holding_period import Term
from trading.tax.methods.method import Method

ANY = generic("USD")
EACH = generic("USD", per_wallet=True)


def history() -> list[Event]:
    return [
        buy(0, 1, 100, name="cheap"),
        buy(1, 1, 300, name="dear"),
        buy(2, 1, 200, name="middle"),
        sell(3, "1.5", 600),
    ]


def parts(done: Computation) -> list[tuple[str, Decimal, Decimal]]:
    return [(gain.lot_id, gain.quantity, gain.cost) for gain in done.gains]


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        (Method.FIFO, [("cheap", 1, 100), ("dear", Decimal("0.5"), 150)]),
        (Method.LIFO, [("middle", 1, 200), ("dear", Decimal("0.5"), 150)]),
        (Method.HIFO, [("dear", 1, 300), ("middle", Decimal("0.5"), 100)]),
        (Method.LOFO, [("cheap", 1, 100), ("middle", Decimal("0.5"), 100)]),
        (Method.AVERAGE, [("pool", Decimal("1.5"), 300)]),
    ],
)
def test_each_method_takes_the_lots_it_says(method: Method, expected: list[tuple[str, Decimal, Decimal]]) -> None:
    done = compute(history(), ANY, method)
    assert parts(done) == expected
    assert sum(gain.proceeds for gain in done.gains) == 600
    assert sum(each.lot.quantity for each in done.remaining) == Decimal("1.5")


def test_highest_in_counts_the_fee() -> None:
    events = [buy(0, 1, 100, 50, name="fee"), buy(1, 1, 120, name="plain"), sell(2, 1, 200)]
    assert parts(compute(events, US, Method.HIFO)) == [("fee", 1, 150)]


def test_at_one_instant_what_comes_in_can_go_out_and_the_first_given_is_the_first_in() -> None:
    events = [sell(0, 1, 10), buy(0, 1, 5, name="one"), buy(0, 1, 6, name="two")]
    assert parts(compute(events, ANY)) == [("one", 1, 5)]
    assert parts(compute(events, ANY, Method.LIFO)) == [("two", 1, 6)]


def test_wallets_share_their_lots_or_have_their_own() -> None:
    events = [buy(0, 1, 100, name="old", wallet=LEDGER), buy(1, 1, 300, name="new"), sell(2, 1, 400)]
    assert parts(compute(events, ANY)) == [("old", 1, 100)]
    assert parts(compute(events, EACH)) == [("new", 1, 300)]


def test_a_transfer_moves_lots_with_their_date_and_cost_and_its_fee_is_a_disposal() -> None:
    events = [
        buy(0, 2, 200, name="old"),
        buy(1, 2, 600, name="new"),
        move(2, 3, "2.9", 40),
        sell(3, "2.9", 1000, wallet=LEDGER),
    ]
    done = compute(events, EACH)
    assert [(g.kind, g.lot_id, g.quantity, g.proceeds, g.cost, g.wallet) for g in done.gains] == [
        (DisposalKind.MOVE, "old", Decimal("0.1"), 40, 10, KRAKEN),
        (DisposalKind.SELL, "old", Decimal("1.9"), pytest.approx(Decimal(1900) / Decimal("2.9")), 190, LEDGER),
        (DisposalKind.SELL, "new", 1, pytest.approx(Decimal(1000) / Decimal("2.9")), 300, LEDGER),
    ]
    assert sum(gain.proceeds for gain in done.gains) == 1040
    assert [(each.wallet, each.lot.quantity, each.lot.cost) for each in done.remaining] == [(KRAKEN, 1, 300)]
    assert done.balances == {(KRAKEN, "BTC"): 1}


def test_parts_of_a_lot_that_meet_again_are_one() -> None:
    events = [buy(0, 3, 300, name="lot"), move(1, 1, 1), move(2, 1, 1), sell(3, 1, 1, wallet=LEDGER)]
    left = compute(events, EACH).remaining
    assert [(each.wallet, each.lot.lot_id, each.lot.quantity, each.lot.cost) for each in left] == [
        (KRAKEN, "lot", 1, 100),
        (LEDGER, "lot", 1, 100),
    ]


NEW_YEAR = datetime(2025, 1, 1, 0, tzinfo=UTC)


def around_2025(sold: datetime) -> list[Event]:
    return [
        buy(0, 1, 100, name="old", wallet=LEDGER),
        buy(1, 1, 300, name="new", wallet=KRAKEN),
        sell(sold, 1, 400, wallet=LEDGER),
    ]


def test_the_united_states_share_lots_until_2024_and_not_after() -> None:
    assert parts(compute(around_2025(NEW_YEAR - timedelta(seconds=1)), US)) == [("old", 1, 100)]
    # On the first day the oldest lots go to the wallets by name: Kraken before Ledger, so Ledger's own lot is the new.
    assert parts(compute(around_2025(NEW_YEAR), US)) == [("new", 1, 300)]
    assert parts(compute(around_2025(NEW_YEAR), US, first_wallets=[LEDGER])) == [("old", 1, 100)]


def test_the_first_day_is_the_taxpayers_own() -> None:
    """At 03:00 UTC on 1 January it is still 2024 in New York."""
    eastern = timezone(timedelta(hours=-5))
    events = around_2025(NEW_YEAR + timedelta(hours=3))
    assert parts(compute(events, US, zone=eastern)) == [("old", 1, 100)]
    assert parts(compute(events, US)) == [("new", 1, 300)]


def test_wallets_that_gave_what_they_had_not_cannot_get_their_own_lots() -> None:
    events = [buy(0, 2, 100), sell(1, 1, 50, wallet=LEDGER), buy(NEW_YEAR, 1, 100)]
    with pytest.raises(BadData, match="Ledger  gave 1 BTC more than it got"):
        compute(events, US)


def test_specific_identification_takes_what_is_named_and_the_oldest_when_nothing_is() -> None:
    events = [*history()[:3], sell(3, "1.5", 600, lots=("middle", "dear")), sell(4, "0.2", 1)]
    done = compute(events, US, Method.SPECIFIC)
    assert parts(done) == [("middle", 1, 200), ("dear", Decimal("0.5"), 150), ("cheap", Decimal("0.2"), 20)]


def test_names_that_do_not_suffice_or_are_not_asked_for_are_refused() -> None:
    events = [*history()[:3], sell(3, "1.5", 600, lots=("middle",))]
    with pytest.raises(BadData, match=r"0\.5 more go out than the named lots hold"):
        compute(events, US, Method.SPECIFIC)
    with pytest.raises(BadData, match="names its lots, but the method is fifo"):
        compute(events, US)


def test_a_transfer_can_name_its_lots() -> None:
    events = [*history()[:3], move(3, 1, "0.9", 5, lots=("dear",))]
    done = compute(events, generic("USD", per_wallet=True), Method.SPECIFIC)
    assert parts(done) == [("dear", Decimal("0.1"), 30)]
    assert [(each.lot.lot_id, each.lot.quantity) for each in done.remaining if each.wallet == LEDGER] == [
        ("dear", Decimal("0.9"))
    ]


@pytest.mark.parametrize("country", [ANY, EACH, UK], ids=["shared", "apart", "UK"])
def test_more_than_is_held_cannot_go_out(country: Country) -> None:
    with pytest.raises(BadData, match=r"1 (go out that|more go out than are held)"):
        compute([buy(0, 1, 100), sell(1, 2, 100)], country)


@pytest.mark.parametrize(
    ("country", "method"),
    [
        (UK, Method.FIFO),
        (US, Method.AVERAGE),
        (US, Method.SECTION_104),
        (ES, Method.HIFO),
        (IE, Method.LIFO),
        (ANY, Method.SECTION_104),
    ],
    ids=lambda value: value.code if isinstance(value, Country) else value,
)
def test_what_a_country_forbids_is_refused_by_name(country: Country, method: Method) -> None:
    with pytest.raises(
        Misconfigured, match=f"{country.code} does not allow {method}: choose one of {country.methods[0]}"
    ):
        compute(history(), country, method)


def test_a_split_changes_units_and_nothing_else() -> None:
    events = [buy(0, 10, 100, name="old"), move(0, 4, 4), split(1, 1, 3), buy(2, 3, 100, name="new"), sell(3, 12, 600)]
    for country in (ANY, EACH):
        done = compute(events, country)
        assert parts(done)[0][0] == "old"
        assert done.balances == {(KRAKEN, "BTC"): 9, (LEDGER, "BTC"): 12}
        assert sum(g.cost for g in done.gains) + sum(each.lot.cost for each in done.remaining) == 200


def test_a_split_turns_the_highest_cost_of_a_unit() -> None:
    """100 for one unit before a split into ten is 10 for one after it, less than the 20 of a later lot."""
    events = [buy(0, 1, 100, name="old"), split(1, 1, 10), buy(2, 1, 20, name="new"), sell(3, 1, 50)]
    assert parts(compute(events, US, Method.HIFO)) == [("new", 1, 20)]


def test_thirds_are_rounded_down_to_a_grain_and_still_tie() -> None:
    events = [buy(0, 10, 100), buy(1, 10, 50), move(1, 5, 5), split(2, 3, 1), sell(3, 3, 60)]
    for country in (ANY, EACH, UK):
        done = compute(events, country)
        held = sum(done.balances.values())
        assert abs(sum(each.lot.quantity for each in done.remaining) - held) < Decimal("1e-16")
        assert abs(held - (Decimal(20) / 3 - 3)) < Decimal("1e-16")


def test_an_adjustment_is_shared_by_units() -> None:
    events = [
        buy(0, 1, 100, name="a"),
        buy(1, 3, 300, name="b"),
        Adjustment("x", buy(2, 1, 1).ts, "BTC", Decimal(-80)),
        sell(3, 1, 90),
    ]
    assert parts(compute(events, ANY)) == [("a", 1, 80)]
    assert compute(events, ANY).remaining[0].lot.cost == 240
    with pytest.raises(BadData, match="below zero"):
        compute([events[0], Adjustment("x", events[2].ts, "BTC", Decimal(-101))], ANY)
    with pytest.raises(BadData, match="nothing to share among"):
        compute([Adjustment("x", events[2].ts, "BTC", Decimal(1))], ANY)


def test_between_spouses_there_is_no_gain_and_the_cost_goes_over() -> None:
    events = [buy(0, 2, 200), sell(1, 1, 999, 7, kind=DisposalKind.SPOUSE)]
    for country in (US, UK, IE):
        (gain,) = compute(events, country).gains
        assert (gain.amount, gain.proceeds, gain.fee, gain.cost, gain.taxable) == (0, 100, 0, 100, False)


def test_a_gift_is_taxed_where_it_is() -> None:
    events = [buy(0, 1, 100), sell(1, 1, 150, kind=DisposalKind.GIFT)]
    assert [compute(events, country).gains[0].taxable for country in (US, UK, ES, IE)] == [False, True, True, True]


def test_the_givers_date_goes_on() -> None:
    given = datetime(2022, 5, 1, tzinfo=UTC)
    gift = Acquisition(
        "gift", buy(0, 1, 1).ts, KRAKEN, "BTC", Decimal(1), Decimal(100), Decimal(0), AcquisitionKind.GIFT, given
    )
    (gain,) = compute([gift, sell(10, 1, 150)], US).gains
    assert (gain.term, gain.acquired, gain.cost) == (Term.LONG, given, 100)


def test_income_is_a_row_and_a_lot_and_funding_paid_is_negative() -> None:
    events = [
        buy(0, 10, 10, asset="USDT"),
        buy(1, 2, 80, kind=AcquisitionKind.STAKING, name="stake"),
        buy(2, 1, 7, kind=AcquisitionKind.HARD_FORK, asset="BCH", name="fork"),
        buy(3, 3, 3, kind=AcquisitionKind.FUNDING, asset="USDT", name="got"),
        sell(4, 2, 2, kind=DisposalKind.FUNDING, asset="USDT"),
        sell(5, 2, 100),
    ]
    done = compute(events, US)
    assert [(row.kind, row.quantity, row.value) for row in done.income] == [
        (AcquisitionKind.STAKING, 2, 80),
        (AcquisitionKind.HARD_FORK, 1, 7),
        (AcquisitionKind.FUNDING, 3, 3),
        (AcquisitionKind.FUNDING, -2, -2),
    ]
    assert [(g.kind, g.amount) for g in done.gains] == [(DisposalKind.FUNDING, 0), (DisposalKind.SELL, 20)]
    assert [row.kind for row in compute(events, UK).income].count(AcquisitionKind.HARD_FORK) == 0


def test_a_fee_in_kind_leaves_with_what_is_sold_and_brings_nothing() -> None:
    sale = Disposal("s", sell(1, 1, 1).ts, KRAKEN, "BTC", Decimal(2), Decimal(40), fee_quantity=Decimal("0.2"))
    (gain,) = compute([buy(0, 4, 80), sale], US).gains
    assert (gain.quantity, gain.proceeds, gain.cost, gain.rule) == (Decimal("2.2"), 40, 44, Rule.LOT)


def test_an_average_per_wallet_follows_the_coins() -> None:
    events = [
        buy(0, 1, 100),
        buy(1, 1, 300),
        buy(2, 1, 60, wallet=BINANCE),
        move(3, 1, 1, target=BINANCE),
        sell(4, 1, 500, wallet=BINANCE),
    ]
    done = compute(events, EACH, Method.AVERAGE)
    assert parts(done) == [("pool", 1, 130)]
    assert [(each.wallet, each.lot.quantity, each.lot.cost, each.lot.acquired) for each in done.remaining] == [
        (BINANCE, 1, 130, None),
        (KRAKEN, 1, 200, None),
    ]
