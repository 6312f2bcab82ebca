from decimal import Decimal
from typing import Any

import pytest

from adapters.exchange.ccxt_markets import instrument_of
from trading.errors import Misconfigured


def market(**changes: Any) -> dict[str, Any]:
    return {
        "spot": True,
        "base": "BTC",
        "quote": "USDT",
        "precision": {"price": "0.01", "amount": "0.00001"},
        "limits": {"amount": {"min": "0.0001"}, "cost": {"min": None}},
        "maker": 0.001,
        "taker": "0.002",
        "active": True,
    } | changes


def test_numbers_are_decimals_and_absent_limits_are_zero():
    found = instrument_of("here", "BTC/USDT", {"BTC/USDT": market()})
    assert (found.venue, found.tick, found.lot) == ("here", Decimal("0.01"), Decimal("0.00001"))
    assert (found.min_notional, found.maker_fee, found.taker_fee) == (Decimal(0), Decimal("0.001"), Decimal("0.002"))
    assert found.status == "TRADING"


def test_a_market_that_rests_is_halted():
    assert instrument_of("here", "BTC/USDT", {"BTC/USDT": market(active=False)}).status == "HALTED"


@pytest.mark.parametrize("markets", [{}, {"BTC/USDT": market(spot=False)}])
def test_what_is_no_spot_market_is_named(markets: dict[str, Any]):
    with pytest.raises(Misconfigured, match="BTC/USDT"):
        instrument_of("here", "BTC/USDT", markets)
