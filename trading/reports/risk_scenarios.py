"""What a risk report tells of bad days: stress, concentration, liquidity, correlations, room below the limits."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from trading.limits import Limits
from trading.money import ZERO
from trading.order_book import OrderBook
from trading.reports.estimates import amount, fraction
from trading.reports.figures import maybe, ratio, rounded
from trading.reports.risk_tail import MOST_DAYS, Held, simulated
from trading.risk.measures.concentration import concentration
from trading.risk.measures.headroom import Usage, headroom, near
from trading.risk.measures.historical_simulation import LEAST
from trading.risk.measures.history import History
from trading.risk.measures.liquidation import LEAST_DAYS, PARTICIPATION, cost_at_once, days_to_liquidate
from trading.risk.measures.shrinkage import correlations
from trading.risk.measures.stress import Scenario, all_correlated, hypothetical, remembered, worst_windows

_LEVEL = 0.05
#: Of more symbols a table of correlations cannot be read.
_MOST_SYMBOLS = 24


def stress(held: Held, past: History, symbols: Sequence[str], *, real: bool) -> dict[str, list[dict[str, Any]]]:
    """Return the scenarios by kind, the worst first; what the market remembers only where the history is `real`."""
    values = {symbol: float(value) for symbol, value in held.by(1).items()}
    told = {
        "historical": list(worst_windows(past, values, symbols)),
        "remembered": list(remembered(past, values)) if real else [],
        "hypothetical": list(hypothetical(past, values)) if values else [],
    }
    if values:
        returns = simulated(held, past)[0]
        loss = all_correlated(returns, [values[symbol] for symbol in held.symbols], _LEVEL)
        told["hypothetical"].append(Scenario("a day at 95 %, all correlations one", {}, loss))
    return {kind: [_scenario(each, held) for each in _worst_first(found)] for kind, found in told.items()}


def _worst_first(found: Sequence[Scenario]) -> list[Scenario]:
    return sorted(found, key=lambda each: (each.profit is None, each.profit or 0.0, each.name))


def _scenario(scenario: Scenario, held: Held) -> dict[str, Any]:
    profit = amount(scenario.profit)
    return {
        "name": scenario.name,
        "profit": profit,
        "profit_pct": None if profit is None else ratio(profit, held.equity),
        "first": scenario.first,
        "last": scenario.last,
        "moves": {symbol: fraction(move) for symbol, move in scenario.moves.items()},
        "missing": list(scenario.missing),
    }


def concentrations(held: Held) -> dict[str, dict[str, Any] | None]:
    """Return how concentrated the positions are, by symbol and by strategy; None when nothing is held."""
    found = {"by_symbol": concentration(held.by(1)), "by_strategy": concentration(held.by(0))}
    return {
        name: each
        and {
            "herfindahl": rounded(each.herfindahl),
            "effective": rounded(each.effective),
            "largest": each.largest,
            "largest_share": rounded(each.largest_share),
        }
        for name, each in found.items()
    }


def liquidity(
    held: Held,
    quantities: Mapping[str, Decimal],
    volumes: Mapping[str, Sequence[Decimal]],
    books: Mapping[str, OrderBook],
) -> list[dict[str, Any]]:
    """Return for each held symbol how long selling takes at 10 % of its usual volume, and what selling at once costs.

    `quantities` and daily `volumes` in base, `books` the newest sound one of each symbol.
    """
    rows: list[dict[str, Any]] = []
    for symbol, value in held.by(1).items():
        quantity, daily, book = quantities[symbol], volumes.get(symbol, ()), books.get(symbol)
        days = days_to_liquidate(quantity, daily)
        cost, left = cost_at_once(quantity, book) if book else (None, ZERO)
        rows.append(
            {
                "symbol": symbol,
                "quantity": quantity,
                "value": value,
                "volume_days": len(daily),
                "participation": PARTICIPATION,
                "days": None if days is None else rounded(days),
                "why": None if days is not None else _too_few(daily),
                "book_at": book.ts if book else None,
                "cost": None if cost is None else rounded(cost),
                "unfilled": left if book else None,
            }
        )
    return rows


def _too_few(volumes: Sequence[Decimal]) -> str:
    return f"{len(volumes)} of at least {LEAST_DAYS} whole days of volume" if len(volumes) < LEAST_DAYS else "no volume"


def correlated(held: Held, past: History, symbols: Sequence[str]) -> dict[str, Any]:
    """Return the shrunk correlations of daily returns, held symbols first; the matrix is None for too few days."""
    values = held.by(1)
    ordered = sorted(symbols, key=lambda symbol: (-abs(values.get(symbol, ZERO)), symbol))
    known = [symbol for symbol in ordered if len(past.returns([symbol])) >= LEAST][:_MOST_SYMBOLS]
    found = correlations(past.returns(known)[-MOST_DAYS:]) if known else None
    enough = found is not None and found.returns >= LEAST
    return {
        "symbols": known,
        "left_out": [symbol for symbol in ordered if symbol not in known],
        "returns": found.returns if found else 0,
        "least": LEAST,
        "shrinkage": fraction(found.shrinkage) if found and enough else None,
        "matrix": [[fraction(each) for each in row] for row in found.matrix.tolist()] if found and enough else None,
    }


def limits(version: int, rules: Limits, usage: Usage, whys: Mapping[str, str]) -> dict[str, Any]:
    """Return each limit of the version with its present use and what is left below it."""
    rows = headroom(rules, usage, whys)
    told = [
        {**vars(row), "use": maybe(row.use), "room": maybe(row.room), "share": maybe(row.share), "why": row.why or None}
        for row in rows
    ]
    return {"version": version, "near": near(rows), "rows": told}
