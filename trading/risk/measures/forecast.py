"""The value at risk of past days, told from what was held then and the days before, against what the next brought."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from trading.performance.quantile import quantile
from trading.risk.measures.historical_simulation import least, profits
from trading.risk.measures.history import DAY, History

#: The newest days that are looked at, and the most returns each of them is told from.
DAYS, RETURNS = 250, 500


@dataclass(frozen=True)
class Forecast:
    """The historical value at risk of the 24 hours that end at `ts`, told before them, and their result, in quote."""

    ts: datetime
    value_at_risk: float
    result: float


def forecasts(
    history: History,
    held: Mapping[datetime, Mapping[str, float]],
    results: Mapping[datetime, float],
    level: float,
) -> list[Forecast]:
    """Return a forecast for each of the newest 250 days that had enough returns before it, oldest first.

    `held` is the value of each position (quote) at the ends of days, `results` the profit of the book from each of
    them to the next. A day on which nothing was held is left out: there was nothing to tell.
    """
    found: list[Forecast] = []
    place = {end: number for number, end in enumerate(history.ends)}
    for ts in sorted(set(held) & set(results))[-DAYS:]:
        values = {symbol: value for symbol, value in held[ts].items() if value}
        if not values or ts not in place:
            continue
        known = History(history.ends[: place[ts] + 1], {s: history.closes[s][: place[ts] + 1] for s in values})
        earned = profits(known.returns(list(values))[-RETURNS:], list(values.values()))
        if len(earned) >= least(level):
            found.append(Forecast(ts + DAY, quantile(earned, level), results[ts]))
    return found
