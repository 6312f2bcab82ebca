"""Asset market/candles: closed bars of the book's symbols, vetted, versioned, gated."""

from datetime import datetime

import dagster as dg
import polars as pl

from adapters.store import gates
from assets.partitions import DAILY, window
from assets.resources import Desk, DeskResource
from trading.candle import BARS
from trading.market.clean import Finding, vet
from trading.market.gaps import gaps

#: How many stored bars are read once more, so that a bar that the venue has revised is seen.
_OVERLAP = 3


@dg.asset(
    key_prefix="market",
    group_name="market",
    kinds={"polars", "postgres"},
    deps=[dg.AssetKey(["market", "instruments"])],
    partitions_def=DAILY,
    pool="venue_rest",
    check_specs=[dg.AssetCheckSpec(name, asset=["market", "candles"]) for name in ("fresh", "sound", "complete")],
)
def candles(context: dg.AssetExecutionContext, desk: DeskResource) -> dg.MaterializeResult:
    """Closed bars per venue, symbol and timeframe: ts = open time UTC, prices in quote, volume in base currency.

    Reads on from the last stored bar. A bar that fails a check is quarantined with its reason and closes the gate of
    its symbol alone; a revised bar becomes a new version. Source: the venue's candles.
    """
    with desk.open(context) as at:
        now = at.clock.now()
        start, end = window(context, now)
        last_open = at.timeframe.open_of(end) - at.timeframe.delta
        read_on = start is not None
        outcome = {symbol: _update(at, symbol, last_open, now, read_on=read_on) for symbol in at.symbols}
        columns = ["symbol", "ts", "close"]
        panel = at.store.read("market.candles", at.candles, at.history_start, end, as_of=now, columns=columns)
    written = sum(rows for rows, _ in outcome.values())
    findings = {symbol: found for symbol, (_, found) in outcome.items()}
    missing = int(gaps(panel, at.timeframe)["bars"].sum())
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": panel.height,
            "rows written": written,
            "bars missing": missing,
            "last bar": str(panel["ts"].max()),
            **{
                f"last close {s}": float(c) for s, c in panel.group_by("symbol").agg(pl.col("close").last()).iter_rows()
            },
        },
        check_results=_check_results(findings, missing),
    )


def _update(
    at: Desk, symbol: str, last_open: datetime, now: datetime, *, read_on: bool
) -> tuple[int, tuple[Finding, ...]]:
    """Fetch, vet and store one symbol up to `last_open`, on from its newest bar or from the start of its history.

    Returns the rows written and the findings, which are also written to its gates.
    """
    timeframe, delta = str(at.timeframe), at.timeframe.delta
    newest = gates.newest_bar(at.database, at.venue, symbol, timeframe, until=last_open)
    start = newest - _OVERLAP * delta if read_on and newest is not None else at.history_start
    pages = list(at.market_data().bars(symbol, at.timeframe, start, last_open + delta))
    vetted = vet(pl.concat([pl.DataFrame(schema=BARS), *pages]), at.timeframe, now)
    rows = vetted.good.with_columns(
        venue=pl.lit(at.venue),
        symbol=pl.lit(symbol),
        timeframe=pl.lit(timeframe),
        # A bar was knowable at its close; that is when the venue published it.
        knowledge_ts=pl.col("ts") + delta,
    )
    written = at.store.write("market.candles", rows, now)
    known = [] if newest is None else [newest]
    last_good = max([*known, *vetted.good["ts"].tail(1).to_list()], default=None)
    findings = (*vetted.findings, *_staleness(last_good, last_open))
    with at.database.transaction() as connection:
        gates.write(connection, at.keys, symbol, findings, now, at.run_id, last_open)
        gates.quarantine(connection, at.keys, symbol, vetted.quarantined, source=at.venue)
    return written, findings


def _staleness(last_good: datetime | None, last_open: datetime) -> tuple[Finding, ...]:
    if last_good is not None and last_good >= last_open:
        return ()
    detail = f"newest bar is {last_good}, {last_open} was due"
    return (Finding("stale", True, 1, last_good, last_open, detail),)


def _check_results(findings: dict[str, tuple[Finding, ...]], missing: int) -> list[dg.AssetCheckResult]:
    stale = {s: f.detail for s, found in findings.items() for f in found if f.check == "stale"}
    unsound = {s: f"{f.check}: {f.detail}" for s, found in findings.items() for f in found if f.check != "stale"}
    warn = dg.AssetCheckSeverity.WARN
    return [
        dg.AssetCheckResult(check_name="fresh", passed=not stale, severity=warn, metadata=stale),
        dg.AssetCheckResult(check_name="sound", passed=not unsound, severity=warn, metadata=unsound),
        dg.AssetCheckResult(
            check_name="complete", passed=missing == 0, severity=warn, metadata={"bars missing": missing}
        ),
    ]
