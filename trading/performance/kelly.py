"""Kelly criterion: the share of the book at stake that would have grown it fastest."""

from collections.abc import Sequence

from trading.performance.payoff_ratio import payoff_ratio
from trading.performance.winning_bars import winning_bars


def kelly(returns: Sequence[float]) -> float | None:
    """Return the Kelly share of winning or losing the mean bar (0.1 = 10 % of the book; below 0: do not play).

    None without a gain or without a loss. It looks back: who bets that much on it goes too far.
    """
    won, payoff = winning_bars(returns), payoff_ratio(returns)
    return None if won is None or payoff is None else won - (1 - won) / payoff
