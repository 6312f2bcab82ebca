"""A row of knowledge that every strategy can read, and what a strategy wants of it."""

from collections.abc import Mapping

from trading.strategies.registry import parameters, strategy
from trading.strategies.strategy import Desire

MIDNIGHT = 20_514 * 86_400.0

ROW: dict[str, float | str | None] = {
    "expected_return": 0.002,
    "sigma": 0.01,
    "volatility_24": 0.005,
    "close_z_24": -1.5,
    "close_z_72": 0.0,
    "dickey_fuller_168": -4.0,
    "half_life_168": 6.0,
    "ema_gap_12": 1.0,
    "ema_gap_48": 1.5,
    "ema_gap_12_x4": 0.8,
    "ema_gap_12_x24": 0.4,
    "trend_slope_12_x4": 0.001,
    "trend_slope_12_x24": 0.001,
    "return_6_x4": 0.01,
    "return_6_x24": 0.02,
    "adx_14": 30.0,
    "atr_14_pct": 0.01,
    "regime": "normal",
    "close": 100.0,
    "closed_at": MIDNIGHT,
    "bar_seconds": 3600.0,
    "held_exposure": 0.0,
}


def want(name: str, settings: Mapping[str, object] | None = None, /, **changes: float | str | None) -> Desire:
    """What the strategy wants of ROW with `changes`, under `settings` over its defaults."""
    return strategy(name)({**ROW, **changes}, parameters(name, settings or {}))
