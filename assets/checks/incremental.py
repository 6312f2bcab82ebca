"""The stored technical features against the same bar by bar, every row: one that differs closes its symbol's gate."""

from typing import TYPE_CHECKING

import dagster as dg
import polars as pl

from assets.partitions import window
from assets.resources import DeskResource
from trading.candle import PANEL
from trading.market.finding import Finding, found

if TYPE_CHECKING:
    from trading.indicators.state.agreement import Agreement

_TABLE = "features.technical_features"
#: So many of the values that differ are shown.
_SHOWN = 20


@dg.asset_check(asset=dg.AssetKey(["features", "technical_features"]), name="incremental")
def features_are_those_of_the_states(context: dg.AssetCheckExecutionContext, desk: DeskResource) -> dg.AssetCheckResult:
    """Every stored row up to the end of the day against the one that a state carried from bar to bar tells.

    Whole numbers to the last digit, others up to rounding, null where null, and a row for each bar. The bars are those
    that are known now, from the start of the history.
    """
    from trading.indicators.state.agreement import agreement
    from trading.indicators.technical import STORED

    with desk.open(context) as at:
        now = at.clock.now()
        _, end = window(context, now)
        panel = at.store.read("market.candles", at.candles, at.history_start, end, as_of=now, columns=list(PANEL))
        columns = ["symbol", "ts", *STORED]
        stored = at.store.read(_TABLE, at.series, end=end, as_of=now, columns=columns)
        agreed = agreement(panel, stored, at.timeframe)
        last_open = at.timeframe.open_of(end) - at.timeframe.delta
        # Signals are made of these rows: as with the candles that they rest on, a newest one that is wrong stops new
        # risk of its symbol until a later look finds it right; an older one has been traded on, and is only recorded.
        with at.database.transaction() as connection:
            for symbol in at.symbols:
                at.judge(connection, symbol, _findings(agreed, symbol), now, last_open, domain="incremental")
    return dg.AssetCheckResult(
        passed=agreed.differences.is_empty(),
        severity=dg.AssetCheckSeverity.ERROR,
        metadata={
            "rows compared": agreed.rows,
            "values compared": agreed.rows * len(STORED),
            "largest difference": agreed.largest,
            "differences": agreed.differences.height,
            **_first(agreed.differences),
        },
    )


def _findings(agreed: "Agreement", symbol: str) -> list[Finding]:
    rows = agreed.differences.filter(pl.col("symbol") == symbol)
    detail = f"{rows.height} differences: {', '.join(rows['feature'].fill_null('row').unique().sort())}"
    return found("incremental", rows, detail, blocking=True)


def _first(differences: pl.DataFrame) -> dict[str, dg.TableMetadataValue]:
    """Return the first differences as a table; a row that is on one side alone has no feature."""
    rows = differences.sort("ts", "symbol", "feature").head(_SHOWN).drop("off")
    records = [dg.TableRecord({**row, "ts": row["ts"].isoformat()}) for row in rows.iter_rows(named=True)]
    return {"first differences": dg.MetadataValue.table(records)} if records else {}
