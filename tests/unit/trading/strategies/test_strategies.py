"""Strategies: pure, quantized, and flat with a reason whenever something is not known."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.trading.strategies.row import ROW, want
from trading.errors import BadData, Misconfigured
from trading.strategies.registry import STRATEGIES, parameters, schema, strategy


def test_following_grows_with_the_forecast_up_to_the_full_exposure():
    exposures = [want("follow_forecast", expected_return=value).exposure for value in (0.0004, 0.001, 0.0016, 0.01)]
    assert exposures == [Decimal("0.2000"), Decimal("0.5000"), Decimal("0.8000"), Decimal("1.0000")]
    assert want("follow_forecast").reason == "rise expected"
    assert want("follow_forecast").stop == Decimal("0.0300")
    assert want("follow_forecast", {"max_exposure": 0.25}, expected_return=0.01).exposure == Decimal("0.2500")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"expected_return": None}, "no forecast"),
        ({"expected_return": float("nan")}, "no forecast"),
        ({"sigma": None}, "no volatility"),
        ({"volatility_24": 0.0}, "no volatility"),
        ({"expected_return": -0.001}, "fall expected"),
        ({"expected_return": 0.00005}, "forecast below cost threshold"),
        ({"expected_return": 0.0001, "sigma": 0.1}, "forecast below one step of exposure"),
    ],
)
def test_following_is_flat_with_a_reason(changes: dict[str, float | None], reason: str):
    desire = want("follow_forecast", **changes)
    assert (desire.exposure, desire.stop, desire.reason) == (Decimal("0.0000"), None, reason)


def test_the_threshold_is_in_units_of_cost():
    settings: dict[str, object] = {"cost": 0.001, "threshold": 2.0}
    assert want("follow_forecast", settings, expected_return=0.0019).reason == "forecast below cost threshold"
    assert want("follow_forecast", settings, expected_return=0.002).reason == "rise expected"


def test_reversion_buys_far_below_the_mean_and_holds_until_back():
    assert want("mean_reversion").exposure == Decimal("0.5000")
    assert want("mean_reversion").reason == "far below its mean"
    held = {"held_exposure": 0.5}
    assert want("mean_reversion", close_z_24=-0.5, **held).reason == "not back at its mean yet"
    assert want("mean_reversion", close_z_24=-0.5, **held).exposure == Decimal("0.5000")
    assert want("mean_reversion", close_z_24=-0.5).reason == "not far below its mean"
    assert want("mean_reversion", close_z_24=0.1, **held).reason == "back at its mean"
    assert want("mean_reversion", close_z_24=0.1, **held).exposure == 0


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"close_z_24": None}, "no score"),
        ({"volatility_24": None}, "no score"),
        ({"regime": None}, "no regime"),
        ({"regime": "turbulent", "held_exposure": 0.5}, "regime not allowed"),
        ({"dickey_fuller_168": None, "half_life_168": None, "held_exposure": 0.5}, "not tested yet"),
        ({"dickey_fuller_168": float("nan")}, "not tested yet"),
        ({"dickey_fuller_168": -2.87}, "not stationary"),
        ({"dickey_fuller_168": -2.87, "held_exposure": 0.5}, "not stationary"),
        ({"half_life_168": None}, "no half-life"),
        ({"half_life_168": 24.1, "held_exposure": 0.5}, "reverts too slowly"),
    ],
)
def test_reversion_is_flat_with_a_reason(changes: dict[str, float | str | None], reason: str):
    assert want("mean_reversion", **changes).reason == reason
    assert want("mean_reversion", **changes).exposure == 0


def test_reversion_is_on_up_to_its_limits_and_off_beyond_them():
    limits: dict[str, object] = {"stationarity": -3.5, "half_life": 10}
    assert want("mean_reversion", dickey_fuller_168=-2.88, half_life_168=24.0).exposure == Decimal("0.5000")
    assert want("mean_reversion", limits, dickey_fuller_168=-3.5, half_life_168=10.0).exposure == Decimal("0.5000")
    assert want("mean_reversion", limits, dickey_fuller_168=-3.49).reason == "not stationary"
    assert want("mean_reversion", limits, half_life_168=10.1).reason == "reverts too slowly"


def test_reversion_looks_at_no_test_that_is_switched_off():
    failing = {"dickey_fuller_168": 1.0, "half_life_168": None}
    both: dict[str, object] = {"stationarity": 0, "half_life": 0}
    assert want("mean_reversion", both, **failing).reason == "far below its mean"
    assert want("mean_reversion", {"stationarity": 0}, **failing).reason == "no half-life"
    assert want("mean_reversion", {"half_life": 0}, **failing).reason == "not stationary"
    before = ("close_z_24", "volatility_24", "held_exposure", "regime")
    assert STRATEGIES["mean_reversion"].columns(parameters("mean_reversion", both)) == before


def test_parameters_of_reversion_that_were_stored_before_there_were_tests_are_still_valid():
    stored = {"z_score": "close_z_72", "entry": 1.5, "exit": 0.0, "exposure": 0.5, "regimes": ["calm"]}
    known = parameters("mean_reversion", {**stored, "stop_multiple": 8.0}).model_dump()
    assert (known["stationarity"], known["half_life"]) == (-2.88, 24.0)


def test_reversion_without_a_held_exposure_holds_nothing():
    assert want("mean_reversion", close_z_24=-0.5, held_exposure=None).exposure == 0


#: Parameters with which a strategy reads all that it can read.
CURIOUS: dict[str, dict[str, object]] = {"dollar_cost_average": {"take_profit": 2.0, "fall": 1.0}}
BAR = 3600

numbers = st.one_of(st.none(), st.floats(allow_nan=True, allow_infinity=True))
rows = st.fixed_dictionaries(
    {
        **dict.fromkeys(ROW, numbers),
        "closed_at": st.one_of(st.none(), st.integers(0, 10**6).map(lambda bar: float(bar * BAR))),
        "regime": st.sampled_from(["calm", "normal", "turbulent", None]),
    }
)


@pytest.mark.parametrize("name", sorted(STRATEGIES))
@given(rows)
def test_desires_stay_in_bounds_whatever_comes(name: str, row: dict[str, float | str | None]):
    desire = want(name, CURIOUS.get(name), **row)
    exposures = [quote.exposure for quote in desire.quotes]
    for exposure in exposures if desire.exposure is None else [*exposures, desire.exposure]:
        assert 0 <= exposure <= 1
        assert exposure.as_tuple().exponent == -4
    assert all(quote.price > 0 for quote in desire.quotes)
    assert desire.stop is None or Decimal("0.001") <= desire.stop <= Decimal("0.5")
    assert desire == want(name, CURIOUS.get(name), **row)
    assert desire.reason
    assert desire.exposure or desire.stop is None


@given(rows, st.floats(-20, -0.1), st.floats(0.1, 100))
def test_reversion_is_never_long_where_a_test_fails(row: dict[str, float | str | None], limit: float, longest: float):
    settings: dict[str, object] = {"stationarity": limit, "half_life": longest}
    statistic, half_life = row["dickey_fuller_168"], row["half_life_168"]
    passes = statistic is not None and statistic <= limit and half_life is not None and half_life <= longest
    far = {"close_z_24": -2.0, "volatility_24": 0.01, "regime": "calm", "held_exposure": 0.5}
    assert (want("mean_reversion", settings, **{**row, **far}).exposure == 0) is not passes
    assert passes or want("mean_reversion", settings, **row).exposure == 0


@pytest.mark.parametrize("name", sorted(STRATEGIES))
@pytest.mark.parametrize("curious", [False, True])
def test_it_reads_the_columns_that_it_declares_and_no_other(name: str, curious: bool):
    values = parameters(name, CURIOUS.get(name, {}) if curious else {})
    declared = STRATEGIES[name].columns(values)
    row = {column: ROW[column] for column in declared}
    assert strategy(name)(row, values) == strategy(name)(ROW, values)
    for column in declared:
        with pytest.raises(BadData, match=f"{column} is missing"):
            strategy(name)({key: value for key, value in row.items() if key != column}, values)


# The other parts of a combined strategy go on, and what quotes have bought stays: their own tests say so.
@pytest.mark.parametrize("name", sorted(set(STRATEGIES) - {"combine", "grid", "market_making"}))
def test_it_holds_nothing_while_an_input_is_unknown(name: str):
    values = parameters(name, CURIOUS.get(name, {}))
    for column in set(STRATEGIES[name].columns(values)) - {"held_exposure"}:
        desire = STRATEGIES[name](ROW | {"held_exposure": 0.5, column: None}, values)
        assert (desire.exposure, desire.stop) == (0, None), column


def test_a_row_with_text_for_a_number_and_without_a_regime_is_an_error():
    with pytest.raises(BadData, match="close_z_24 is text"):
        want("mean_reversion", close_z_24="low")
    row = {key: value for key, value in ROW.items() if key != "regime"}
    with pytest.raises(BadData, match="regime is missing"):
        strategy("mean_reversion")(row, parameters("mean_reversion", {}))


@pytest.mark.parametrize(
    ("name", "values", "message"),
    [
        ("follow_forecast", {"treshold": 1}, "follow_forecast: treshold: not a parameter; known are cost, threshold,"),
        (
            "follow_forecast",
            {"max_exposure": 50},
            r"max_exposure: .* less than or equal to 1, not 50 \(largest share of the sub-account's equity\)",
        ),
        ("follow_forecast", {"cost": float("nan")}, "follow_forecast: cost"),
        ("mean_reversion", {"entry": 1.0, "exit": 2.0}, "exit 2.0 must be below entry 1.0"),
        ("mean_reversion", {"regimes": ["wild"]}, "mean_reversion: regimes"),
        (
            "moonshot",
            {},
            "unknown strategy 'moonshot'; known are combine, dollar_cost_average, follow_forecast, grid",
        ),
    ],
)
def test_wrong_parameters_are_named(name: str, values: dict[str, object], message: str):
    with pytest.raises(Misconfigured, match=message):
        parameters(name, values)


@pytest.mark.parametrize("name", sorted(STRATEGIES))
def test_parameters_are_frozen_described_and_survive_json(name: str):
    kind = STRATEGIES[name].parameters
    values = parameters(name, {})
    assert kind.model_validate_json(values.model_dump_json()) == values
    assert all(field.description for field in kind.model_fields.values())
    with pytest.raises(ValueError, match="frozen"):
        values.stop_multiple = 1.0  # type: ignore[attr-defined]


def test_no_stop_when_its_multiple_is_zero():
    assert want("follow_forecast", {"stop_multiple": 0}).stop is None


@pytest.mark.parametrize("name", sorted(STRATEGIES))
def test_the_schema_describes_every_parameter_with_its_default(name: str):
    described = schema(name)["properties"]
    defaults = parameters(name, {}).model_dump(mode="json")
    assert {field: one["default"] for field, one in described.items()} == defaults
    assert all(one["title"] and one["description"] for one in described.values())
    bounded = [one for one in described.values() if one.get("type") in ("number", "integer")]
    assert all(one.keys() & {"minimum", "exclusiveMinimum"} and "maximum" in one for one in bounded)


@pytest.mark.parametrize("name", sorted(STRATEGIES))
def test_a_strategy_says_what_it_does_in_one_sentence(name: str):
    title, colon, said = STRATEGIES[name].about.partition(": ")
    assert (title.replace(" ", "").lower()[:4], colon) == (name[:4], ": ")
    assert said.endswith(".")
