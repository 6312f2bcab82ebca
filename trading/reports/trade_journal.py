"""The trade journal of a day as a plain document: what was closed and what is held, each with all that was known."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from decimal import Decimal, localcontext
from typing import Any

from trading.money import CONTEXT, ZERO, divide
from trading.performance.exposure import REMAINDER
from trading.performance.period import Period
from trading.performance.trade_journal import Entry, Excursion
from trading.reports.figures import maybe, ratio, rounded

#: What of the order that opened an entry is told of it, under the same names.
_ENTRY = (
    "signal_reason", "exposure", "expected_return", "forecast_sigma", "model_id", "model_kind", "strategy_version",
    "regime", "verdict", "decision_reason", "limits_version", "features",
)  # fmt: skip
#: And of the order that closed it, with "exit_" before them.
_EXIT = ("leg", "signal_reason", "decision_reason", "decided_because")


@dataclass(frozen=True)
class Told:
    """An entry with what the store knows about it: reasons of its two orders, excursions, the features read, notes."""

    entry: Entry
    excursion: Excursion | None
    opening: Mapping[str, Any]
    closing: Mapping[str, Any]
    read: Sequence[str]
    notes: Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Day:
    """All that the document is made from; `past` are the entries closed before the period, `equity` is in quote."""

    book: str
    day: str
    venue: str
    quote: str
    symbols: Sequence[str]
    period: Period
    equity: Decimal
    told: Sequence[Told]
    past: Sequence[Entry]
    queries: Mapping[str, str]
    code_version: str


def document(day: Day) -> dict[str, Any]:
    """Return the journal as plain values (amounts in quote, ratios as fractions), the same for the same facts."""
    with localcontext(CONTEXT):
        closed = [one.entry for one in day.told if one.entry.closed is not None]
        ever = [*day.past, *closed]
        held = [_row(day, one) for one in day.told if one.entry.closed is None]
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
            "headline": {"day": _record(closed), "since_start": _record(ever)},
            "by_strategy": [
                {"name": name, **_record([one for one in ever if one.strategy == name])}
                for name in sorted({one.strategy for one in ever})
            ],
            "closed": [_row(day, one) for one in day.told if one.entry.closed is not None],
            "open": held,
            "code_version": day.code_version,
            "queries": dict(day.queries),
        }


def _record(entries: Sequence[Entry]) -> dict[str, Any]:
    """Return how these closed entries did; None where there are too few to say."""
    won = [one.pnl for one in entries if one.pnl > ZERO]
    lost = [one.pnl for one in entries if one.pnl < ZERO]
    held = sum((one.closed - one.opened for one in entries if one.closed), timedelta())
    count = Decimal(len(entries))
    return {
        "entries": len(entries),
        "pnl": sum((one.pnl for one in entries), ZERO),
        "fees": sum((one.fees for one in entries), ZERO),
        "win_rate": rounded(divide(Decimal(len(won)), count)) if entries else None,
        "mean_pnl": rounded(divide(sum((one.pnl for one in entries), ZERO), count)) if entries else None,
        "mean_won": maybe(_mean(won)),
        "mean_lost": maybe(_mean(lost)),
        "profit_factor": rounded(divide(sum(won, ZERO), -sum(lost, ZERO))) if lost else None,
        "mean_days": _days(held / len(entries)) if entries else None,
    }


def _mean(values: Sequence[Decimal]) -> Decimal | None:
    return divide(sum(values, ZERO), Decimal(len(values))) if values else None


def _row(day: Day, told: Told) -> dict[str, Any]:
    entry = told.entry
    ends = entry.closed or day.period.closes
    return {
        **{one.name: getattr(entry, one.name) for one in fields(entry)},
        "side": "LONG",
        "entry_price": maybe(entry.entry_price),
        "exit_price": maybe(entry.exit_price),
        "pnl": entry.pnl,
        "pnl_fraction": ratio(entry.pnl, entry.cost),
        "days": _days(ends - entry.opened),
        "remainder": entry.closed is None and entry.worth < REMAINDER * day.equity,
        **_excursion(told),
        **{name: told.opening.get(name) for name in _ENTRY},
        **{f"exit_{name}": told.closing.get(name) for name in _EXIT},
        "read": [name for name in told.read if name in (told.opening.get("features") or {})],
        "notes": [{name: one[name] for name in ("note_id", "client_id", "at", "author", "note")} for one in told.notes],
    }


def _excursion(told: Told) -> dict[str, Decimal | None]:
    found, cost = told.excursion, told.entry.cost
    if found is None:
        return dict.fromkeys(("mae", "mae_fraction", "mfe", "mfe_fraction"))
    return {
        "mae": rounded(found.adverse),
        "mae_fraction": ratio(found.adverse, cost),
        "mfe": rounded(found.favourable),
        "mfe_fraction": ratio(found.favourable, cost),
    }


def _days(duration: timedelta) -> Decimal:
    return rounded(divide(Decimal(duration // timedelta(microseconds=1)), Decimal(86_400_000_000)))


def within(entries: Sequence[Entry], after: datetime) -> tuple[list[Entry], list[Entry]]:
    """Return the entries closed up to `after`, and the others: closed later or not yet."""
    past = [one for one in entries if one.closed is not None and one.closed <= after]
    return past, [one for one in entries if one.closed is None or one.closed > after]
