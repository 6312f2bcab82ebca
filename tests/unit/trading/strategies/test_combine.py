"""Combined strategies: weights, modes, the tightest stop, and parts that are checked when the parameters are."""

from decimal import Decimal

import pytest

from tests.unit.trading.strategies.row import want
from trading.errors import Misconfigured
from trading.strategies.combine import Combine
from trading.strategies.registry import parameters, schema
from trading.strategies.strategy import Desire


def part(name: str, weight: float = 1.0, **values: object) -> dict[str, object]:
    return {"strategy": name, "weight": weight, "parameters": values}


#: In ROW the trend wants 0.75 with a stop of 0.04, reversion 0.5 with one of 0.02, and the bear nothing.
TREND = part("trend")
REVERSION = part("mean_reversion", 3.0, stop_multiple=4.0)
BEAR = part("trend", 4.0, entry=5.0)


def combined(mode: str, *parts: dict[str, object]) -> Desire:
    return want("combine", {"mode": mode, "parts": parts})


@pytest.mark.parametrize("mode", ["weighted", "majority", "all"])
def test_exposures_are_weighted_and_the_tightest_stop_counts(mode: str) -> None:
    assert combined(mode, TREND, REVERSION) == Desire(Decimal("0.5625"), Decimal("0.02"), "parts want to be long")


def test_a_part_that_wants_nothing_counts_with_its_weight() -> None:
    assert combined("weighted", TREND, REVERSION, BEAR).exposure == Decimal("0.2812")
    assert combined("weighted", BEAR) == Desire(Decimal(0), None, "no part wants to be long")


def test_a_part_that_lacks_an_input_counts_with_its_weight_too() -> None:
    assert want("combine", {"parts": [TREND, REVERSION]}, ema_gap_48=None).exposure == Decimal("0.375")


def test_a_majority_is_more_than_half_of_the_weight() -> None:
    assert combined("majority", TREND, REVERSION, BEAR).reason == "no majority wants to be long"
    assert combined("majority", TREND, REVERSION, BEAR | {"weight": 3.9}).exposure == Decimal("0.2848")


def test_all_means_all() -> None:
    assert combined("all", TREND, REVERSION, BEAR | {"weight": 0.1}).reason == "not all parts want to be long"


def test_the_stop_is_that_of_the_parts_that_want_to_be_long() -> None:
    tight = part("trend", 1.0, entry=5.0, stop_multiple=1.0)
    assert combined("weighted", TREND, tight).stop == Decimal("0.04")
    without = part("trend", 1.0, stop_multiple=0)
    assert combined("weighted", TREND, without).stop == Decimal("0.04")
    assert combined("weighted", without).stop is None


def test_an_exposure_that_vanishes_is_flat() -> None:
    crumb = part("mean_reversion", 0.001, exposure=0.01)
    assert combined("weighted", crumb, BEAR) == Desire(Decimal(0), None, "weight too small for an exposure")


def test_the_parts_see_what_the_whole_holds() -> None:
    parts = {"parts": [part("trend", 1.0, entry=2.0)]}
    assert want("combine", parts).exposure == 0
    assert want("combine", parts, held_exposure=0.5).exposure == Decimal("0.75")


def test_a_part_may_come_twice_and_its_parameters_are_complete_when_stored() -> None:
    values = parameters("combine", {"parts": [part("trend"), part("trend", 2.0, gap="ema_gap_12")]})
    stored = values.model_dump(mode="json")["parts"]
    assert [one["parameters"]["gap"] for one in stored] == ["ema_gap_48", "ema_gap_12"]
    assert all(one["parameters"]["max_exposure"] == 1.0 for one in stored)
    assert Combine.model_validate_json(values.model_dump_json()) == values
    assert parameters("combine", {"parts": stored}) == values


def test_the_schema_names_the_strategies_that_can_be_parts() -> None:
    choices = schema("combine")["$defs"]["Part"]["properties"]["strategy"]["enum"]
    assert choices == ["follow_forecast", "mean_reversion", "trend", "multi_timeframe"]


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ([], "parts: Tuple should have at least 1 item"),
        ([part("combine")], "parts.0.strategy: 'combine' cannot be a part of combine; those that can are follow_fore"),
        ([part("dollar_cost_average")], "parts.0.strategy: 'dollar_cost_average' cannot be a part"),
        ([TREND, part("trned")], "parts.1.strategy: 'trned' cannot be a part"),
        ([part("trend", 0.0)], "parts.0.weight: Input should be greater than 0, not 0.0"),
        ([part("trend", max_exposure=75)], r"parts.0.parameters: max_exposure: .* not 75 \(.* as a fraction"),
        ([part("trend", exposure=0.5)], "parts.0.parameters: exposure: not a parameter; known are gap, entry"),
        ([part("trend", entry=0.0)], "parts.0.parameters: parameters: exit 0.0 must be below entry 0.0"),
        ([TREND | {"wieght": 2}], "parts.0.wieght"),
        ([{"weight": 1.0}], "parts.0.strategy: Field required"),
    ],
)
def test_wrong_parts_are_named(parts: list[dict[str, object]], message: str) -> None:
    with pytest.raises(Misconfigured, match=f"strategy combine: {message}"):
        parameters("combine", {"parts": parts})


def test_parameters_of_another_strategy_are_refused() -> None:
    stranger = {"strategy": "mean_reversion", "parameters": parameters("trend", {})}
    with pytest.raises(Misconfigured, match=r"parts.0.parameters: .*not a parameter; known are z_score"):
        parameters("combine", {"parts": [stranger]})
