from decimal import Decimal

import pytest

from tests.unit.trading.made import INSTRUMENT
from trading.instrument import split_symbol


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("BTC/USDT", ("BTC", "USDT")),
        ("btc-usdt", ("BTC", "USDT")),
        ("eth_btc", ("ETH", "BTC")),
        ("SOLUSDC", ("SOL", "USDC")),
        ("btcusd", ("BTC", "USD")),
    ],
)
def test_symbols_are_split(name: str, parts: tuple[str, str]):
    assert split_symbol(name, ("USDT", "USDC", "USD")) == parts


@pytest.mark.parametrize("name", ["USDT", "BTCXYZ", ""])
def test_a_name_without_a_quote_is_refused(name: str):
    with pytest.raises(ValueError, match=f"^{name}$"):
        split_symbol(name, ("USDT",))


def test_prices_go_to_the_nearest_tick_and_quantities_down_to_the_lot():
    assert INSTRUMENT.price(Decimal("100.006")) == Decimal("100.01")
    assert INSTRUMENT.quantity(Decimal("1.9999")) == Decimal("1.999")
