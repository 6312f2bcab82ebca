"""Asset market/instruments: the symbols of the book with their steps and fees, as the venue states them."""

import dagster as dg
import polars as pl

from assets.resources import DeskResource


@dg.asset(key_prefix="market", group_name="market", kinds={"python", "postgres"})
def instruments(context: dg.AssetExecutionContext, desk: DeskResource) -> dg.MaterializeResult:
    """Spot markets of this book: price tick and lot step, smallest quantity (base) and value (quote), fees (fractions).

    A new version is added only where the venue states something new. Source: the venue's exchange information.
    """
    with desk.open(context) as at:
        now = at.clock.now()
        found = at.market_data().instruments(at.symbols)
        rows = [{**vars(instrument), "knowledge_ts": now} for instrument in found]
        written = at.store.write("market.instruments", pl.DataFrame(rows), now)
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": len(rows),
            "rows written": written,
            "instruments": dg.MetadataValue.md(_table(rows)),
        }
    )


def _table(rows: list[dict[str, object]]) -> str:
    lines = [f"| {r['symbol']} | {r['tick']} | {r['lot']} | {r['min_notional']} | {r['taker_fee']} |" for r in rows]
    return "\n".join(["| symbol | tick | lot | least value | taker fee |", "|---|---|---|---|---|", *lines])
