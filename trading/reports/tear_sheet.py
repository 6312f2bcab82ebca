"""The tear sheet of a backtest as a plain document: what it earned, what it risked, and against what."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal, localcontext
from typing import Any

from trading.backtest.result import Backtest
from trading.errors import BadData
from trading.fill import Fill
from trading.money import CONTEXT, ZERO, divide, multiply
from trading.order import OrderRequest
from trading.performance import benchmark
from trading.performance.attribution import Breakdown, Share, breakdown
from trading.performance.calendar_returns import by_month, by_year
from trading.performance.closes import known_at
from trading.performance.drawdown import drawdowns
from trading.performance.drawdown_periods import DrawdownPeriod, drawdown_periods
from trading.performance.equity import Valuation
from trading.performance.exposure import mean_exposure, time_in_market
from trading.performance.holding import Owner
from trading.performance.profit_factor import profit_factor
from trading.performance.returns import growth
from trading.performance.round_trips import RoundTrip, by_order
from trading.performance.shortfall import shortfall
from trading.performance.turnover import turnover
from trading.performance.win_rate import win_rate
from trading.reports import measures, shares
from trading.reports.figures import maybe, ratio, rounded, thin

#: So many of the deepest drawdowns are told with their dates.
_WORST = 5

#: The book and what holding would have been at one time, and how far each stands below its peak.
_Point = tuple[Valuation, Valuation, Decimal, Decimal]


def document(backtest: Backtest, provenance: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Return the tear sheet as plain values (amounts in quote, ratios as fractions, times UTC), equal for equal facts.

    `provenance` says what else the result follows from (data, parameters, code version), name by name.

    Raises:
        BadData: the curve does not end where the movements do, or a fill has no order.
    """
    with localcontext(CONTEXT):
        parts = breakdown(backtest.movements, backtest.closes, backtest.period)
        _tie(backtest, parts.total)
        executions = _executions(backtest)
        trips = by_order(list(parts.trips))
        held = _held(backtest)
        points = list(zip(backtest.curve, held, drawdowns(backtest.curve), drawdowns(held), strict=True))
        deepest_first = sorted(drawdown_periods(backtest.curve), key=lambda period: period.depth)[:_WORST]
        measured = measures.of(backtest.curve, held, backtest.period.timeframe.bars_per_year)
        return {
            **_about(backtest),
            "headline": {
                **_headline(backtest, parts.total, trips),
                **_heights(points),
                **_yearly(measured["measures"]),
            },
            **measured,
            "curve": _curve(points, deepest_first),
            "prices": _prices(backtest),
            "months": _calendar(backtest.curve),
            "benchmark_months": _calendar(held),
            "drawdowns": [_drawdown(period) for period in deepest_first],
            "strategies": _parts(parts, trips, 0),
            "by_symbol": _parts(parts, trips, 1),
            "total": {**shares.row(parts.total), **_record(trips)},
            "round_trips": [_trip(trip) for trip in trips],
            "costs": _costs(parts.total, executions, trips),
            "decisions": _decisions(backtest),
            "fills": [_fill(request, fill) for request, fill in executions],
            "provenance": dict(provenance or {}),
        }


def _about(backtest: Backtest) -> dict[str, Any]:
    return {
        "book": backtest.book,
        "venue": backtest.venue,
        "timeframe": str(backtest.period.timeframe),
        "quote": backtest.quote,
        "symbols": list(backtest.symbols),
        "strategy_names": list(backtest.strategies),
        "period": {"opens": backtest.period.opens, "closes": backtest.period.closes},
    }


def _tie(backtest: Backtest, total: Share) -> None:
    """Stop when the curve and the movements tell different stories."""
    moved = (backtest.period.closes, total.closing, total.fees_since_start, total.deposits)
    last = backtest.curve[-1] if backtest.curve else None
    if last is None or (last.ts, last.equity, last.fees, last.deposits) != moved:
        curve = "nothing" if last is None else f"{last.equity} after {last.fees} of fees at {last.ts.isoformat()}"
        raise BadData(
            f"the curve of {backtest.book} ends with {curve}, its movements with {total.closing}"
            f" after {total.fees_since_start} of fees at {backtest.period.closes.isoformat()}: run the backtest again"
        )


def _executions(backtest: Backtest) -> list[tuple[OrderRequest, Fill]]:
    requests = {placed.order.client_id: placed.order.request for placed in backtest.orders}
    for fill in backtest.fills:
        if fill.client_id not in requests:
            raise BadData(f"{backtest.book}: fill {fill.trade_id} of {fill.symbol} has no order {fill.client_id}")
    return [(requests[fill.client_id], fill) for fill in backtest.fills]


def _held(backtest: Backtest) -> list[Valuation]:
    times = [point.ts for point in backtest.curve]
    return benchmark.hold(backtest.closes, backtest.symbols, times, backtest.curve[0].equity)


def _headline(backtest: Backtest, total: Share, trips: Sequence[RoundTrip]) -> dict[str, Any]:
    curve = backtest.curve
    return {
        "bars": len(curve) - 1,
        "capital": total.deposits,
        "equity": total.closing,
        "pnl": total.pnl_since_start,
        "return": rounded(growth(curve)[-1] - 1),
        "fees": total.fees_since_start,
        "traded": total.traded,
        "turnover": maybe(turnover(total.traded, curve)),
        "round_trips": len(trips),
        "win_rate": maybe(win_rate(trips)),
        "orders": len(backtest.orders),
        "fills": len(backtest.fills),
        "exposure": maybe(mean_exposure(curve)),
        "time_in_market": maybe(time_in_market(curve)),
    }


def _heights(points: Sequence[_Point]) -> dict[str, Any]:
    """Return how far below its peak the book stood, and what holding made instead."""
    return {
        "drawdown": rounded(points[-1][2]),
        "deepest_drawdown": rounded(min(below for _, _, below, _ in points)),
        "benchmark_return": ratio(points[-1][1].pnl, points[0][1].equity),
        "benchmark_deepest_drawdown": rounded(min(below for _, _, _, below in points)),
    }


def _yearly(measured: Mapping[str, float | None] | None) -> dict[str, float | None]:
    return {name: None if measured is None else measured[name] for name in ("cagr", "sharpe")}


def _curve(points: Sequence[_Point], told: Sequence[DrawdownPeriod]) -> list[dict[str, Any]]:
    """Return the points of the curve, those from which the `told` drawdowns went down, to and back to among them."""
    turns = {moment for period in told for moment in (period.peak, period.trough, period.ends)}
    kept = frozenset(place for place, (point, *_) in enumerate(points) if point.ts in turns)
    return [
        {
            "ts": point.ts,
            "equity": point.equity,
            "benchmark": rounded(instead.equity),
            "drawdown": rounded(below),
            "benchmark_drawdown": rounded(instead_below),
        }
        for point, instead, below, instead_below in thin(points, kept)
    ]


def _prices(backtest: Backtest) -> dict[str, list[dict[str, Any]]]:
    times = thin([point.ts for point in backtest.curve])
    found: dict[str, list[dict[str, Any]]] = {symbol: [] for symbol in backtest.symbols}
    for time, prices in zip(times, known_at(backtest.closes, times), strict=True):
        for symbol in backtest.symbols:
            if symbol in prices:
                found[symbol].append({"ts": time, "price": prices[symbol]})
    return found


def _calendar(curve: Sequence[Valuation]) -> list[dict[str, Any]]:
    """Return one row per year: the returns of its twelve months, None where nothing was traded, and its total."""
    months = by_month(curve)
    return [
        {
            "year": year,
            "months": [maybe(months.get((year, month))) for month in range(1, 13)],
            "total": rounded(earned),
        }
        for year, earned in by_year(months).items()
    ]


def _drawdown(period: DrawdownPeriod) -> dict[str, Any]:
    return {**vars(period), "depth": rounded(period.depth), "days": _days(period.duration)}


def _parts(parts: Breakdown, trips: Sequence[RoundTrip], place: int) -> list[dict[str, Any]]:
    """Return the shares by strategy (`place` 0) or by symbol (1), with the record of their round trips."""

    def part(owner: Owner) -> str:
        return owner[place]

    return [
        {**row, **_record([trip for trip in trips if part((trip.strategy, trip.symbol)) == row["name"]])}
        for row in shares.rows(parts.by(part))
    ]


def _record(trips: Sequence[RoundTrip]) -> dict[str, Any]:
    mean = divide(sum((trip.pnl for trip in trips), ZERO), Decimal(len(trips))) if trips else None
    held = sum((trip.closed - trip.opened for trip in trips), timedelta()) / len(trips) if trips else None
    return {
        "round_trips": len(trips),
        "win_rate": maybe(win_rate(trips)),
        "profit_factor": maybe(profit_factor(trips)),
        "mean_pnl": maybe(mean),
        "best": max((trip.pnl for trip in trips), default=None),
        "worst": min((trip.pnl for trip in trips), default=None),
        "mean_days": None if held is None else _days(held),
    }


def _trip(trip: RoundTrip) -> dict[str, Any]:
    days = _days(trip.closed - trip.opened)
    return {**trip.told, "pnl": trip.pnl, "pnl_pct": ratio(trip.pnl, trip.cost), "days": days}


def _costs(total: Share, executions: Iterable[tuple[OrderRequest, Fill]], trips: Sequence[RoundTrip]) -> dict[str, Any]:
    """Return what trading cost, in quote; `gross` is the profit before fees."""
    fees = total.fees_since_start
    return {
        "fees": fees,
        "fees_of_traded": ratio(fees, total.traded),
        "fees_of_capital": ratio(fees, total.deposits),
        "fees_per_round_trip": maybe(divide(fees, Decimal(len(trips))) if trips else None),
        "shortfall": shortfall(executions),
        "gross": total.pnl_since_start + fees,
        "realised": total.realised,
        "unrealised": total.unrealised,
    }


def _decisions(backtest: Backtest) -> dict[str, Any]:
    refused = Counter(
        (placed.code, placed.order.request.strategy, placed.order.request.symbol)
        for placed in backtest.orders
        if placed.code
    )
    return {
        "signals": backtest.signals,
        "verdicts": dict(backtest.verdicts),
        "missing": dict(backtest.missing),
        "refused": [
            {"code": code, "strategy": strategy, "symbol": symbol, "times": times}
            for (code, strategy, symbol), times in sorted(refused.items())
        ],
    }


def _fill(request: OrderRequest, fill: Fill) -> dict[str, Any]:
    row = {name: value for name, value in vars(fill).items() if name != "venue"}
    return {**row, "strategy": request.strategy, "leg": request.key.leg, "value": multiply(fill.price, fill.quantity)}


def _days(duration: timedelta) -> Decimal:
    return rounded(divide(Decimal(duration // timedelta(microseconds=1)), Decimal(86_400_000_000)))
