"""Asset portfolio/equity_curve: what the whole book is worth at every close of a bar."""

import dagster as dg

from assets.partitions import DAILY
from assets.portfolio.valuation import facts, write
from assets.resources import DeskResource
from trading.performance.drawdown import deepest
from trading.performance.equity import equity_curve as value


@dg.asset(
    key_prefix="portfolio",
    group_name="portfolio",
    kinds={"python", "postgres"},
    deps=[dg.AssetKey(["market", "candles"]), dg.AssetKey(["portfolio", "positions"])],
    partitions_def=DAILY,
)
def equity_curve(context: dg.AssetExecutionContext, desk: DeskResource) -> dg.MaterializeResult:
    """Worth of the book in its quote currency: one point at its start (the deposits), one at every close of a bar.

    ts = time of the valuation, UTC; a day ends with its last valuation, at the midnight after it. equity = cash +
    positions; fees and deposits are totals since the start, fees paid in base count at the price of their fill.
    Sources: trading.ledger_entries (all that moved up to ts), market.candles (closes known at ts).
    """
    with desk.open(context) as at:
        now = at.clock.now()
        known = facts(context, at, now)
        curve = value(known.movements, known.closes, known.times, known.start)
        written = write(at, "portfolio.equity_curve", curve, now)
    metadata: dict[str, float | int | str] = {"dagster/row_count": len(curve), "rows written": written}
    if curve:
        last = curve[-1]
        metadata |= {
            "equity": float(last.equity),
            "pnl since start": float(last.pnl),
            "fees since start": float(last.fees),
            "deepest drawdown of the day": float(deepest(curve)),
            "exposure": float(last.positions / last.equity) if last.equity else 0.0,
            "valued at": str(last.ts),
        }
    return dg.MaterializeResult(metadata=metadata)
