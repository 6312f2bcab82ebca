"""Great Expectations on the candles of a day: a symbol that fails has its gate closed and its reason written."""

import dagster as dg
import polars as pl

from adapters import quality
from adapters.store import gates
from assets.partitions import window
from assets.resources import DeskResource
from trading.candle import BARS
from trading.market.clean import Finding

_NUMBERS = ("open", "high", "low", "close")
_AT_LEAST = "ExpectColumnValuesToBeBetween"
_PAIR = "ExpectColumnPairValuesAToBeGreaterThanB"

EXPECTATIONS: quality.Expectations = {
    "bars at all": ("ExpectTableRowCountToBeBetween", {"min_value": 1}),
    "columns as declared": ("ExpectTableColumnsToMatchSet", {"column_set": list(BARS)}),
    "one row per bar": ("ExpectColumnValuesToBeUnique", {"column": "ts"}),
    "bars in order": ("ExpectColumnValuesToBeIncreasing", {"column": "ts", "strictly": True}),
    **{f"{name} known": ("ExpectColumnValuesToNotBeNull", {"column": name}) for name in BARS},
    **{f"{name} positive": (_AT_LEAST, {"column": name, "min_value": 0, "strict_min": True}) for name in _NUMBERS},
    "volume not negative": (_AT_LEAST, {"column": "volume", "min_value": 0}),
    "high at least low": (_PAIR, {"column_A": "high", "column_B": "low", "or_equal": True}),
    "high at least close": (_PAIR, {"column_A": "high", "column_B": "close", "or_equal": True}),
    "close at least low": (_PAIR, {"column_A": "close", "column_B": "low", "or_equal": True}),
}


@dg.asset_check(asset=dg.AssetKey(["market", "candles"]), name="expectations")
def candles_meet_expectations(context: dg.AssetCheckExecutionContext, desk: DeskResource) -> dg.AssetCheckResult:
    """The stored candles of the day, symbol by symbol, against every expectation; a symbol without any fails."""
    with desk.open(context) as at:
        now = at.clock.now()
        start, end = window(context, now)
        frame = at.store.read("market.candles", at.candles, start, end, as_of=now, columns=["symbol", *BARS])
        failed = {symbol: _findings(frame, symbol) for symbol in at.symbols}
        last_open = at.timeframe.open_of(end) - at.timeframe.delta
        with at.database.transaction() as connection:
            for symbol, findings in failed.items():
                gates.write(connection, at.keys, symbol, findings, now, at.run_id, last_open, domain="expectations")
    reasons = {symbol: ", ".join(f.check for f in findings) for symbol, findings in failed.items() if findings}
    return dg.AssetCheckResult(
        passed=not reasons,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"expectations": len(EXPECTATIONS), "rows": frame.height, **reasons},
    )


def _findings(frame: pl.DataFrame, symbol: str) -> list[Finding]:
    """Return what the bars of `symbol` fail, as findings that close its gate."""
    bars = frame.filter(pl.col("symbol") == symbol).drop("symbol").sort("ts")
    first, last = (bars.item(0, "ts"), bars.item(-1, "ts")) if bars.height else (None, None)
    return [
        Finding(name, True, verdict.unexpected, first, last, f"{verdict.unexpected} of {bars.height} rows")
        for name, verdict in quality.validate(bars, EXPECTATIONS).items()
        if not verdict.holds
    ]
