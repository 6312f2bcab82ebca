"""Samples: by hand, and the same from a backtest and from the tear sheet that it left."""

import json
from typing import Any

import numpy as np
import pytest

from tests.unit.trading.backtest.made import Prices, engine, obedient, still
from trading.audit import plain
from trading.backtest.result import Backtest
from trading.backtest.sample import of_backtest, of_document
from trading.errors import BadData
from trading.performance.cumulative_return import cumulative_return
from trading.reports.tear_sheet import document
from trading.strategies import registry


@pytest.fixture(autouse=True)
def _obedient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(registry.STRATEGIES, "one", obedient("one"))  # pyright: ignore[reportArgumentType]


def traded(count: int, seed: int = 3) -> Backtest:
    """In and out every eight bars, of a price that wanders."""
    chance = np.random.default_rng(seed)
    steps = np.exp(np.cumsum(chance.normal(0, 0.01, count + 1)))
    bars: list[Prices] = [still(int(10_000 * step)) for step in steps]
    return engine(bars, [1.0 if place % 8 < 4 else 0.0 for place in range(count)]).run()


def written(tested: Backtest) -> dict[str, Any]:
    return json.loads(json.dumps(plain(document(tested))))


def test_by_hand() -> None:
    """Bought at the opening of the second bar, sold by a stop inside the fourth."""
    bars: list[Prices] = [still(10_000), still(10_000), still(10_000), (10_100, 10_100, 10_100, 10_100)]
    fall: Prices = (10_100, 10_100, 9_000, 9_500)
    made = of_backtest(engine([*bars, fall, still(9_500)], [0.0, (0.5, 0.05), (0.5, 0.05), (0.5, 0.05), 0.0]).run())
    assert len(made.returns) == 5
    assert made.bars == 1
    assert made.per_year == 8760
    assert made.moves[:, 0] == pytest.approx([0, 0, 0.01, 9_500 / 10_100 - 1, 0])
    held = made.exposures[:, 0]
    assert held[0] == held[4] == 0
    assert held[1:3] == pytest.approx([0.5, 0.5], abs=0.01)
    assert held[3] > 0.5, "what a stop ends counts for its whole bar: it knows what the bar did"
    (trip,) = made.trips
    assert trip == pytest.approx(cumulative_return(list(made.returns)), rel=0.001)


def test_a_tear_sheet_says_the_same() -> None:
    tested = traded(200)
    one, other = of_backtest(tested), of_document(written(tested))
    assert len(one.trips) > 10
    for name in ("returns", "exposures", "moves", "trips"):
        assert getattr(other, name) == pytest.approx(getattr(one, name), abs=1e-12)
    assert (other.bars, other.per_year) == (one.bars, one.per_year)


def test_one_that_was_thinned_out_says_less_but_the_same() -> None:
    tested = traded(2_000)
    one, other = of_backtest(tested), of_document(written(tested))
    assert other.bars == 3
    assert other.per_year == 8760 / 3
    assert len(other.returns) == 666
    assert cumulative_return(list(other.returns)) == pytest.approx(cumulative_return(list(one.returns[:1998])))
    assert other.trips == pytest.approx(one.trips, abs=0.002)


@pytest.mark.parametrize("lost", ["timeframe", "curve", "prices", "round_trips", "fills"])
def test_a_part_of_one_is_none(lost: str) -> None:
    found = written(traded(60))
    del found[lost]
    with pytest.raises(BadData, match="not a whole tear sheet"):
        of_document(found)


def test_holes_and_emptiness_are_seen() -> None:
    found = written(traded(60))
    with pytest.raises(BadData, match="its curve has holes"):
        of_document({**found, "curve": [*found["curve"][:20], *found["curve"][25:]]})
    with pytest.raises(BadData, match="too few points"):
        of_document({**found, "curve": found["curve"][:1]})
    broke = [{**point, "equity": "0"} for point in found["curve"]]
    with pytest.raises(BadData, match="nothing was left"):
        of_document({**found, "curve": broke})
