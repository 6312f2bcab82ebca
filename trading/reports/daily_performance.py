"""The daily performance report as a plain document: what the book earned, why it traded, and what proves it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal, localcontext
from typing import Any

from trading.errors import BadData
from trading.money import CONTEXT, ONE, ZERO, divide
from trading.performance.attribution import Breakdown, Share, breakdown
from trading.performance.closes import Close, known_at
from trading.performance.drawdown import deepest, drawdowns
from trading.performance.equity import Valuation
from trading.performance.exposure import REMAINDER
from trading.performance.movement import Movement
from trading.performance.period import Period
from trading.performance.profit_factor import profit_factor
from trading.performance.returns import returns
from trading.performance.round_trips import by_order
from trading.performance.sharpe import least_returns, sharpe
from trading.performance.sortino import sortino
from trading.performance.turnover import turnover
from trading.performance.win_rate import win_rate
from trading.reports import forecast_skill, shares
from trading.reports.figures import maybe, ratio, rounded, thin


@dataclass(frozen=True)
class Day:
    """All that the report is made from. Rows come as the store gives them; amounts are Decimals in quote."""

    book: str
    day: str
    venue: str
    quote: str
    symbols: Sequence[str]
    period: Period
    complete: bool
    movements: Sequence[Movement]
    closes: Sequence[Close]
    curve: Sequence[Valuation]
    happenings: Mapping[str, Sequence[Mapping[str, Any]]]
    quality: Mapping[str, Sequence[Mapping[str, Any]]]
    proof: Mapping[str, Any]
    queries: Mapping[str, str]
    code_version: str
    first_closes: Sequence[Close] = field(default=())


def document(day: Day) -> dict[str, Any]:
    """Return the report as plain values (ratios as fractions, times UTC), the same for the same facts.

    Raises:
        BadData: the stored equity curve does not end where the ledger does.
    """
    with localcontext(CONTEXT):
        parts = breakdown(day.movements, day.closes, day.period)
        _tie(day, parts.total)
        return {
            "book": day.book,
            "day": day.day,
            "venue": day.venue,
            "timeframe": str(day.period.timeframe),
            "quote": day.quote,
            "symbols": list(day.symbols),
            "period": {
                "start": day.period.start,
                "opens": day.period.opens,
                "closes": day.period.closes,
                "complete": day.complete,
                "first": day.period.first,
            },
            "headline": _headline(day, parts),
            "record": _record(day, parts),
            "curve": _curve(day.curve),
            "prices": _prices(day),
            "strategies": shares.rows(parts.by(lambda owner: owner[0])),
            "by_symbol": shares.rows(parts.by(lambda owner: owner[1])),
            "total": shares.row(parts.total),
            "positions": _positions(day, parts),
            "round_trips": _round_trips(day, parts),
            **{name: [dict(row) for row in rows] for name, rows in day.happenings.items() if name != "models"},
            "models": [_model(row) for row in day.happenings["models"]],
            "quality": {name: [dict(row) for row in rows] for name, rows in day.quality.items()},
            "ledger": {**day.proof, "imbalance": max((abs(row["total"]) for row in day.proof["sums"]), default=ZERO)},
            "code_version": day.code_version,
            "queries": dict(day.queries),
        }


def _tie(day: Day, total: Share) -> None:
    """Stop when the stored curve and the ledger tell different stories: then the curve is older than the ledger."""
    last = day.curve[-1] if day.curve else None
    if last is None or last.ts != day.period.closes or last.equity != total.closing:
        told = "nothing" if last is None else f"{last.equity} at {last.ts.isoformat()}"
        raise BadData(
            f"portfolio.equity_curve says {told}, the ledger {total.closing} at {day.period.closes.isoformat()}:"
            f" materialise portfolio/equity_curve for {day.day} again"
        )


def _headline(day: Day, parts: Breakdown) -> dict[str, Any]:
    total = parts.total
    within = [point for point in day.curve if point.ts >= day.period.opens]
    orders, refusals = day.happenings["orders"], day.happenings["refusals"]
    return {
        "equity": total.closing,
        "opening": total.opening,
        "deposited": total.deposited,
        "pnl": total.pnl,
        "pnl_pct": ratio(total.pnl, total.opening),
        "pnl_since_start": total.pnl_since_start,
        "pnl_since_start_pct": ratio(total.pnl_since_start, total.deposits),
        "fees": total.fees,
        "fees_since_start": total.fees_since_start,
        "drawdown": rounded(drawdowns(day.curve)[-1]),
        "deepest_drawdown": rounded(deepest(day.curve)),
        "exposure": ratio(total.position, total.closing),
        "traded": total.traded,
        "turnover": maybe(turnover(total.traded, within)),
        "market_pct": _held(day.symbols, day.closes, day.period.opens, day.period.closes),
        "market_since_start_pct": _held(
            day.symbols, (*day.first_closes, *day.closes), day.period.start, day.period.closes
        ),
        "orders": len(orders),
        "fills": len(day.happenings["fills"]),
        "denied": sum(row["by"] != "venue" for row in refusals),
        "rejected": sum(row["by"] == "venue" for row in refusals),
    }


def _record(day: Day, parts: Breakdown) -> dict[str, Any]:
    """Return the measures over the whole life of the book; None where too little has happened to say."""
    trips, earned = by_order(list(parts.trips)), returns(day.curve)
    per_year = day.period.timeframe.bars_per_year
    return {
        "bars": len(earned),
        "least_bars": least_returns(per_year),
        "sharpe": sharpe(earned, per_year),
        "sortino": sortino(earned, per_year),
        "deepest_drawdown": rounded(deepest(day.curve)),
        "round_trips": len(trips),
        "win_rate": maybe(win_rate(trips)),
        "profit_factor": maybe(profit_factor(trips)),
        "turnover": maybe(turnover(sum((move.value for move in day.movements), ZERO), day.curve)),
    }


def _curve(curve: Sequence[Valuation]) -> list[dict[str, Any]]:
    points = list(zip(curve, drawdowns(curve), strict=True))
    return [
        {"ts": point.ts, "equity": point.equity, "pnl": point.pnl, "drawdown": rounded(below)}
        for point, below in thin(points)
    ]


def _prices(day: Day) -> dict[str, list[dict[str, Any]]]:
    times = thin(day.period.times if day.period.first else [day.period.opens, *day.period.times])
    found: dict[str, list[dict[str, Any]]] = {symbol: [] for symbol in day.symbols}
    for time, prices in zip(times, known_at(day.closes, times), strict=True):
        for symbol in day.symbols:
            if symbol in prices:
                found[symbol].append({"ts": time, "price": prices[symbol]})
    return found


def _positions(day: Day, parts: Breakdown) -> list[dict[str, Any]]:
    (prices,) = known_at(day.closes, [day.period.closes])
    rows: list[dict[str, Any]] = []
    for (strategy, symbol), share in sorted(parts.shares.items()):
        held = sum((m.base for m in day.movements if m.owner == (strategy, symbol)), ZERO)
        if held > ZERO:
            cost = share.position - share.unrealised
            rows.append(
                {
                    "strategy": strategy,
                    "symbol": symbol,
                    "quantity": held,
                    "price": prices[symbol],
                    "value": share.position,
                    "cost": cost,
                    "average_cost": rounded(divide(cost, held)),
                    "unrealised": share.unrealised,
                    "unrealised_pct": ratio(share.unrealised, cost),
                    "remainder": share.position < REMAINDER * parts.total.closing,
                    "share": ratio(share.position, parts.total.closing),
                }
            )
    return rows


def _round_trips(day: Day, parts: Breakdown) -> list[dict[str, Any]]:
    within = [trip for trip in by_order(list(parts.trips)) if trip.closed > day.period.after]
    return [{**trip.told, "pnl": trip.pnl, "pnl_pct": ratio(trip.pnl, trip.cost)} for trip in within]


def _model(row: Mapping[str, Any]) -> dict[str, Any]:
    return {**row, "in_words": forecast_skill.in_words(row["scores"])}


def _held(symbols: Sequence[str], closes: Sequence[Close], opens: datetime, ends: datetime) -> Decimal | None:
    """Return what equal parts of all symbols, bought at `opens` without costs, have made by `ends`."""
    before, after = known_at(closes, [opens, ends])
    made = [divide(after[symbol], before[symbol]) - ONE for symbol in symbols if symbol in before]
    return rounded(divide(sum(made, ZERO), Decimal(len(made)))) if made else None
