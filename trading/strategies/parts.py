"""The strategies that may be parts of a combined one, by name: all that need no holding of their own."""

from collections.abc import Mapping

from trading.strategies import follow_forecast, mean_reversion, multi_timeframe, trend
from trading.strategies.strategy import Registered

PARTS: Mapping[str, Registered] = {
    "follow_forecast": Registered(
        follow_forecast.desire, follow_forecast.FollowForecast, follow_forecast.columns, follow_forecast.SEARCH
    ),
    "mean_reversion": Registered(
        mean_reversion.desire, mean_reversion.MeanReversion, mean_reversion.columns, mean_reversion.SEARCH
    ),
    "trend": Registered(trend.desire, trend.Trend, trend.columns, trend.SEARCH),
    "multi_timeframe": Registered(
        multi_timeframe.desire, multi_timeframe.MultiTimeframe, multi_timeframe.columns, multi_timeframe.SEARCH
    ),
}
