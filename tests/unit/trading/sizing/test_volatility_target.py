from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.trading.made import INSTRUMENT
from trading.errors import Denied
from trading.sizing.volatility_target import size
from trading.timeframe import Timeframe

DAY, HOUR = Timeframe.parse("1d"), Timeframe.parse("1h")


def sized(exposure: str, volatility: str, frame: Timeframe = DAY, equity: str = "1000", price: str = "100"):
    numbers = (Decimal(equity), Decimal(price), Decimal("0.02"))
    return size(Decimal(exposure), Decimal(volatility), frame, *numbers, INSTRUMENT)


def test_a_calm_market_gives_the_whole_exposure():
    assert (sized("0.5", "0.01").quantity, sized("0.5", "0.01").reasons) == (Decimal(5), ())


def test_twice_the_wanted_volatility_halves_it():
    assert (sized("0.5", "0.04").quantity, sized("0.5", "0.04").reasons) == (Decimal("2.5"), ("volatility_target",))


def test_a_bars_volatility_grows_with_the_square_root_of_time():
    # 0.01 an hour is 0.049 a day: 0.02 / 0.04899 of 5
    assert sized("0.5", "0.01", HOUR).quantity == Decimal("2.041")


@pytest.mark.parametrize(("price", "volatility"), [("0", "0.01"), ("-1", "0.01"), ("100", "0"), ("100", "-1")])
def test_without_price_or_volatility_nothing_is_sized(price: str, volatility: str):
    with pytest.raises(Denied, match="no_reference"):
        sized("0.5", volatility, price=price)


@pytest.mark.parametrize(("exposure", "equity"), [("0", "1000"), ("0.5", "0"), ("0.5", "-10")])
def test_no_exposure_or_no_equity_is_no_holding(exposure: str, equity: str):
    assert sized(exposure, "0.5", equity=equity).quantity == 0


@given(
    st.decimals(0, 1, places=4),
    st.decimals("0.0001", "0.5", places=6),
    st.decimals(0, 10**7, places=2),
    st.decimals("0.01", 10**6, places=2),
)
def test_never_beyond_the_exposure_asked(exposure: Decimal, volatility: Decimal, equity: Decimal, price: Decimal):
    target = size(exposure, volatility, HOUR, equity, price, Decimal("0.02"), INSTRUMENT)
    assert target.quantity * price <= equity * exposure
    assert target.quantity == INSTRUMENT.quantity(target.quantity)
