"""Buying at fixed times: what is desired, and what the one decision path makes of it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from tests.unit.trading.made import INSTRUMENT, account, signal
from tests.unit.trading.strategies.row import MIDNIGHT, want
from trading.account import Account
from trading.decide import Market, decide
from trading.errors import Misconfigured
from trading.limits import Limits
from trading.order import Side
from trading.strategies.registry import parameters
from trading.strategies.strategy import Desire

NAME = "dollar_cost_average"
HOUR = 3600
#: An hourly market whose day moves by the volatility target: sizing leaves exposures as they are.
CALM = {"volatility_24": 0.004}
LATER = CALM | {"closed_at": MIDNIGHT + HOUR}


def test_it_buys_a_share_at_its_times_and_keeps_it_between_them() -> None:
    assert want(NAME, None, **CALM) == Desire(Decimal("0.1"), None, "its time")
    assert want(NAME, None, **CALM, held_exposure=0.1234) == Desire(Decimal("0.2234"), None, "its time")
    assert want(NAME, None, **LATER, held_exposure=0.1234) == Desire(Decimal("0.1234"), None, "holds until its time")
    assert want(NAME, None, **LATER) == Desire(Decimal(0), None, "not its time yet")


@pytest.mark.parametrize(
    ("settings", "length", "hours"),
    [
        ({}, 1, [0, 24, 48]),
        ({"every_hours": 12, "offset_hours": 9}, 1, [9, 21, 33, 45]),
        ({"every_hours": 42}, 1, [30]),  # this midnight lies twelve hours after a multiple of 42
        ({"every_hours": 6}, 4, [0, 8, 12, 20, 24, 32, 36, 44, 48]),
        ({"every_hours": 6}, 12, [0, 12, 24, 36, 48]),
    ],
)
def test_its_times_are_the_first_closes_at_or_after_the_schedule(
    settings: dict[str, object], length: int, hours: list[int]
) -> None:
    row = CALM | {"bar_seconds": float(length * HOUR)}
    closes = range(0, 49, length)
    bought = [
        hour for hour in closes if want(NAME, settings, **row, closed_at=MIDNIGHT + hour * HOUR).reason == "its time"
    ]
    assert bought == hours


def test_a_week_is_counted_from_a_thursday() -> None:
    monday = {"every_hours": 168, "offset_hours": 96}
    days = [datetime(2026, 3, day, tzinfo=UTC) for day in range(1, 15)]
    bought = [day for day in days if want(NAME, monday, **CALM, closed_at=day.timestamp()).exposure > 0]
    assert [f"{day:%a %d}" for day in bought] == ["Mon 02", "Mon 09"]


def test_it_stops_buying_at_its_largest_exposure_and_keeps_what_grew_beyond() -> None:
    half = {"max_exposure": 0.5}
    assert want(NAME, half, **CALM, held_exposure=0.41) == Desire(Decimal("0.5"), None, "its time")
    assert want(NAME, half, **CALM, held_exposure=0.45).reason == "holds its largest exposure"
    assert want(NAME, half, **CALM, held_exposure=0.6).exposure == Decimal("0.6")


def test_it_buys_more_after_a_fall() -> None:
    settings = {"fall": 2.0, "fall_factor": 3.0}
    assert want(NAME, settings, **CALM, ema_gap_12_x24=-2.0) == Desire(Decimal("0.3"), None, "its time, after a fall")
    assert want(NAME, settings, **CALM, ema_gap_12_x24=-1.9).exposure == Decimal("0.1")
    assert want(NAME, settings, **CALM, ema_gap_12_x24=-2.0, held_exposure=0.8).exposure == Decimal("0.9")
    assert want(NAME, settings, **LATER, ema_gap_12_x24=-2.0).exposure == 0
    assert want(NAME, None, **CALM, ema_gap_12_x24=-9.0).exposure == Decimal("0.1")
    assert want(NAME, settings | {"mean": "ema_gap_48"}, **CALM, ema_gap_48=-2.0).exposure == Decimal("0.3")


def test_it_sells_far_above_its_mean_only_when_told_to() -> None:
    settings = {"take_profit": 3.0}
    far = {"ema_gap_12_x24": 3.0, "held_exposure": 0.4}
    assert want(NAME, settings, **LATER, **far) == Desire(Decimal(0), None, "far above its mean")
    assert want(NAME, settings, **CALM, **far).exposure == 0
    assert want(NAME, settings, **LATER, **far | {"ema_gap_12_x24": 2.9}).exposure == Decimal("0.4")
    assert want(NAME, None, **LATER, **far).exposure == Decimal("0.4")


def test_a_stop_only_when_told_to() -> None:
    assert want(NAME, {"stop_multiple": 20.0}, **CALM).stop == Decimal("0.08")
    assert want(NAME, {"stop_multiple": 20.0}, **LATER, held_exposure=0.4).stop == Decimal("0.08")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"closed_at": None}, "time or holding not known"),
        ({"bar_seconds": None}, "time or holding not known"),
        ({"held_exposure": None}, "time or holding not known"),
        ({"volatility_24": None}, "no volatility"),
        ({"volatility_24": 0.0}, "no volatility"),
        ({"ema_gap_12_x24": None}, "no mean"),
    ],
)
def test_what_is_not_known_is_not_held(changes: dict[str, float | None], reason: str) -> None:
    row = CALM | {"held_exposure": 0.4} | changes
    assert want(NAME, {"fall": 1.0}, **row) == Desire(Decimal(0), None, reason)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"share": 10}, r"share: Input should be less than or equal to 1, not 10 \(.* as a fraction: 0.1 is a tenth\)"),
        ({"share": 0.05}, r"share: Input should be greater than or equal to 0.08, not 0.05"),
        ({"share": 0.5, "max_exposure": 0.4}, "share 0.5 is above max_exposure 0.4"),
        ({"offset_hours": 24}, "offset_hours 24 must be below every_hours 24"),
        ({"every_hours": 0.5}, r"every_hours: .* not 0.5 \(hours from one purchase to the next"),
        ({"target_volatility": 2}, r"target_volatility: .* not 2 \(.* a day as a fraction"),
    ],
)
def test_wrong_parameters_are_named(values: dict[str, object], message: str) -> None:
    with pytest.raises(Misconfigured, match=f"strategy dollar_cost_average: .*{message}"):
        parameters(NAME, values)


def test_it_undoes_the_scaling_of_the_default_limits() -> None:
    assert parameters(NAME, {}).model_dump()["target_volatility"] == float(Limits().target_volatility)


def after(of: Account, told: Desire, at: datetime, volatility: float, price: Decimal) -> Account:
    """The account after the decision about what is desired at `at` and the fill of its order at `price`."""
    wish = signal(
        decided_at=at,
        valid_until=at + timedelta(hours=2),
        exposure=told.exposure,
        stop=None,
        volatility=Decimal(str(volatility)),
        reference_price=price,
    )
    for order in decide(wish, of, Market(INSTRUMENT, price, at), Limits(), 1).requests:
        bought = order.quantity if order.side is Side.BUY else -order.quantity
        of = replace(of, cash=of.cash - bought * price, position=of.position + bought)
    return of


@pytest.mark.parametrize("volatility", [0.002, 0.004, 0.008])
def test_the_decision_path_buys_the_shares_and_touches_nothing_between(volatility: float) -> None:
    """Also where sizing halves exposures: a day moves by 4 % and the target is 2 %."""
    state, price, holdings = account(), Decimal(100), []
    start = datetime.fromtimestamp(MIDNIGHT, UTC)
    for hour in range(24 * 4):
        at = start + timedelta(hours=hour)
        equity = float(state.cash + state.position * price)
        held = float(state.position * price) / equity
        told = want(NAME, None, volatility_24=volatility, closed_at=at.timestamp(), held_exposure=held)
        state = after(state, told, at, volatility, price)
        holdings.append(float(state.position * price) / equity)
        price = price * Decimal("1.01") if hour % 2 else price * Decimal("0.99")
    changes = [hour for hour in range(1, len(holdings)) if abs(holdings[hour] - holdings[hour - 1]) > 0.03]
    assert changes == [24, 48, 72]
    assert [round(holdings[hour], 1) for hour in (0, 24, 48, 72)] == [0.1, 0.2, 0.3, 0.4]


def test_what_the_volatility_target_does_not_allow_is_not_held() -> None:
    """The docstring's word: a day that moves by 10 % leaves a fifth of the equity, whatever is desired."""
    wild = {"volatility_24": 0.0205, "closed_at": MIDNIGHT + HOUR, "held_exposure": 0.5}
    told = want(NAME, None, **wild)
    assert told.exposure == 1
    at = datetime.fromtimestamp(MIDNIGHT + HOUR, UTC)
    state = after(account(cash=Decimal(500), position=Decimal(5)), told, at, 0.0205, Decimal(100))
    assert state.position == Decimal("1.991")
