"""The look-ahead check of a whole strategy: one that knows no later bar must decide the same up to there."""

from dataclasses import dataclass
from datetime import datetime
from random import Random

from cli.session.backtest import Terms, Told, backtest
from cli.session.markets import Market
from trading.backtest.compare import Comparison, compare, until
from trading.backtest.result import Backtest


@dataclass(frozen=True)
class Truncation:
    """What differs up to `cut` between the whole backtest (`one`) and one whose knowledge ends there."""

    cut: datetime
    found: Comparison


def truncations(market: Market, terms: Terms, whole: Backtest, count: int, told: Told) -> list[Truncation]:
    """Return `count` comparisons, cut at moments that the seed of the market chooses, earliest first."""
    plan = market.plan
    chance = Random(plan.seed)  # noqa: S311 - not for secrets
    steps = sorted(chance.sample(range(1, plan.steps), min(count, plan.steps - 1)))
    found: list[Truncation] = []
    for number, step in enumerate(steps):
        told("look-ahead check", number, len(steps))
        cut = plan.window_start + step * plan.timeframe.delta
        short = backtest(market, _silent, terms, known_until=cut)
        found.append(Truncation(cut, compare(until(whole.traded, cut), until(short.traded, cut))))
    told("look-ahead check", len(steps), len(steps))
    return found


def _silent(_phase: str, _done: int, _of: int) -> None:
    """Say nothing."""
