"""The trend: bought above its mean and strong enough, kept until the close falls back, larger when stronger."""

from decimal import Decimal

import pytest

from tests.unit.trading.strategies.row import want
from trading.errors import Misconfigured
from trading.strategies.registry import parameters
from trading.strategies.strategy import Desire

HELD = {"held_exposure": 0.5}


def test_a_strong_trend_is_bought_in_steps_of_its_strength() -> None:
    exposures = [want("trend", adx_14=strength).exposure for strength in (20.0, 24.0, 26.0, 34.0, 36.0, 80.0)]
    assert exposures == [Decimal(text) for text in ("0.5", "0.5", "0.75", "0.75", "1", "1")]
    assert want("trend").reason == "trend stands"
    assert want("trend", {"max_exposure": 0.4}).exposure == Decimal("0.3")


def test_between_entry_and_exit_it_keeps_what_it_holds() -> None:
    assert want("trend", ema_gap_48=0.5).reason == "trend not strong enough"
    assert want("trend", ema_gap_48=0.5, **HELD).reason == "trend not over yet"
    assert want("trend", ema_gap_48=0.5, **HELD).exposure == Decimal("0.75")
    assert want("trend", ema_gap_48=1.0).exposure > 0
    assert want("trend", ema_gap_48=0.0, **HELD).exposure > 0
    assert want("trend", ema_gap_48=-0.01, **HELD) == Desire(Decimal(0), None, "no trend")


def test_a_trend_that_weakens_is_kept_at_one_step() -> None:
    assert want("trend", adx_14=19.9).reason == "trend not strong enough"
    kept = want("trend", adx_14=1.0, **HELD)
    assert (kept.exposure, kept.reason) == (Decimal("0.25"), "trend not over yet")


def test_the_stop_is_as_wide_as_the_market_moves() -> None:
    assert want("trend").stop == Decimal("0.04")
    assert want("trend", volatility_24=0.01).stop == Decimal("0.08")
    assert want("trend", {"stop_multiple": 0}).stop is None


def test_the_chosen_mean_is_the_one_that_counts() -> None:
    assert want("trend", {"gap": "ema_gap_12"}, ema_gap_48=None).exposure > 0
    assert want("trend", {"gap": "ema_gap_12"}, ema_gap_12=-1.0).reason == "no trend"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"ema_gap_48": None}, "no trend measure"),
        ({"adx_14": float("nan")}, "no trend measure"),
        ({"volatility_24": None}, "no volatility"),
    ],
)
def test_what_is_not_known_is_not_held(changes: dict[str, float | None], reason: str) -> None:
    assert want("trend", None, **HELD | changes) == Desire(Decimal(0), None, reason)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"entry": 0.5, "exit": 0.5}, "exit 0.5 must be below entry 0.5"),
        ({"least_strength": 50}, "least_strength 50.0 is above full_strength 40.0"),
        ({"full_strength": 0.4e3}, r"full_strength: .* not 400.0 \(ADX\(14\) that earns .* scale of 0 to 100\)"),
        ({"max_exposure": 80}, r"max_exposure: .* not 80 \(.* as a fraction: 0.5 is half\)"),
        ({"gap": "ema_gap_7"}, "gap: Input should be 'ema_gap_12' or 'ema_gap_48', not 'ema_gap_7'"),
    ],
)
def test_wrong_parameters_are_named(values: dict[str, object], message: str) -> None:
    with pytest.raises(Misconfigured, match=f"strategy trend: .*{message}"):
        parameters("trend", values)
