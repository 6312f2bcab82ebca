"""The risk report as a plain document: what the positions held now could lose, and on what each number rests."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, localcontext
from math import isfinite
from typing import Any

from trading.audit import digest
from trading.errors import BadData
from trading.limits import Limits
from trading.money import CONTEXT, ZERO, divide, multiply
from trading.order_book import OrderBook
from trading.performance.attribution import Breakdown, breakdown
from trading.performance.closes import Close
from trading.performance.drawdown import deepest, drawdowns
from trading.performance.drawdown_periods import drawdown_periods
from trading.performance.equity import Valuation
from trading.performance.exposure import REMAINDER
from trading.performance.holding import Owner, holdings
from trading.performance.movement import Movement
from trading.performance.period import Period
from trading.reports import risk_scenarios, risk_tail
from trading.reports.estimates import fraction
from trading.reports.figures import ratio, rounded
from trading.reports.risk_tail import Held
from trading.risk.measures import forecast
from trading.risk.measures.headroom import Usage
from trading.risk.measures.historical_simulation import LEAST, least
from trading.risk.measures.history import DAY, History, history
from trading.risk.measures.volatility import daily_volatility


@dataclass(frozen=True)
class Facts:
    """All that the report is made from. Rows come as the store gives them; amounts are Decimals in quote.

    `closes` value the book, `past` are those at the ends of days before; `volumes` in base a day; `peaks` of equity by
    sub-account, None where they are known of another time only; `largest_order` in quote, None when none was made.
    `real`: the candles are a market's, not generated.
    """

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
    past: Sequence[Close]
    volumes: Mapping[str, Sequence[Decimal]]
    books: Mapping[str, OrderBook]
    limits_version: int
    limits: Limits
    peaks: Mapping[Owner, Decimal] | None
    largest_order: Decimal | None
    real: bool
    queries: Mapping[str, str]
    code_version: str


def document(facts: Facts) -> dict[str, Any]:
    """Return the report as plain values (ratios as fractions, times UTC, losses below 0), the same for the same facts.

    Raises:
        BadData: the stored equity curve does not end where the ledger does, or something is held without a close.
    """
    with localcontext(CONTEXT):
        parts = breakdown(facts.movements, facts.closes, facts.period)
        _tie(facts, parts)
        past = history(facts.past, facts.symbols, facts.period.closes, facts.period.timeframe.delta)
        held, told = _held(parts), _about(facts)
        told["value_at_risk"] = risk_tail.rows(held, past)
        told["distribution"] = risk_tail.distribution(held, past)
        told["parts"] = risk_tail.parts(held, past)
        told["backtest"] = _backtest(facts, past)
        told["stress"] = risk_scenarios.stress(held, past, facts.symbols, real=facts.real)
        told["concentration"] = risk_scenarios.concentrations(held)
        told["liquidity"] = risk_scenarios.liquidity(held, _quantities(facts), facts.volumes, facts.books)
        told["exposure"] = _exposure(parts)
        told["drawdown"] = _drawdown(facts.curve)
        told["correlation"] = risk_scenarios.correlated(held, past, facts.symbols)
        told["limits"] = _limits(facts, parts, held, past)
        told["history"] = _history(past, held)
        told["headline"] = _headline(told, parts)
        told["data"] = _data(facts)
        return told


def _tie(facts: Facts, parts: Breakdown) -> None:
    last = facts.curve[-1] if facts.curve else None
    if last is None or last.ts != facts.period.closes or last.equity != parts.total.closing:
        told = "nothing" if last is None else f"{last.equity} at {last.ts.isoformat()}"
        raise BadData(
            f"portfolio.equity_curve says {told}, the ledger {parts.total.closing} at"
            f" {facts.period.closes.isoformat()}: materialise portfolio/equity_curve for {facts.day} again"
        )


def _about(facts: Facts) -> dict[str, Any]:
    return {
        "book": facts.book,
        "day": facts.day,
        "venue": facts.venue,
        "real": facts.real,
        "timeframe": str(facts.period.timeframe),
        "quote": facts.quote,
        "symbols": list(facts.symbols),
        "period": {"opens": facts.period.opens, "closes": facts.period.closes, "complete": facts.complete},
        "code_version": facts.code_version,
        "queries": dict(facts.queries),
    }


def _held(parts: Breakdown) -> Held:
    """Return what is held without what sales have left over."""
    least_value = multiply(REMAINDER, abs(parts.total.closing))
    values = {owner: share.position for owner, share in parts.shares.items() if abs(share.position) > least_value}
    return Held(values, parts.total.closing)


def _quantities(facts: Facts) -> dict[str, Decimal]:
    found: dict[str, Decimal] = {}
    for move in facts.movements:
        found[move.symbol] = found.get(move.symbol, ZERO) + move.base
    return found


def _backtest(facts: Facts, past: History) -> list[dict[str, Any]]:
    """Tell of each past day end within the book's life what was at risk, and what the 24 hours after it brought."""
    pnl = {point.ts: point.pnl for point in facts.curve}
    ends = [end for end in past.ends if end >= facts.period.start][-forecast.DAYS - 1 :]
    results = {end: float(pnl[end + DAY] - pnl[end]) for end in ends if end in pnl and end + DAY in pnl}
    held: dict[datetime, dict[str, float]] = {}
    for end, owned in zip(ends, holdings(facts.movements, ends, facts.period.start), strict=True):
        place, values = (end - past.ends[0]) // DAY, dict[str, float]()
        for (_, symbol), one in owned.items():
            if one.quantity != ZERO:
                values[symbol] = values.get(symbol, 0.0) + float(one.quantity) * float(past.closes[symbol][place])
        if all(map(isfinite, values.values())):
            held[end] = values
    return risk_tail.backtest(past, held, results)


def _exposure(parts: Breakdown) -> dict[str, Any]:
    total = parts.total
    gross = sum((abs(share.position) for share in parts.shares.values()), ZERO)
    return {
        "gross": gross,
        "gross_pct": ratio(gross, total.closing),
        "net": total.position,
        "net_pct": ratio(total.position, total.closing),
        "leverage": ratio(gross, total.closing),
        "cash": total.closing - total.position,
        "cash_pct": ratio(total.closing - total.position, total.closing),
    }


def _drawdown(curve: Sequence[Valuation]) -> dict[str, Any]:
    periods = drawdown_periods(curve)
    worst = min(periods, key=lambda each: each.depth, default=None)
    present = periods[-1] if periods and not periods[-1].recovered else None
    return {
        "now": rounded(drawdowns(curve)[-1]),
        "now_since": present.peak if present else None,
        "deepest": rounded(deepest(curve)),
        "peak": worst.peak if worst else None,
        "trough": worst.trough if worst else None,
        "recovered": worst.ends if worst and worst.recovered else None,
    }


def _limits(facts: Facts, parts: Breakdown, held: Held, past: History) -> dict[str, Any]:
    accounts = {owner: share for owner, share in parts.shares.items() if share.closing > ZERO and owner[1] != "-"}
    positions = [divide(abs(share.position), share.closing) for share in accounts.values()]
    cash = [divide(share.closing - share.position, share.closing) for share in accounts.values()]
    peaks = {owner: peak for owner, peak in (facts.peaks or {}).items() if peak > ZERO and owner in accounts}
    below = [max(ZERO, 1 - divide(accounts[owner].closing, peak)) for owner, peak in peaks.items()]
    usage = Usage(
        fraction(daily_volatility(risk_tail.simulated(held, past)[1], float(held.equity))),
        max(positions, default=None),
        facts.largest_order,
        max(below, default=None),
        min(cash, default=None),
    )
    whys = {
        "target_volatility": f"fewer than {LEAST} days of history",
        "max_order_value": "no order in this period",
        "max_drawdown": "the peaks of the sub-accounts are stored as of now only, and this day is over",
    }
    return risk_scenarios.limits(facts.limits_version, facts.limits, usage, whys)


def _history(past: History, held: Held) -> dict[str, Any]:
    known = {symbol: len(past.returns([symbol])) for symbol in past.closes}
    return {
        "first": past.ends[0],
        "last": past.ends[-1],
        "days": known,
        "used": len(risk_tail.simulated(held, past)[1]) if held.values else 0,
        "most": risk_tail.MOST_DAYS,
        "least": {f"{round(100 * (1 - level))}": least(level) for level in risk_tail.LEVELS},
    }


def _headline(told: Mapping[str, Any], parts: Breakdown) -> dict[str, Any]:
    """Return what is read first; at 95 and 99 % over a day by historical simulation."""
    tails = {
        str(round(100 * row["level"])): row
        for row in told["value_at_risk"]
        if row["method"] == "historical" and row["days"] == 1
    }
    scenarios = [row for rows in told["stress"].values() for row in rows if row["profit"] is not None]
    worst = min(scenarios, key=lambda row: row["profit"], default=None)
    largest = told["concentration"]["by_symbol"]
    days = [row["days"] for row in told["liquidity"]]
    return {
        "equity": parts.total.closing,
        "positions": parts.total.position,
        **{_TAIL[name].format(level): row[name] for level, row in tails.items() for name in _TAIL},
        "worst_scenario": worst and {name: worst[name] for name in ("name", "profit", "profit_pct")},
        "largest": largest and largest["largest"],
        "largest_share": largest and largest["largest_share"],
        "effective": largest and largest["effective"],
        "days_to_liquidate": max(days) if days and None not in days else None,
        "near_limits": told["limits"]["near"],
    }


#: What the headline calls the figures of a tail.
_TAIL = {
    "value_at_risk": "value_at_risk_{}",
    "value_at_risk_pct": "value_at_risk_{}_pct",
    "expected_shortfall": "expected_shortfall_{}",
    "expected_shortfall_pct": "expected_shortfall_{}_pct",
    "why": "why_{}",
}


def _data(facts: Facts) -> dict[str, dict[str, Any]]:
    """Return of each input how many rows there were and the hash over them: the version that the numbers rest on."""
    inputs: dict[str, Sequence[Any]] = {
        "closes of past days": facts.past,
        "closes of the period": facts.closes,
        "movements of the ledger": facts.movements,
        "equity curve": facts.curve,
        "daily volumes": sorted(facts.volumes.items()),
        "order books": sorted(facts.books.items()),
        "limits": [facts.limits.model_dump(mode="json")],
    }
    return {name: {"rows": len(rows), "hash": digest(rows)} for name, rows in inputs.items()}
