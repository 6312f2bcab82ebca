"""The tax report of a year as a plain document: gains, income, disposals with their lots, what is left, proof."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, localcontext
from typing import Any

from trading.errors import Misconfigured
from trading.money import CONTEXT, ZERO, divide
from trading.reports import tax_assumptions
from trading.reports.figures import rounded
from trading.tax.annual_exempt_amount import chargeable
from trading.tax.books import Book, Told
from trading.tax.computation import Computation
from trading.tax.gain import Gain
from trading.tax.holding_period import Term
from trading.tax.ledger_tie import Tie
from trading.tax.tax_year import TaxYear
from trading.tax.totals import YearTotal, by_asset, by_disposal, by_year, income_by_asset


@dataclass(frozen=True)
class Facts:
    """All that the report is made from. `ends` is where the view ends (exclusive), `complete` whether it has passed."""

    year: TaxYear
    ends: datetime
    complete: bool
    zone: str
    books: Sequence[Book]
    told: Told
    done: Computation
    tie: Tie
    code_version: str


def document(facts: Facts) -> dict[str, Any]:
    """Return the report as plain values (money in the country's currency), the same for the same facts."""
    done, year = facts.done, facts.year
    gains = [gain for gain in done.gains if _year(done, gain.ts) == year]
    totals = by_year(done)
    with localcontext(CONTEXT):
        return {
            "year": {"name": str(year), "first": str(year.first), "last": str(year.last), "complete": facts.complete},
            "ends": facts.ends,
            "zone": facts.zone,
            "country": done.country.code,
            "currency": done.country.currency,
            "method": done.method.value,
            "terms": done.country.terms,
            "per_wallet": done.country.per_wallet_from is not None and year.last >= done.country.per_wallet_from,
            "books": [{"book": book.name, "venue": book.venue, "trades": len(book.trades)} for book in facts.books],
            "headline": _headline(year, totals, gains, done),
            "allowance": _allowance(year, totals, done),
            "by_asset": [_plain(row) for row in by_asset(done) if row.year == year],
            "income": [_plain(row) for row in income_by_asset(done) if row.year == year],
            "income_rows": [_earned(done, row) for row in done.income if _year(done, row.ts) == year],
            "filed": [
                {**vars(row), "day": str(row.day)}
                for row in by_disposal(done)
                if done.country.tax_year(row.day) == year
            ],
            "disposals": _disposals(done, gains),
            "remaining": _remaining(done),
            "years": [_plain(row) | {"net": row.net} for row in totals],
            "assumed": [vars(row) for row in facts.told.assumed],
            "noted": [vars(row) for row in facts.told.noted],
            "assumptions": tax_assumptions.words(facts.books, facts.told, done, facts.zone),
            "rates": [{"coin": coin, "way": way, "times": n} for (coin, way), n in facts.told.rates.items()],
            "limits": list(done.country.limits),
            "proof": {**vars(facts.tie), "held": [vars(row) for row in facts.tie.held]},
            "code_version": facts.code_version,
        }


def _headline(year: TaxYear, totals: Sequence[YearTotal], gains: Sequence[Gain], done: Computation) -> dict[str, Any]:
    found = next((row for row in totals if row.year == year), None)
    taxable = [gain for gain in gains if gain.taxable]
    none = not done.country.terms
    return {
        "disposals": 0 if found is None else found.disposals,
        "proceeds": ZERO if found is None else found.proceeds,
        "costs": ZERO if found is None else found.costs,
        "cost": _sum(gain.cost for gain in taxable),
        "fees": _sum(gain.fee for gain in taxable),
        "gains": ZERO if found is None else found.gains,
        "losses": ZERO if found is None else found.losses,
        "net": ZERO if found is None else found.net,
        "filed": ZERO if found is None else found.filed,
        "short": None if none else _sum(gain.amount for gain in taxable if gain.term is Term.SHORT),
        "long": None if none else _sum(gain.amount for gain in taxable if gain.term is Term.LONG),
        "exempt": _sum(gain.amount for gain in gains if not gain.taxable),
        "income": ZERO if found is None else found.income,
        "left": _sum(each.lot.cost for each in done.remaining),
        "lots_left": len(done.remaining),
    }


def _allowance(year: TaxYear, totals: Sequence[YearTotal], done: Computation) -> dict[str, Any] | None:
    """Return what is taxable after the exempt amount and losses of earlier years; None where the country has none."""
    if done.country.code != "UK":
        return None
    upto = [row for row in totals if row.year <= year]
    if not upto or upto[-1].year != year:
        return None
    try:
        found = chargeable(upto)[-1]
    except Misconfigured as unknown:
        return {"why": str(unknown)}
    return {name: value for name, value in vars(found).items() if name != "year"} | {"why": None}


def _disposals(done: Computation, gains: Iterable[Gain]) -> list[dict[str, Any]]:
    grouped: dict[str, list[Gain]] = defaultdict(list)
    for gain in gains:
        grouped[gain.disposal_id].append(gain)
    return [_disposal(done, each) for each in grouped.values()]


def _disposal(done: Computation, parts: Sequence[Gain]) -> dict[str, Any]:
    first = parts[0]
    amounts: dict[str, Callable[[Gain], Decimal]] = {
        "quantity": lambda gain: gain.quantity,
        "proceeds": lambda gain: gain.proceeds,
        "fee": lambda gain: gain.fee,
        "cost": lambda gain: gain.cost,
        "gain": lambda gain: gain.amount,
    }
    return {
        "id": first.disposal_id,
        "ts": first.ts,
        "day": str(_day(done, first.ts)),
        "asset": first.asset,
        "kind": first.kind.value,
        "book": first.wallet.holder,
        "venue": first.wallet.venue,
        "taxable": first.taxable,
        **{name: _sum(map(amount, parts)) for name, amount in amounts.items()},
        "lots": [{**_lot(done, part), **{name: of(part) for name, of in amounts.items()}} for part in parts],
    }


def _lot(done: Computation, part: Gain) -> dict[str, Any]:
    bought = None if part.acquired is None else _day(done, part.acquired)
    return {
        "lot": part.lot_id,
        "rule": part.rule.value,
        "acquired": None if bought is None else str(bought),
        "days": None if bought is None else (_day(done, part.ts) - bought).days,
        "term": None if part.term is None else part.term.value,
    }


def _remaining(done: Computation) -> list[dict[str, Any]]:
    grouped: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for each in done.remaining:
        lot = each.lot
        if lot.quantity or lot.cost:
            grouped[lot.asset].append(
                {
                    "lot": lot.lot_id,
                    "acquired": None if lot.acquired is None else str(_day(done, lot.acquired)),
                    "book": None if each.wallet is None else each.wallet.holder,
                    "quantity": lot.quantity,
                    "cost": lot.cost,
                }
            )
    rows: list[dict[str, Any]] = []
    for asset, lots in sorted(grouped.items()):
        quantity, cost = _sum(lot["quantity"] for lot in lots), _sum(lot["cost"] for lot in lots)
        average = rounded(divide(cost, quantity)) if quantity else None
        rows.append({"asset": asset, "quantity": quantity, "cost": cost, "average_cost": average, "lots": lots})
    return rows


def _earned(done: Computation, row: Any) -> dict[str, Any]:
    return {
        "day": str(_day(done, row.ts)),
        "asset": row.asset,
        "kind": row.kind.value,
        "quantity": row.quantity,
        "value": row.value,
    }


def _plain(row: Any) -> dict[str, Any]:
    return {**vars(row), "year": str(row.year)}


def _year(done: Computation, ts: datetime) -> TaxYear:
    return done.country.tax_year(_day(done, ts))


def _day(done: Computation, ts: datetime) -> date:
    return ts.astimezone(done.zone).date()


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, ZERO)
