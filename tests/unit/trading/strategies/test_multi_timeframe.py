"""Several timeframes: bought when all rise, sold when the base or enough of the higher ones do no longer."""

from decimal import Decimal

import pytest

from tests.unit.trading.strategies.row import want
from trading.errors import Misconfigured
from trading.strategies.registry import parameters
from trading.strategies.strategy import Desire

HELD = {"held_exposure": 0.5}
NAME = "multi_timeframe"


def test_it_buys_only_when_both_higher_timeframes_confirm() -> None:
    assert want(NAME) == Desire(Decimal("0.5"), Decimal("0.04"), "all timeframes rise")
    for column in ("ema_gap_12_x4", "ema_gap_12_x24"):
        assert want(NAME, None, **{column: 0.0}) == Desire(Decimal(0), None, "higher timeframes do not confirm")
        assert want(NAME, {"exit_after": 2}, **{column: 0.0}).reason == "no rise on all timeframes"
    assert want(NAME, ema_gap_12=0.4).reason == "no rise on all timeframes"


def test_it_sells_when_the_base_turns() -> None:
    assert want(NAME, ema_gap_12=0.2, **HELD) == Desire(Decimal("0.5"), Decimal("0.04"), "rise not over yet")
    assert want(NAME, ema_gap_12=-0.1, **HELD).reason == "base timeframe does not rise"
    assert want(NAME, {"exit": -1.0}, ema_gap_12=-0.1, **HELD).exposure > 0


def test_it_sells_when_as_many_higher_timeframes_as_declared_have_turned() -> None:
    one, both = {"ema_gap_12_x4": -1.0}, {"ema_gap_12_x4": -1.0, "ema_gap_12_x24": -1.0}
    assert want(NAME, {"exit_after": 1}, **HELD | one).exposure == 0
    assert want(NAME, {"exit_after": 2}, **HELD | one).reason == "rise not over yet"
    assert want(NAME, {"exit_after": 2}, **HELD | both).reason == "higher timeframes do not confirm"


@pytest.mark.parametrize("higher", ["trend_slope_12", "return_6"])
def test_the_higher_timeframes_are_judged_by_the_chosen_feature(higher: str) -> None:
    ignored: dict[str, float | None] = {"ema_gap_12_x4": None, "ema_gap_12_x24": -3.0}
    assert want(NAME, {"higher": higher}, **ignored).exposure > 0
    assert want(NAME, {"higher": higher}, **ignored, **{f"{higher}_x24": -0.001}).exposure == 0
    assert want(NAME, {"higher": higher, "confirm": 0.02}, **ignored).exposure == 0


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"ema_gap_12": None}, "a timeframe is not known"),
        ({"ema_gap_12_x4": None}, "a timeframe is not known"),
        ({"ema_gap_12_x24": float("inf")}, "a timeframe is not known"),
        ({"volatility_24": None}, "no volatility"),
    ],
)
def test_what_is_not_known_is_not_held(changes: dict[str, float | None], reason: str) -> None:
    assert want(NAME, {"exit_after": 2}, **HELD | changes) == Desire(Decimal(0), None, reason)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"exit": 0.5}, "exit 0.5 must be below entry 0.5"),
        ({"exit_after": 3}, r"exit_after: Input should be less than or equal to 2, not 3 \(sell when"),
        ({"exposure": 50}, r"exposure: .* not 50 \(.* as a fraction: 0.5 is half\)"),
        ({"higher": "rsi_14"}, "higher: Input should be 'ema_gap_12', 'trend_slope_12' or 'return_6', not 'rsi_14'"),
    ],
)
def test_wrong_parameters_are_named(values: dict[str, object], message: str) -> None:
    with pytest.raises(Misconfigured, match=f"strategy multi_timeframe: .*{message}"):
        parameters(NAME, values)
