"""Great Expectations on the candles of a day: a symbol that fails has its gate closed and its reason written."""

from datetime import datetime

import dagster as dg

from adapters import quality
from adapters.store import stored_candles
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
    **{f"{name} known": ("ExpectColumnValuesToNotBeNull", {"column": name}) for name in BARS},
    **{f"{name} positive": (_AT_LEAST, {"column": name, "min_value": 0, "strict_min": True}) for name in _NUMBERS},
    "volume not negative": (_AT_LEAST, {"column": "volume", "min_value": 0}),
    "high at least open": (_PAIR, {"column_A": "high", "column_B": "open", "or_equal": True}),
    "high at least close": (_PAIR, {"column_A": "high", "column_B": "close", "or_equal": True}),
    "open at least low": (_PAIR, {"column_A": "open", "column_B": "low", "or_equal": True}),
    "close at least low": (_PAIR, {"column_A": "close", "column_B": "low", "or_equal": True}),
}


@dg.asset_check(asset=dg.AssetKey(["market", "candles"]), name="expectations")
def candles_meet_expectations(context: dg.AssetCheckExecutionContext, desk: DeskResource) -> dg.AssetCheckResult:
    """The stored candles of the day, symbol by symbol, against every expectation; a symbol without any fails."""
    with desk.open(context) as at:
        now = at.clock.now()
        start, end = window(context, now)
        series = {symbol: (at.venue, symbol, str(at.timeframe)) for symbol in at.symbols}
        queries = {symbol: stored_candles.query(*which, start, end, now) for symbol, which in series.items()}
        docs = at.settings.data_dir / "data_docs" / at.book
        docs.parent.mkdir(parents=True, exist_ok=True)
        url = at.settings.required("database_url")
        verdicts = quality.examine(url, "candles", queries, EXPECTATIONS, docs)
        last_open = at.timeframe.open_of(end) - at.timeframe.delta
        failed = {symbol: _findings(found, start or at.history_start, last_open) for symbol, found in verdicts.items()}
        with at.database.transaction() as connection:
            for symbol, findings in failed.items():
                at.judge(connection, symbol, findings, now, last_open, domain="expectations")
    reasons = {symbol: ", ".join(f.check for f in findings) for symbol, findings in failed.items() if findings}
    return dg.AssetCheckResult(
        passed=not reasons,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={
            "expectations": len(EXPECTATIONS),
            "data docs": dg.MetadataValue.path(str(docs / "index.html")),
            **reasons,
        },
    )


def _findings(verdicts: dict[str, quality.Verdict], first: datetime, last: datetime) -> list[Finding]:
    """Return what the bars of a symbol that open in [first, last] fail, as findings that close its gate."""
    return [
        Finding(name, True, verdict.unexpected, first, last, f"{verdict.unexpected} rows")
        for name, verdict in verdicts.items()
        if not verdict.holds
    ]
