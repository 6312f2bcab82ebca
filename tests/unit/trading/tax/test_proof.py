"""The proof goes red: on a lot, a cost, a price or a fee that is off by one grain."""

from dataclasses import replace
from decimal import Decimal

import pytest

from tests.unit.trading.tax.made import KRAKEN, buy, move, sell
from trading.errors import BadData
from trading.tax import compute as engine
from trading.tax.apportion import GRAIN
from trading.tax.computation import Computation
from trading.tax.countries.us import US
from trading.tax.events import Event
from trading.tax.proof import prove

EVENTS: list[Event] = [buy(0, 5, 500), sell(1, 1, 150, 2), move(2, 2, "1.5", 40)]
DONE = engine.compute(EVENTS, US)


def off(**change: Decimal) -> Computation:
    return replace(DONE, gains=(replace(DONE.gains[0], **change), *DONE.gains[1:]))


def test_what_ties_passes() -> None:
    prove(EVENTS, DONE)


@pytest.mark.parametrize(
    ("told", "why"),
    [
        (replace(DONE, balances={**DONE.balances, (KRAKEN, "BTC"): Decimal(2) - GRAIN}), "lots and wallets differ"),
        (replace(DONE, remaining=()), "lots and wallets differ"),
        (off(cost=DONE.gains[0].cost + GRAIN), "cost in and cost out differ"),
        (off(quantity=DONE.gains[0].quantity - GRAIN), "went out"),
        (off(proceeds=DONE.gains[0].proceeds + GRAIN), "went out"),
        (off(fee=DONE.gains[0].fee + GRAIN), "went out"),
        (replace(DONE, gains=DONE.gains[:1]), "cost in and cost out differ"),
    ],
)
def test_what_does_not_tie_is_seen(told: Computation, why: str) -> None:
    with pytest.raises(BadData, match=why):
        prove(EVENTS, told)


def test_every_computation_is_proved(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Computation] = []
    monkeypatch.setattr(engine, "prove", lambda _, done: seen.append(done))
    assert engine.compute(EVENTS, US) is seen[0]
