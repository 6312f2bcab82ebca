"""The features of the newest bar, told by a window and what was carried: one row of trading/indicators/technical."""

import math
from collections.abc import Mapping
from datetime import datetime

from trading.indicators.state import averages, oscillators, rolling, wilder
from trading.indicators.state.bars import Carried, Window

States = Mapping[str, Carried]


def base(window: Window, carried: States) -> dict[str, float]:
    """Return the features of the base timeframe by name; NaN or infinite where one is not defined."""
    return {
        **_trend(window, carried),
        **_momentum(window, carried),
        **_volatility(window, carried),
        **_volume(window, carried),
    }


def higher(window: Window, carried: States, suffix: str) -> dict[str, float]:
    """Return the features of a higher timeframe, each named with `suffix`."""
    atr = carried["atr"].get("atr", math.nan)
    values = {
        "return_1": rolling.log_return(window, 1),
        "return_6": rolling.log_return(window, 6),
        "ema_gap_12": _gap(window, carried, 12),
        "trend_slope_12": rolling.slope(window, 12),
        "rsi_14": wilder.strength(window, carried["rsi"]),
        "close_z_12": rolling.z_score(window.last("log_close", 12), 12),
        "atr_14_pct": atr / window.at("close"),
        "donchian_12": rolling.channel(window, 12),
        "volume_balance_12": _balance(window, 12),
    }
    return {f"{name}{suffix}": value for name, value in values.items()}


def calendar(closed_at: datetime) -> dict[str, float]:
    """Return hour of day and day of week of the close as points on circles."""
    seconds = int(closed_at.timestamp())
    hour = (seconds % 86400) * (2 * math.pi / 86400)
    weekday = (seconds % 604800) * (2 * math.pi / 604800)
    return {
        "hour_sin": math.sin(hour),
        "hour_cos": math.cos(hour),
        "weekday_sin": math.sin(weekday),
        "weekday_cos": math.cos(weekday),
    }


def _trend(window: Window, carried: States) -> dict[str, float]:
    plus, minus = wilder.plus_minus(carried["movement"]) if window.count > wilder.BARS else (math.nan, math.nan)
    return {
        "return_1": window.at("return_1"),
        "return_4": rolling.log_return(window, 4),
        "return_24": rolling.log_return(window, 24),
        "ema_gap_12": _gap(window, carried, 12),
        "ema_gap_48": _gap(window, carried, 48),
        "macd_histogram": _ratio(averages.histogram(carried["macd"]), carried["atr"].get("atr", math.nan)),
        "trend_slope_24": rolling.slope(window, 24),
        "efficiency_24": rolling.efficiency(window, 24),
        "adx_14": carried["movement"].get("adx", math.nan),
        "directional_14": plus - minus,
        "aroon_25": oscillators.aroon(window, 25),
    }


def _momentum(window: Window, carried: States) -> dict[str, float]:
    return {
        "rsi_14": wilder.strength(window, carried["rsi"]),
        "stochastic_14": oscillators.slow_k(window, carried["stochastic"]),
        "cci_20": oscillators.cci(window),
        "ultimate_oscillator": carried["ultimate"].get("value", math.nan),
        "close_z_24": rolling.z_score(window.last("log_close", 24), 24),
        "close_z_72": rolling.z_score(window.last("log_close", 72), 72),
        "return_z_24": rolling.z_score(window.last("return_1", 24), 24),
    }


def _volatility(window: Window, carried: States) -> dict[str, float]:
    close, high, low = window.at("close"), window.at("high"), window.at("low")
    top, bottom = max(window.at("open"), close), min(window.at("open"), close)
    atr = carried["atr"].get("atr", math.nan)
    return {
        "volatility_24": rolling.realised(window, 24),
        "volatility_ratio_6_48": _ratio(rolling.realised(window, 6), rolling.realised(window, 48)),
        "atr_14_pct": atr / close,
        "parkinson_24": rolling.parkinson(window, 24),
        "bollinger_b_20": rolling.z_score(window.last("log_close", 20), 20) / 4 + 0.5,
        "bollinger_width_20": rolling.deviation(window.last("log_close", 20), 20) * 4,
        "donchian_24": rolling.channel(window, 24),
        "range_14": _ratio(high - low, atr),
        "body": _ratio(close - window.at("open"), high - low) if high > low else 0.0,
        "upper_wick": _ratio(high - top, high - low) if high > low else 0.0,
        "lower_wick": _ratio(bottom - low, high - low) if high > low else 0.0,
    }


def _volume(window: Window, carried: States) -> dict[str, float]:
    return {
        "volume_z_24": rolling.z_score(window.last("log_volume", 24), 24),
        "volume_z_96": rolling.z_score(window.last("log_volume", 96), 96),
        "volume_balance_24": _balance(window, 24),
        "money_flow_20": rolling.share(window, "placed_volume", 20),
        "mfi_14": oscillators.flow_index(window, carried["money_flow"]),
    }


def _balance(window: Window, bars: int) -> float:
    return rolling.share(window, "signed_volume", bars)


def _gap(window: Window, carried: States, bars: int) -> float:
    average = carried[f"ema_{bars}"].get(f"ema_{bars}", math.nan)
    return _ratio(window.at("close") - average, carried["atr"].get("atr", math.nan))


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else math.nan
