"""Spaces: what texts mean, what strategies declare, and what is refused by name."""

from typing import Literal

import pytest
from pydantic import Field

from trading.backtest import space as module
from trading.backtest.space import Choices, Steps, space
from trading.errors import Misconfigured
from trading.strategies import registry
from trading.strategies.registry import STRATEGIES, parameters
from trading.strategies.strategy import Parameters, Registered, flat


def test_a_range_a_step_and_choices() -> None:
    told = ["trend.entry=0:2", "trend.step=0.1:0.5:0.1", "trend.gap=ema_gap_12,ema_gap_48", "trend.exit=-1,-0.5"]
    entry, step, gap, leave = space("trend", told, {})
    assert isinstance(entry, Steps)
    assert (entry.at(0), entry.at(1), entry.at(entry.count - 1), entry.count) == (0.0, 0.001, 2.0, 2001)
    assert isinstance(step, Steps)
    assert [step.at(place) for place in step.coarse] == [0.1, 0.2, 0.3, 0.4, 0.5]
    assert [entry.at(place) for place in entry.coarse] == [0.0, 0.5, 1.0, 1.5, 2.0]
    assert gap == Choices("gap", ("ema_gap_12", "ema_gap_48"))
    assert leave == Choices("exit", (-1.0, -0.5))
    assert [str(one) for one in (entry, step, gap)] == [
        "0 to 2 by 0.001",
        "0.1 to 0.5 by 0.1",
        "ema_gap_12, ema_gap_48",
    ]


def test_steps_give_back_the_place_of_a_value_that_a_float_blurs() -> None:
    (step,) = space("trend", ["trend.step=0.1:0.9:0.1"], {})
    assert isinstance(step, Steps)
    assert [step.place(0.1 + 0.1 * n) for n in range(9)] == [*range(9)]
    assert (step.place(-5), step.place(5)) == (0, 8)


def test_whole_numbers_stay_whole() -> None:
    (hours,) = space("dollar_cost_average", ["dollar_cost_average.every_hours=4:12:4"], {})
    assert isinstance(hours, Steps)
    assert [hours.at(place) for place in range(hours.count)] == [4, 8, 12]
    assert all(isinstance(hours.at(place), int) for place in range(hours.count))


@pytest.mark.parametrize("name", [name for name in STRATEGIES if name != "combine"])
def test_what_a_strategy_declares_it_may_be(name: str) -> None:
    found = space(name, (), {})
    assert len(found) >= 3
    for one in found:
        for place in {0, one.count // 2, one.count - 1}:
            module._checked(name, one.name, one.at(place), "")


def test_what_is_fixed_is_not_searched() -> None:
    assert {one.name for one in space("trend", (), {})} - {
        one.name for one in space("trend", (), {"gap": "ema_gap_12"})
    } == {"gap"}


class Undeclared(Parameters):
    """Parameters with nothing declared to search."""

    kind: Literal["a", "b"] = "a"
    share: float = Field(0.5, gt=0, le=1)
    bars: int = Field(3, gt=0, lt=10)
    open_ended: float = Field(1.0, ge=0)
    name: str = "x"
    sure: bool = False


def test_without_a_declaration_all_that_has_an_end_is_searched(monkeypatch: pytest.MonkeyPatch) -> None:
    one = Registered(lambda _row, _parameters: flat("-"), Undeclared, lambda _: ())
    monkeypatch.setitem(registry.STRATEGIES, "undeclared", one)  # pyright: ignore[reportArgumentType]
    found = {each.name: each for each in space("undeclared", (), {})}
    assert set(found) == {"kind", "share", "bars", "sure"}
    assert found["kind"] == Choices("kind", ("a", "b"))
    assert found["sure"] == Choices("sure", (False, True))
    share, bars = found["share"], found["bars"]
    assert (share.at(0), share.at(share.count - 1)) == (0.001, pytest.approx(1.0, abs=0.001))
    assert [bars.at(place) for place in range(bars.count)] == [*range(1, 10)]
    parameters("undeclared", {name: each.at(each.count - 1) for name, each in found.items()})


WRONG = [
    ("trend.entry", "not of the form strategy.parameter=low:high"),
    ("entry=0:1", "not of the form"),
    ("other.entry=0:1", "other is not the strategy trend that is tuned"),
    ("trend.entri=0:1", "entri is not a parameter; known are gap, entry"),
    ("trend.entry=0:50", "less than or equal to 20, not 50.0 (buy when"),
    (
        "trend.max_exposure=10:50",
        "less than or equal to 1, not 10.0 (largest share of the sub-account's equity, as a fraction",
    ),
    ("trend.max_exposure=0:1", "greater than 0"),
    ("trend.entry=2:1", "low must lie below high"),
    ("trend.entry=1:1", "low must lie below high"),
    ("trend.entry=0:1:2", "a step above 0 and within them"),
    ("trend.entry=0:1:0", "a step above 0"),
    ("trend.entry=0:much", "not a number"),
    ("trend.entry=0:1:0.1:7", "entry has no range"),
    ("trend.gap=0:1", "gap has no range; name its values: ['ema_gap_12', 'ema_gap_48']"),
    ("trend.gap=ema_gap_13,ema_gap_48", "Input should be 'ema_gap_12' or 'ema_gap_48', not 'ema_gap_13'"),
    ("trend.gap=ema_gap_12,ema_gap_12", "names no value, or one twice"),
    ("trend.entry=1,1.0", "names no value, or one twice"),
    ("trend.entry=,", "names no value"),
    ("trend.entry=1,x", "valid number"),
]


@pytest.mark.parametrize(("told", "named"), WRONG)
def test_what_is_wrong_is_named(told: str, named: str) -> None:
    with pytest.raises(Misconfigured) as refused:
        space("trend", [told], {})
    assert named in str(refused.value)


def test_what_does_not_go_together_is_named() -> None:
    with pytest.raises(Misconfigured, match=r"trend.entry is both searched \(--param\) and fixed"):
        space("trend", ["trend.entry=0:1"], {"entry": 1})
    with pytest.raises(Misconfigured, match=r"--param trend.entry is told twice"):
        space("trend", ["trend.entry=0:1", "trend.entry=1:2"], {})
    with pytest.raises(Misconfigured, match="neither a number nor a choice"):
        space("combine", ["combine.parts=1,2"], {})
    with pytest.raises(Misconfigured, match="every_hours is a whole number"):
        space("dollar_cost_average", ["dollar_cost_average.every_hours=4:8.5"], {})
