"""What a risk report tells of the tail: value at risk and shortfall of the whole and of its parts, with backtest."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from trading.money import ZERO
from trading.performance.histogram import histogram, unchanged
from trading.performance.holding import Owner
from trading.reports.estimates import amount, fraction
from trading.reports.figures import ratio
from trading.risk.measures.contribution import marginal_expected_shortfall, marginal_value_at_risk
from trading.risk.measures.forecast import forecasts
from trading.risk.measures.historical_simulation import LEAST, Tail, filtered, historical, least, normal, profits
from trading.risk.measures.history import Floats, History
from trading.risk.measures.kupiec import kupiec

LEVELS = (0.05, 0.01)
#: So many days at most: older ones tell of other times.
MOST_DAYS = 500
_HORIZON = 10


@dataclass(frozen=True)
class Held:
    """What is held now: `values` of the positions (quote) by (strategy, symbol), `equity` of the book."""

    values: Mapping[Owner, Decimal]
    equity: Decimal

    @property
    def symbols(self) -> list[str]:
        """The symbols that are held, in order."""
        return sorted({symbol for _, symbol in self.values})

    def by(self, place: int) -> dict[str, Decimal]:
        """Return the values by strategy (`place` 0) or by symbol (1)."""
        found: dict[str, Decimal] = {}
        for owner, value in sorted(self.values.items()):
            found[owner[place]] = found.get(owner[place], ZERO) + value
        return found


def simulated(held: Held, past: History) -> tuple[Floats, list[float]]:
    """Return the returns of the held symbols on the newest 500 days, and what the positions would have earned."""
    returns = past.returns(held.symbols)[-MOST_DAYS:]
    values = held.by(1)
    return returns, profits(returns, [float(values[symbol]) for symbol in held.symbols])


def rows(held: Held, past: History) -> list[dict[str, Any]]:
    """Return value at risk and shortfall by level, horizon and method; profits in quote, below 0 for a loss."""
    values = held.by(1)
    earned = simulated(held, past)[1]
    longer = past.returns(held.symbols, _HORIZON)[-MOST_DAYS:]
    over = profits(longer, [float(values[symbol]) for symbol in held.symbols])
    found: list[Tail] = []
    for level in LEVELS:
        found += [historical(earned, level, 1), normal(earned, level), filtered(earned, level)]
        found += [historical(over, level, _HORIZON, _HORIZON)]
        found += [normal(earned, level, _HORIZON), filtered(earned, level, _HORIZON)]
    return [_told(tail, held.equity) for tail in found]


def _told(tail: Tail, equity: Decimal) -> dict[str, Any]:
    at_risk, shortfall = amount(tail.value_at_risk), amount(tail.expected_shortfall)
    return {
        "level": fraction(1 - tail.level),
        "days": tail.days,
        "method": tail.method,
        "returns": tail.returns,
        "value_at_risk": at_risk,
        "value_at_risk_pct": None if at_risk is None else ratio(at_risk, equity),
        "expected_shortfall": shortfall,
        "expected_shortfall_pct": None if shortfall is None else ratio(shortfall, equity),
        "why": tail.why or None,
    }


def distribution(held: Held, past: History) -> dict[str, Any]:
    """Return how the days would have gone with the positions held now, as fractions of equity."""
    equity = float(held.equity)
    daily = [each / equity for each in simulated(held, past)[1]] if equity > 0 else []
    return {
        "ranges": [vars(each) for each in histogram(daily)],
        "unchanged": unchanged(daily),
        "best": fraction(max(daily, default=None)),
        "worst": fraction(min(daily, default=None)),
    }


def parts(held: Held, past: History) -> dict[str, Any]:
    """Return what each strategy, symbol and sub-account adds to the tail of a day, and has alone.

    Components are None for fewer than 30 days, those of a shortfall also for too few for its level. Those of the
    sub-accounts add up to all others and to the total.
    """
    returns, earned = simulated(held, past)
    marginal = _marginal(returns, held) if held.values and len(earned) >= LEAST else {}
    components = {
        owner: {name: amount(float(value) * each[owner[1]]) for name, each in marginal.items()}
        for owner, value in sorted(held.values.items())
    }
    return {
        "sub_accounts": [
            {"strategy": owner[0], "symbol": owner[1], **_part(held, held.values[owner], [own])}
            for owner, own in components.items()
        ],
        "by_strategy": _grouped(held, past, components, 0),
        "by_symbol": [
            {**row, "marginal": {name: fraction(each[row["name"]]) for name, each in marginal.items()}}
            for row in _grouped(held, past, components, 1)
        ],
        "total": _part(held, sum(held.values.values(), ZERO), list(components.values())),
    }


def _marginal(returns: Floats, held: Held) -> dict[str, dict[str, float]]:
    values = held.by(1)
    sizes, found = [float(values[symbol]) for symbol in held.symbols], dict[str, dict[str, float]]()
    for level in LEVELS:
        told = {"value_at_risk": marginal_value_at_risk(returns, sizes, level)}
        if len(returns) >= least(level):
            told["expected_shortfall"] = marginal_expected_shortfall(returns, sizes, level)
        for name, each in told.items():
            found[f"{name}_{round(100 * (1 - level))}"] = dict(zip(held.symbols, each, strict=True))
    return found


def _grouped(
    held: Held, past: History, components: Mapping[Owner, Mapping[str, Decimal | None]], place: int
) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for name, value in held.by(place).items():
        own = [each for owner, each in components.items() if owner[place] == name]
        alone = Held({owner: each for owner, each in held.values.items() if owner[place] == name}, held.equity)
        earned = simulated(alone, past)[1]
        tails = {f"{round(100 * (1 - level))}": _told(historical(earned, level, 1), held.equity) for level in LEVELS}
        found.append({"name": name, **_part(held, value, own), "alone": tails})
    return found


def _part(held: Held, value: Decimal, own: Sequence[Mapping[str, Decimal | None]]) -> dict[str, Any]:
    names = list(own[0]) if own else []
    return {
        "value": value,
        "share": ratio(value, held.equity),
        "component": {name: sum((each[name] or ZERO for each in own), ZERO) for name in names} or None,
    }


def backtest(
    past: History, held: Mapping[datetime, Mapping[str, float]], results: Mapping[datetime, float]
) -> list[dict[str, Any]]:
    """Return for each level how often the next day fell below the value at risk told before it, with Kupiec's test."""
    found: list[dict[str, Any]] = []
    for level in LEVELS:
        days = forecasts(past, held, results, level)
        test = kupiec([day.value_at_risk for day in days], [day.result for day in days], level)
        found.append(
            {
                "level": fraction(1 - level),
                "days": test.days,
                "exceedances": test.exceedances,
                "expected": fraction(test.expected),
                "ratio": fraction(test.ratio),
                "p_value": fraction(test.p_value),
                "why": test.why or None,
                "points": [
                    {"ts": day.ts, "value_at_risk": amount(day.value_at_risk), "result": amount(day.result)}
                    for day in days
                ],
            }
        )
    return found
