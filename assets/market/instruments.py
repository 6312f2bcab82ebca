"""Asset market/instruments: the symbols of the book with their steps and fees, as the venue states them."""

import dagster as dg
import polars as pl

from assets.resources import DeskResource
from trading.errors import Unavailable
from trading.ports import Unreachable


@dg.asset(key_prefix="market", group_name="market", kinds={"python", "postgres"})
def instruments(context: dg.AssetExecutionContext, desk: DeskResource) -> dg.MaterializeResult:
    """Spot markets of this book: price tick and lot step, smallest quantity (base) and value (quote), fees (fractions).

    A new version is added only where the venue states something new. Source: the venue's exchange information.
    """
    with desk.open(context) as at:
        answer = at.market_data().instruments(at.symbols)
        if isinstance(answer, Unreachable):
            raise Unavailable(f"{at.venue} did not state its instruments: {answer.why}")
        rows = [{**vars(found), "venue": at.venue, "knowledge_ts": at.clock.now()} for found in answer.value]
        written = at.store.write("market.instruments", pl.DataFrame(rows))
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
