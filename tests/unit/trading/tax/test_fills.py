"""Fills as tax events: both coins, the fee in a third, and units that tie to the ledger's journals."""

from collections import defaultdict
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.trading.tax.made import KRAKEN
from trading.accounting import journal
from trading.errors import BadData
from trading.fill import Fill
from trading.instrument import Instrument
from trading.order import Side
from trading.tax.balances import Balances
from trading.tax.compute import compute
from trading.tax.countries.us import US
from trading.tax.events import Acquisition, Disposal, DisposalKind
from trading.tax.fills import from_fill

ONE = Decimal(1)
PAIR = Instrument("binance", "BTCUSDT", "BTC", "USDT", Decimal("0.01"), Decimal("0.00001"), ONE, ONE, ONE, ONE)
DOLLARS = Instrument("kraken", "BTCUSD", "BTC", "USD", Decimal("0.01"), Decimal("0.00001"), ONE, ONE, ONE, ONE)
RATES = {"USDT": Decimal("0.99"), "BNB": Decimal(600), "BTC": Decimal(50_000)}


def fill(side: Side, price: str, quantity: str, fee: str, coin: str, number: int = 1) -> Fill:
    ts = datetime(2024, 3, 1, number % 24, tzinfo=UTC)
    return Fill(
        "binance", "BTCUSDT", f"{number}", "v", "c", side, Decimal(price), Decimal(quantity), Decimal(fee), coin, ts
    )


def test_a_purchase_with_a_coin_gives_that_coin_away_and_the_fee_coin_too() -> None:
    bought, paid, fee = from_fill(fill(Side.BUY, "50000", "0.1", "0.005", "BNB"), PAIR, KRAKEN, "USD", RATES)
    assert isinstance(bought, Acquisition)
    assert isinstance(paid, Disposal)
    assert isinstance(fee, Disposal)
    assert (bought.asset, bought.quantity, bought.value, bought.fee, bought.cost) == (
        "BTC",
        Decimal("0.1"),
        4950,
        3,
        4953,
    )
    assert (paid.asset, paid.quantity, paid.value, paid.kind) == ("USDT", 5000, 4950, DisposalKind.SELL)
    assert (fee.asset, fee.quantity, fee.value, fee.kind) == ("BNB", Decimal("0.005"), 3, DisposalKind.FEE)
    assert {event.event_id for event in (bought, paid, fee)} == {
        f"binance:BTCUSDT:1:{end}" for end in ("in", "out", "fee")
    }


def test_a_sale_for_the_currency_itself_is_a_disposal_alone() -> None:
    (sold,) = from_fill(fill(Side.SELL, "50000", "0.1", "5", "USD"), DOLLARS, KRAKEN, "USD", {})
    assert isinstance(sold, Disposal)
    assert (sold.asset, sold.quantity, sold.value, sold.fee) == ("BTC", Decimal("0.1"), 5000, 5)


def test_a_fee_in_the_coin_bought_leaves_at_once() -> None:
    bought, fee = from_fill(fill(Side.BUY, "50000", "0.1", "0.0001", "BTC"), DOLLARS, KRAKEN, "USD", RATES)
    done = compute([fee, bought], US)
    (gain,) = done.gains
    assert (gain.kind, gain.proceeds, gain.cost) == (DisposalKind.FEE, 5, Decimal("5.005"))
    assert done.balances == {(KRAKEN, "BTC"): Decimal("0.0999")}


def test_a_worth_that_is_not_known_is_not_guessed() -> None:
    with pytest.raises(BadData, match="what a BNB was worth in USD is not known"):
        from_fill(fill(Side.SELL, "50000", "0.1", "0.005", "BNB"), PAIR, KRAKEN, "USD", {"USDT": ONE})


@settings(max_examples=50)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(Side),
            st.integers(1, 10**7),
            st.integers(1, 10**8),
            st.integers(0, 10**4),
            st.sampled_from(["BTC", "USDT", "BNB"]),
        ),
        min_size=1,
        max_size=8,
    )
)
def test_units_tie_to_the_journals_of_the_ledger(trades: list[tuple[Side, int, int, int, str]]) -> None:
    """What the journals put on market and fees, turned round, is what the tax events moved."""
    balances, booked = Balances(), defaultdict[str, Decimal](Decimal)
    for number, (side, price, quantity, fee, coin) in enumerate(trades):
        trade = fill(
            side,
            str(Decimal(price) / 100),
            str(Decimal(quantity).scaleb(-8)),
            str(Decimal(fee).scaleb(-8)),
            coin,
            number,
        )
        for event in from_fill(trade, PAIR, KRAKEN, "EUR", RATES):
            balances.apply(event)
        for line in journal.fill("book", trade, PAIR).lines:
            if line.account in {"market", "fees"}:
                booked[line.currency] -= line.amount
    assert {coin: units for coin in balances.assets() if (units := balances.total(coin))} == {
        coin: units for coin, units in booked.items() if units
    }
