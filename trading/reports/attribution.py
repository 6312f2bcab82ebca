"""The attribution of a day as a plain document: where the profit came from, and the proof that nothing is left over."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext
from typing import Any

from trading.money import CONTEXT, ZERO, multiply
from trading.performance.period import Period
from trading.performance.pnl_attribution import Attribution, Key
from trading.performance.pnl_parts import NAMES, Parts
from trading.reports.figures import ratio

#: The name of what has no regime.
NO_LABEL = "no label"


@dataclass(frozen=True)
class Day:
    """All that the document is made from; `fills` are the costs of each fill up to the end, amounts in quote."""

    book: str
    day: str
    venue: str
    quote: str
    symbols: Sequence[str]
    period: Period
    found: Attribution
    fills: Sequence[Mapping[str, Any]]
    queries: Mapping[str, str]
    code_version: str


def document(day: Day) -> dict[str, Any]:
    """Return the attribution as plain values (amounts in quote, ratios as fractions), the same for the same facts."""
    with localcontext(CONTEXT):
        within = [_fill(row) for row in day.fills if row["ts"] > day.period.after]
        (period, since), (traded, traded_ever) = day.found.total, (_traded(within), _traded(day.fills))
        residuals = [residual for pair in day.found.residuals.values() for residual in pair]
        profits = [sum(pair, ZERO) for pair in zip(*day.found.profits.values(), strict=True)] or [ZERO, ZERO]
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
                "complete": day.period.whole_day,
            },
            "total": _pair(period, since),
            "traded": {"day": traded, "since_start": traded_ever},
            "of_traded": {"day": _shares(period, traded), "since_start": _shares(since, traded_ever)},
            "by_strategy": _rows(day.found, 0),
            "by_symbol": _rows(day.found, 1),
            "by_regime": _rows(day.found, 2),
            "by_account": [
                {**row, "strategy": row["name"].split("|")[0], "symbol": row["name"].split("|")[1]}
                for row in _told(day.found.by(lambda key: f"{key[0]}|{key[1]}"))
            ],
            "fills": within,
            "proof": {
                "ledger_profit": {"day": profits[0], "since_start": profits[1]},
                "largest_residual": max((abs(residual) for residual in residuals), default=ZERO),
            },
            "code_version": day.code_version,
            "queries": dict(day.queries),
        }


def _rows(found: Attribution, place: int) -> list[dict[str, Any]]:
    def name(key: Key) -> str:
        return key[place] or NO_LABEL

    return _told(found.by(name))


def _told(parts: Mapping[str, tuple[Parts, Parts]]) -> list[dict[str, Any]]:
    return [{"name": name, **_pair(*pair)} for name, pair in parts.items()]


def _pair(period: Parts, since: Parts) -> dict[str, Any]:
    return {"day": _parts(period), "since_start": _parts(since)}


def _parts(parts: Parts) -> dict[str, Decimal]:
    return {**{name: getattr(parts, name) for name in NAMES}, "total": parts.total}


def _shares(parts: Parts, traded: Decimal) -> dict[str, Decimal | None]:
    """Return what trading itself cost, as fractions of what was traded; below 0 it cost."""
    return {name: ratio(getattr(parts, name), traded) for name in ("timing", "slippage", "fee")}


def _fill(row: Mapping[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in row.items() if name not in ("book", "named")}
    return {**kept, "fee_quote": multiply(row["fee"], row["fee_rate"])}


def _traded(fills: Sequence[Mapping[str, Any]]) -> Decimal:
    return sum((multiply(abs(row["quantity"]), row["price"]) for row in fills), ZERO)
