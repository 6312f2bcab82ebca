"""Asset portfolio/positions: what each sub-account holds at every close of a bar."""

import dagster as dg

from assets.partitions import DAILY
from assets.portfolio.valuation import facts, write
from assets.resources import DeskResource
from trading.performance.positions import positions as value


@dg.asset(
    key_prefix="portfolio",
    group_name="portfolio",
    kinds={"python", "postgres"},
    deps=[dg.AssetKey(["market", "candles"]), dg.AssetKey(["signals", "published_signals"])],
    partitions_def=DAILY,
)
def positions(context: dg.AssetExecutionContext, desk: DeskResource) -> dg.MaterializeResult:
    """Base currency held per (strategy, symbol) at the start of the book and at every close of a bar; empty ones too.

    ts = time of the valuation, UTC; a day ends with its last valuation, at the midnight after it. quantity in base
    currency; price = newest close known at ts, quote per base; value and cost in quote, cost with fees, first in first
    out. Sources: trading.ledger_entries (what moved up to ts), market.candles.
    """
    with desk.open(context) as at:
        now = at.clock.now()
        known = facts(context, at, now)
        rows = value(known.movements, known.closes, known.times, known.start)
        written = write(at, "portfolio.positions", rows, now)
    last = [row for row in rows if row.ts == known.times[-1]]
    held = [row for row in last if row.value > 0]
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": len(rows),
            "rows written": written,
            "open positions": len(held),
            "value": float(sum(row.value for row in last)),
            "unrealised": float(sum(row.value - row.cost for row in last)),
            "valued at": str(known.times[-1]) if known.times else "before the start of the book",
            **{f"{row.strategy} {row.symbol}": float(row.quantity) for row in held},
        }
    )
